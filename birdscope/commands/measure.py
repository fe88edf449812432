"""`birdscope measure`: seconds per soundscape of an ensemble, against Kaggle's 90 minutes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import (
    add_data_argument,
    add_ensemble_argument,
    add_machine_arguments,
    positive,
)
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import predict_into

if TYPE_CHECKING:
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.budget import Speed

_EPILOG = """\
A few soundscapes are predicted and thrown away; the first is only a warm-up. The time is that of
this machine: Kaggle's may be slower or faster. --speed keeps it where the explorer looks for it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add_data_argument(parser)
    add_ensemble_argument(parser)
    parser.add_argument(
        "--limit", type=positive, default=3, metavar="N", help="soundscapes (default: 3)"
    )
    add_machine_arguments(parser)
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Predict a few soundscapes, say what 700 would take.

    Raises:
        DatasetError: if there are no soundscapes.
        AudioError: if none of them can be read.
    """
    import tempfile

    from birdscope.core.errors import AudioError
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.budget import kept_speeds

    with (
        reporter(args) as emit,
        stopping() as stop,
        tempfile.TemporaryDirectory(prefix="birdscope-measure-") as scratch,
    ):
        catalog = Catalog.open(args.data)
        chosen = soundscapes(catalog)[: args.limit]
        args.speed = args.speed or Path(scratch) / "speed"
        report = predict_into(Path(scratch) / "scores", catalog, chosen, args, emit, stop)
        found = kept_speeds(args.speed, _fingerprint(args.ensemble))
        if report.guard is None or not report.guard.seconds or not found:
            raise AudioError(
                "none of the soundscapes could be read, so nothing was measured",
                path=catalog.root,
                remedy="birdscope scan --data DIR finds what is wrong",
            )
    if args.json:
        print_json(as_json(found[0]))
    else:
        print("\n".join(describe(found[0])))
    return 0


def soundscapes(catalog: Catalog) -> list[Recording]:
    """The hidden test soundscapes, or train soundscapes where there are none.

    Raises:
        DatasetError: if there are neither.
    """
    from birdscope.commands._predicting import choose

    test = catalog.recordings("test_soundscapes")
    return choose(test or catalog.recordings("train_soundscapes"))


def describe(speed: Speed) -> list[str]:
    """The projection in plain words."""
    from birdscope.core.units import duration
    from birdscope.submission.budget import HIDDEN_SOUNDSCAPES, project

    budget = project(speed)
    lines = [
        f"{speed.ensemble}: {speed.soundscape_s:.2f} s per soundscape of 60 s "
        f"({speed.backend}, {speed.device}, {speed.threads} threads)",
        f"{HIDDEN_SOUNDSCAPES} soundscapes: {duration(budget.total_s)} of "
        f"{duration(budget.limit_s)}",
    ]
    lines += [f"  {one.name}: {duration(one.seconds)}" for one in budget.members]
    lines.append(f"  all else: {duration(budget.other_s)}")
    if budget.drops:
        lines.append(f"to fit, leave out: {', '.join(budget.drops)}: {duration(budget.kept_s)}")
    if speed.busy:
        lines.append("the machine had other work meanwhile: measure again when it is idle")
    if budget.hopeless:
        lines.append("even that is too slow: take a smaller net or a faster backend")
    return lines


def as_json(speed: Speed) -> dict[str, object]:
    """Speed and projection for a program."""
    from dataclasses import asdict

    from birdscope.submission.budget import project

    budget = project(speed)
    return {
        **asdict(speed),
        "soundscape_s": speed.soundscape_s,
        "budget": {**asdict(budget), "fits": budget.fits, "hopeless": budget.hopeless},
    }


def _fingerprint(ensemble: Path) -> str:
    from birdscope.engine.fingerprint import ensemble_fingerprint

    return ensemble_fingerprint(ensemble)
