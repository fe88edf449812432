"""`birdscope clean`: find speech, silence, clipping, noise and repeats; propose cuts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.cleaning.run import Cleaned

_EPILOG = """\
Nothing is cut and no recording is changed: cuts.csv (proposals) and report.csv (levels of each
recording) are written beside the dataset, into DIR-cuts. Listen and decide in the explorer
(palette: Review cuts). Training leaves accepted cuts out. Running it again examines only what
is new or changed, and keeps every decision.
Exit codes: 0 done, 2 wrong usage, 3 no dataset or nowhere to write, 130 stopped (resumable).
"""
_PARTS = ("train_audio", "train_soundscapes", "test_soundscapes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from birdscope.commands._output import add_output_arguments

    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="dataset folder")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the cuts go (default: beside the dataset)"
    )
    parser.add_argument(
        "--split", choices=_PARTS, default=_PARTS[0], help="which part (default: train_audio)"
    )
    parser.add_argument("--label", action="append", metavar="LABEL", help="only these species")
    group = parser.add_argument_group("what to look for")
    group.add_argument(
        "--threshold", type=float, metavar="P", help="speech begins at this probability (0.5)"
    )
    group.add_argument("--no-speech", action="store_true", help="don't look for speech")
    group.add_argument("--no-duplicates", action="store_true", help="don't look for repeats")
    group.add_argument(
        "--min-snr", type=float, metavar="DB", help="propose recordings with less signal to noise"
    )
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Examine and print what was found."""
    from birdscope.commands._output import print_json, reporter, stopping
    from birdscope.core.config import parse
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.cleaning.run import clean
    from birdscope.dataset.cleaning.settings import CleanSettings
    from birdscope.dataset.cut_lists import cuts_folder

    wanted: dict[str, object] = {
        "speech": not args.no_speech,
        "duplicates": not args.no_duplicates,
        "min_snr_db": args.min_snr,
    }
    if args.threshold is not None:
        wanted["speech_threshold"] = args.threshold
    settings = parse(CleanSettings, wanted)
    with stopping() as stop, reporter(args) as emit:
        catalog = Catalog.open(args.data)
        chosen = choose(catalog, args)
        folder = args.out or cuts_folder(catalog.root)
        result = clean(chosen, folder, settings, emit=emit, stop=stop)
    if args.json:
        print_json(as_json(result))
    else:
        print("\n".join(describe(result)))
    return 0


def choose(catalog: Catalog, args: argparse.Namespace) -> list[Recording]:
    """The recordings of the split whose files are there, each once.

    Raises:
        DatasetError: there are none, or a label is unknown.
    """
    from birdscope.core.errors import DatasetError, nearest

    for label in args.label or ():
        if label not in catalog.species_counts:
            raise DatasetError(
                f"no species {label!r}{nearest(label, catalog.species_counts)}", path=catalog.root
            )
    found = [
        one
        for one in catalog.recordings(args.split)
        if not catalog.is_missing(one) and (not args.label or one.primary_label in args.label)
    ]
    if not found:
        raise DatasetError(
            f"has no recordings in {args.split}", path=catalog.root, remedy="try another --split"
        )
    return list({one.key: one for one in found}.values())


def as_json(result: Cleaned) -> dict[str, object]:
    """What was found, for a program."""
    from dataclasses import asdict

    return {
        "folder": result.folder,
        "recordings": result.recordings,
        "seconds": round(result.seconds, 3),
        "reused": result.reused,
        "by_reason": {
            reason: {"cuts": count, "seconds": round(seconds, 3)}
            for reason, (count, seconds) in result.by_reason().items()
        },
        "duplicates": [asdict(one) for one in result.matches],
        "problems": dict(result.problems),
        "cuts": [asdict(one) for one in result.cuts],
    }


def describe(result: Cleaned) -> Iterator[str]:
    """What was found, in plain words."""
    from birdscope.core.units import duration

    known = f" ({result.reused} known from before)" if result.reused else ""
    yield f"{result.recordings} recordings, {duration(result.seconds)}{known}"
    for reason, (count, seconds) in result.by_reason().items():
        if count:
            yield f"  {reason}\t{count} cuts\t{duration(seconds)}"
    waiting = sum(one.decision == "proposed" for one in result.cuts)
    if result.problems:
        yield f"  {len(result.problems)} recordings can't be decoded in full"
    yield f"{waiting} cuts wait for a decision: {result.folder}"
