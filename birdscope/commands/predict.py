"""`birdscope predict`: run an ensemble over a dataset; every checkpoint's raw scores are kept."""

from __future__ import annotations

import argparse
from pathlib import Path

from birdscope.commands._arguments import (
    add_choice_arguments,
    add_data_argument,
    add_ensemble_argument,
    add_machine_arguments,
    add_split_argument,
)
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import (
    choose,
    describe_run,
    keep_outside,
    predict_into,
    run_as_json,
)

_EPILOG = """\
A run that was stopped or killed goes on where it was: give the same command again. Recordings
that can't be read don't stop it; their outcome is printed and kept in DIR/recordings.jsonl.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add_data_argument(parser)
    add_split_argument(parser, "test_soundscapes")
    add_ensemble_argument(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the scores are kept"
    )
    add_choice_arguments(parser)
    parser.add_argument(
        "--list", type=Path, metavar="FILE", help="only those that a text file lists, a key a line"
    )
    add_machine_arguments(parser)
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Predict, and say what became of every recording; 0 also when some are unreadable."""
    from birdscope.core.events import Event
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.listed import read_listed

    with reporter(args) as emit, stopping() as stop:
        keep_outside(args.data, args.out, args.speed)
        catalog = Catalog.open(args.data)
        recordings = catalog.recordings(args.split)
        if args.list is not None:
            recordings = read_listed(args.list, recordings)
        chosen = choose(recordings, args.recordings, args.limit)
        report = predict_into(args.out, catalog, chosen, args, emit, stop)
        emit(Event("artifact", "scores", data={"path": str(args.out)}))
    if args.json:
        print_json({"scores": args.out, "split": args.split, **run_as_json(report)})
    else:
        print("\n".join([*describe_run(report), f"scores: {args.out}"]))
    return 0
