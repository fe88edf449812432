"""`birdscope submit`: predict, post-process, write submission.csv, check it, say what it holds."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import (
    add_data_argument,
    add_ensemble_argument,
    add_machine_arguments,
    add_split_argument,
    positive,
)
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import (
    choose,
    describe_run,
    keep_outside,
    predict_into,
    run_as_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from birdscope.core.events import Emit
    from birdscope.core.settings import Settings
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.time_guard import TimeGuard
    from birdscope.submission.build import Submission
    from birdscope.submission.check import CheckReport

_EPILOG = """\
Where test_soundscapes is empty (as in the public download) train_soundscapes are predicted
instead, for debugging. A run that was stopped goes on where it was: give the same command again.
What was checked is also kept beside the file, as FILE.report.json.
With --time-limit every row is written before the limit: checkpoints are left out when the end is
projected too late, first those with the least weight per second or as --drop-order says, never
the last one; rows that no checkpoint reached get each class's mean.
Exit codes: 0 the file is written and would be accepted, 8 it would not.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add_data_argument(parser)
    add_ensemble_argument(parser)
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="post-processing (default: the ensemble's)"
    )
    parser.add_argument("--out", type=Path, default=Path("submission.csv"), metavar="FILE")
    parser.add_argument(
        "--scores", type=Path, metavar="DIR", help="keep the scores here (default: not kept)"
    )
    add_split_argument(
        parser,
        "test_soundscapes",
        ("test_soundscapes", "train_soundscapes"),
        "train_soundscapes is for debugging",
    )
    parser.add_argument(
        "--debug-limit", type=positive, metavar="N", help="of train_soundscapes only the first N"
    )
    group = parser.add_argument_group("time")
    group.add_argument("--time-limit", type=_minutes, metavar="MIN", help="minutes in all")
    group.add_argument(
        "--drop-order", nargs="+", default=(), metavar="NAME", help="members or checkpoints"
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
    from birdscope.submission.report import SubmissionReport, findings_of, write_report

    started_s = time.monotonic()
    given = load(Settings, args.settings) if args.settings else None
    folder = args.scores or scratch_folder(args.out)
    with reporter(args) as emit, stopping() as stop:
        keep_outside(args.data, args.out, args.scores, args.speed)
        catalog = Catalog.open(args.data)
        recordings = to_submit(catalog, emit, args.debug_limit, args.split)
        guard = guard_maker(args, given, started_s, emit)
        run_report = predict_into(folder, catalog, recordings, args, emit, stop, guard)
        store = ScoresStore.open(folder)
        settings = given or store.settings
        columns = catalog.sample_columns or catalog.taxonomy.labels
        submission = build_submission(
            store.scores(),
            settings,
            columns,
            catalog.sample_row_ids(),
            out_of_time=run_report.out_of_time,
        )
        write_submission(submission, args.out)
        report = check_submission(args.out, columns, submission.row_ids)
        emit(Event("artifact", "submission", data={"path": str(args.out.resolve())}))
        kept = write_report(
            SubmissionReport(
                path=args.out.resolve(),
                ok=report.ok,
                rows=report.rows,
                columns=report.columns,
                findings=findings_of(report.problems),
                remarks=tuple(describe(submission)),
                dataset=catalog.name,
                split=recordings[0].split,
                ensemble=store.meta.ensemble,
                settings=settings.name,
                recordings=run_report.total,
                outcomes=run_report.counts,
                predicted=run_report.predicted,
                seconds=time.monotonic() - started_s,
            )
        )
        emit(Event("artifact", "report", data={"path": str(kept)}))
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


def guard_maker(
    args: argparse.Namespace, settings: Settings | None, started_s: float, emit: Emit
) -> Callable[[Predictor, int], TimeGuard] | None:
    """What makes the guard of --time-limit; None without one.

    Raises:
        UsageError: if --drop-order is given alone.
    """
    from birdscope.core.errors import UsageError

    if args.time_limit is None:
        if args.drop_order:
            raise UsageError("--drop-order has no meaning without --time-limit")
        return None

    def make(predictor: Predictor, rows: int) -> TimeGuard:
        from birdscope.inference.time_guard import TimeGuard, reserve_s

        weights = (settings or predictor.settings).weights or predictor.weights
        return TimeGuard(
            predictor.checkpoints,
            weights,
            args.time_limit * 60,
            reserve_s=reserve_s(rows),
            order=args.drop_order,
            started_s=started_s,
            emit=emit,
        )

    return make


def to_submit(
    catalog: Catalog,
    emit: Emit,
    debug_limit: int | None = None,
    split: str = "test_soundscapes",
) -> Sequence[Recording]:
    """The hidden test soundscapes; where there are none, the train soundscapes, said loudly.

    Raises:
        DatasetError: if there are neither.
    """
    from birdscope.core.events import Event

    recordings = catalog.recordings("test_soundscapes")
    if split == "train_soundscapes":
        emit(Event("warning", "predicting train_soundscapes, for debugging", data={"debug": split}))
        return choose(catalog.recordings("train_soundscapes"), limit=debug_limit)
    if not recordings:
        text = "test_soundscapes is empty: predicting train_soundscapes instead, for debugging"
        emit(Event("warning", text, data={"fallback": "train_soundscapes"}))
        return choose(catalog.recordings("train_soundscapes"), limit=debug_limit)
    return choose(recordings)


def _minutes(text: str) -> float:
    """Minutes of 0 or more, for argparse; 0 only writes what is there."""
    minutes = float(text)
    if not 0 <= minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes")
    return minutes


def scratch_folder(out: Path) -> Path:
    """Where scores wait beside the file until it is written; kept when a run breaks off."""
    return out.parent / f".{out.name}.scores"


def describe(submission: Submission) -> list[str]:
    """What was filled in or left out, in plain words."""
    found = (
        (submission.filled_rows, "rows could not be predicted and are 0.0"),
        (submission.averaged_rows, "rows were not reached in time and are each class's mean"),
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
        "averaged_rows": submission.averaged_rows,
        "added_rows": submission.added_rows,
        "missing_classes": submission.missing_classes,
        "dropped_classes": submission.dropped_classes,
    }
