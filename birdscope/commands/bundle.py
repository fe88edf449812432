"""`birdscope bundle`: an ensemble as a Kaggle dataset and the notebook that predicts with it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import add_ensemble_argument

if TYPE_CHECKING:
    from birdscope.submission.bundle import BundleOptions

_EPILOG = """\
DIR/dataset is uploaded as a Kaggle dataset, DIR/notebook as a notebook (internet off, CPU). Only
packages that the image lacks are brought along as wheels; see docs/kaggle.md for the list.
Exit codes: 0 built, 5 the ensemble or settings are wrong, 6 a checkpoint is, 8 a wheel is missing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from birdscope.commands._output import add_output_arguments

    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_ensemble_argument(parser)
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="post-processing (default: the ensemble's)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="check the ensemble against its classes"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to build it")
    _add_kaggle_arguments(parser)
    add_output_arguments(parser)


def _add_kaggle_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("Kaggle")
    group.add_argument("--username", default="", metavar="NAME", help="yours on Kaggle")
    group.add_argument("--title", default="", metavar="TEXT", help="of dataset and notebook")
    group.add_argument(
        "--competition", default="birdclef-2025", metavar="NAME", help="default: birdclef-2025"
    )
    group.add_argument(
        "--minutes", type=float, metavar="MIN", help="time limit of the prediction (default: 84)"
    )
    group.add_argument(
        "--drop-order", nargs="+", default=(), metavar="NAME", help="leave these out first"
    )
    group.add_argument(
        "--image-has", nargs="+", default=(), metavar="NAME", help="packages to leave out"
    )
    group.add_argument(
        "--image-lacks", nargs="+", default=(), metavar="NAME", help="packages to bring along"
    )
    group.add_argument(
        "--image-python", nargs="+", metavar="X.Y", help="its Python (default: 3.11 3.12)"
    )


def run(args: argparse.Namespace) -> int:
    """Build the bundle and say how to upload it."""
    from dataclasses import asdict

    from birdscope.commands._output import print_json, reporter, stopping
    from birdscope.core.units import size
    from birdscope.submission.bundle import NO_USERNAME, make_bundle, upload_commands

    with reporter(args) as emit, stopping() as stop:
        bundle = make_bundle(args.ensemble, args.out, _options(args), emit=emit, stop=stop)
    commands = upload_commands(bundle)
    if args.json:
        print_json({**asdict(bundle), "upload": commands})
        return 0
    brought = ", ".join(f"{name} {version}" for name, version in bundle.wheels.items())
    print(f"{args.out}: {bundle.title} ({bundle.files} files, {size(bundle.size_bytes)})")
    print(f"checkpoints: {', '.join(bundle.checkpoints)}\nwheels: {brought}")
    if not args.username:
        print(f"put your Kaggle name for {NO_USERNAME} in dataset/dataset-metadata.json and")
        print("notebook/kernel-metadata.json, or build it with --username")
    print("\n".join(["upload it with:", *(f"  {command}" for command in commands)]))
    return 0


def _options(args: argparse.Namespace) -> BundleOptions:
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.bundle import MINUTES, BundleOptions
    from birdscope.submission.wheels import KAGGLE_IMAGE, KAGGLE_PYTHONS

    lacks = {name.lower() for name in args.image_lacks}
    image = (*KAGGLE_IMAGE, *(name.lower() for name in args.image_has))
    return BundleOptions(
        settings=args.settings,
        username=args.username,
        title=args.title,
        competition=args.competition,
        minutes=args.minutes or MINUTES,
        drop_order=tuple(args.drop_order),
        image=tuple(name for name in dict.fromkeys(image) if name not in lacks),
        pythons=tuple(args.image_python or KAGGLE_PYTHONS),
        classes=Catalog.open(args.data).taxonomy.labels if args.data else (),
    )
