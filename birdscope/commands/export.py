"""`birdscope export`: scores above a threshold as Raven, Audacity, CSV or Parquet files."""

from __future__ import annotations

import argparse
from pathlib import Path

FORMATS = ("raven", "audacity", "csv", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `birdscope export`."""
    parser.add_argument("--scores", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, metavar="DIR", help="for species names")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="post-processing (TOML)")
    parser.add_argument("--threshold", type=float, default=0.5, help="0–1, default 0.5")
    parser.add_argument("--species", nargs="+", metavar="LABEL", help="only these")
    parser.add_argument("--format", choices=FORMATS, default="csv")
    parser.add_argument("--join", action="store_true", help="join neighbouring windows")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Write the files and say how many detections they hold."""
    from birdscope.commands._output import print_json
    from birdscope.core.config import load
    from birdscope.core.settings import Settings
    from birdscope.core.types import Species, Taxonomy
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.store import ScoresStore
    from birdscope.postprocess.stack import apply_settings
    from birdscope.submission.detections import find_detections
    from birdscope.submission.exports import WRITERS

    store = ScoresStore.open(args.scores)
    settings = load(Settings, args.settings) if args.settings else store.settings
    scores = store.scores()
    threshold = _thresholds(args, scores.classes)
    found = find_detections(
        apply_settings(scores, settings), scores.rows, scores.classes, threshold, join=args.join
    )
    taxonomy = (
        Catalog.open(args.data).taxonomy
        if args.data
        else Taxonomy(tuple(Species(label) for label in scores.classes))
    )
    files = WRITERS[args.format](args.out, found, taxonomy)
    if args.json:
        print_json({"detections": len(found), "files": files, "settings": settings.name})
    else:
        print(f"{len(found)} detections in {len(files)} files under {args.out}")
    return 0


def _thresholds(args: argparse.Namespace, classes: tuple[str, ...]) -> float | dict[str, float]:
    from birdscope.core.errors import UsageError, nearest

    if not args.species:
        return float(args.threshold)
    for label in args.species:
        if label not in classes:
            raise UsageError(f"no class {label!r} in the scores{nearest(label, classes)}")
    return dict.fromkeys(args.species, args.threshold)
