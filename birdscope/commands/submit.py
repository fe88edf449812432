"""`birdscope submit`: predict, post-process, write submission.csv, check it, say what it holds."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import (
    add_machine_arguments,
    choose,
    describe_run,
    predict_into,
    run_as_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from birdscope.core.events import Emit
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.build import Submission
    from birdscope.submission.check import CheckReport

_EPILOG = """\
Where test_soundscapes is empty (as in the public download) train_soundscapes are predicted
instead, for debugging. A run that was stopped goes on where it was: give the same command again.
Exit codes: 0 the file is written and would be accepted, 8 it would not.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="a dataset in BirdCLEF layout"
    )
    parser.add_argument(
        "--ensemble", type=Path, required=True, metavar="FILE", help="an ensemble file (TOML)"
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="post-processing (default: the ensemble's)"
    )
    parser.add_argument("--out", type=Path, default=Path("submission.csv"), metavar="FILE")
    parser.add_argument(
        "--scores", type=Path, metavar="DIR", help="keep the scores here (default: not kept)"
    )
    add_machine_arguments(parser)
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write and check the submission.

    Raises:
        SubmissionError: if the written file would not be accepted (after the report).
    """
    from birdscope.core.config import load
    from birdscope.core.errors import SubmissionError
    from birdscope.core.events import Event
    from birdscope.core.settings import Settings
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.store import ScoresStore
    from birdscope.submission.build import build_submission, write_submission
    from birdscope.submission.check import check_submission

    given = load(Settings, args.settings) if args.settings else None
    folder = args.scores or scratch_folder(args.out)
    with reporter(args) as emit, stopping() as stop:
        catalog = Catalog.open(args.data)
        recordings = to_submit(catalog, emit)
        run_report = predict_into(folder, catalog, recordings, args, emit, stop)
        store = ScoresStore.open(folder)
        settings = given or store.settings
        columns = catalog.sample_columns or catalog.taxonomy.labels
        submission = build_submission(store.scores(), settings, columns, catalog.sample_row_ids())
        write_submission(submission, args.out)
        report = check_submission(args.out, columns, submission.row_ids)
        emit(Event("artifact", "submission", data={"path": str(args.out)}))
        for remark in describe(submission):
            emit(Event("warning", remark))
        if not args.scores:
            shutil.rmtree(folder, ignore_errors=True)
        refused = SubmissionError("this file would not be accepted", path=args.out)
        if not report.ok:
            emit(Event("failed", str(refused)))
    if args.json:
        split = recordings[0].split
        print_json(
            {
                **as_json(args.out, submission, report, split),
                "settings": settings.name,
                "run": run_as_json(run_report),
            }
        )
    else:
        print("\n".join([*describe_run(run_report), *report.lines(), f"written: {args.out}"]))
    if not report.ok:
        raise refused
    return 0


def to_submit(catalog: Catalog, emit: Emit) -> Sequence[Recording]:
    """The hidden test soundscapes; where there are none, the train soundscapes, said loudly.

    Raises:
        DatasetError: if there are neither.
    """
    from birdscope.core.events import Event

    recordings = catalog.recordings("test_soundscapes")
    if not recordings:
        text = "test_soundscapes is empty: predicting train_soundscapes instead, for debugging"
        emit(Event("warning", text, data={"fallback": "train_soundscapes"}))
        recordings = catalog.recordings("train_soundscapes")
    return choose(recordings)


def scratch_folder(out: Path) -> Path:
    """Where scores wait beside the file until it is written; kept when a run breaks off."""
    return out.parent / f".{out.name}.scores"


def describe(submission: Submission) -> list[str]:
    """What was filled in or left out, in plain words."""
    found = (
        (submission.filled_rows, "rows could not be predicted and are 0.0"),
        (submission.added_rows, "rows are in the sample but in no recording and are 0.0"),
        (submission.missing_classes, "classes are unknown to the ensemble and are 0.0"),
        (submission.dropped_classes, "classes of the ensemble are not in the sample"),
    )
    return [
        f"{len(names)} {text}: {', '.join(names[:3])}{', …' if len(names) > 3 else ''}"
        for names, text in found
        if names
    ]


def as_json(
    out: Path, submission: Submission, report: CheckReport, split: str
) -> dict[str, object]:
    """The outcome for a program."""
    from dataclasses import asdict

    return {
        "path": out,
        "ok": report.ok,
        "split": split,
        "rows": report.rows,
        "columns": report.columns,
        "problems": [asdict(problem) for problem in report.problems],
        "filled_rows": submission.filled_rows,
        "added_rows": submission.added_rows,
        "missing_classes": submission.missing_classes,
        "dropped_classes": submission.dropped_classes,
    }
