"""`birdscope demo`: make the synthetic demo dataset."""

from __future__ import annotations

import argparse
from pathlib import Path

_EPILOG = """\
Every sound is computed and every species made up. Nothing happens if the dataset is there
and complete. Exit codes: 0 it is there, 3 the folder holds something else, 130 stopped.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from birdscope.commands._output import add_output_arguments

    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="where to make it (default: sessions/demo-data)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="another seed, other recordings (default: 0)"
    )
    parser.add_argument("--force", action="store_true", help="make it anew even if it is complete")
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Make the dataset and say where it is."""
    from birdscope.commands._output import print_json, reporter, stopping
    from birdscope.core.paths import demo_dataset
    from birdscope.dataset.demo import make_demo_dataset

    root = (args.data or demo_dataset()).expanduser()
    with stopping() as stop, reporter(args) as emit:
        made = make_demo_dataset(root, seed=args.seed, force=args.force, emit=emit, stop=stop)
    if args.json:
        print_json({"path": root, "made": made})
    else:
        print(f"{'made' if made else 'already complete:'} {root}")
        print(f"open it with: birdscope --data {root}")
    return 0
