"""What `predict` and `submit` share: choose recordings, load the ensemble, run into a store."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._speed import keep_measured, stopwatch
from birdscope.core.errors import DatasetError, UsageError

if TYPE_CHECKING:
    from birdscope.core.events import Emit, Event, Stop
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.runner import RunReport
    from birdscope.inference.store import ScoresMeta
    from birdscope.inference.time_guard import TimeGuard

_SHOWN = 20


def keep_outside(data: Path, *written: Path | None) -> None:
    """Nothing is ever written into a dataset folder.

    Raises:
        UsageError: if one of the paths to write lies in it.
    """
    inside = data.expanduser().resolve()
    for path in written:
        if path is not None and path.expanduser().resolve().is_relative_to(inside):
            raise UsageError(
                "lies in the dataset folder, where nothing is written",
                path=path,
                remedy="choose a path outside it",
            )


def choose(
    recordings: Sequence[Recording], pattern: str | None = None, limit: int | None = None
) -> list[Recording]:
    """Recordings whose key or name matches a glob, each once, the first `limit` of them.

    Raises:
        DatasetError: if there are none to choose from.
        UsageError: if none matches.
    """
    from fnmatch import fnmatch

    if not recordings:
        raise DatasetError(
            "this part of the dataset has no recordings", remedy="choose another --split"
        )
    if pattern is not None:
        recordings = [
            one for one in recordings if fnmatch(one.key, pattern) or fnmatch(one.name, pattern)
        ]
        if not recordings:
            raise UsageError(f"no recording matches {pattern!r}", remedy="try '*.ogg'")
    return list({one.key: one for one in recordings}.values())[:limit]


def predict_into(
    folder: Path,
    catalog: Catalog,
    recordings: Sequence[Recording],
    args: argparse.Namespace,
    emit: Emit,
    stop: Stop,
    make_guard: Callable[[Predictor, int], TimeGuard] | None = None,
) -> RunReport:
    """Predict recordings with `args.ensemble` into a scores folder; goes on with what is there.

    `make_guard` is given the predictor and the number of rows.

    Raises:
        BirdscopeError: of the ensemble, its checkpoints or the folder; see their packages.
        Cancelled: if stopped; what was finished is kept.
    """
    started_s = time.monotonic()
    from birdscope.inference.decoding import plan_rows
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.runner import predict_recordings
    from birdscope.inference.store import ScoresStore

    stop.check()
    predictor = Predictor.load(
        args.ensemble,
        catalog.taxonomy.labels,
        device=args.device,
        threads=args.threads or usable_threads(),
        backend=args.backend,
        precision=args.precision,
        calibration=args.calibration,
        dataset=catalog.fingerprint() if args.precision == "int8" else "",
        emit=heeding(emit, stop),
    )
    store = ScoresStore.open_or_resume(
        folder,
        _meta(predictor, catalog, recordings[0].split, args.ensemble),
        [one.key for one in recordings],
        lambda: plan_rows(recordings, emit=emit, stop=stop),
        restart=args.restart,
    )
    if make_guard is None and args.speed is not None:
        make_guard = stopwatch
    with store:
        guard = make_guard(predictor, len(store.rows)) if make_guard is not None else None
        start_s = time.monotonic() - started_s
        report = predict_recordings(predictor, recordings, store, emit=emit, stop=stop, guard=guard)
    if args.speed is not None:
        fingerprint = store.meta.fingerprints["ensemble"]
        keep_measured(args.speed, predictor, fingerprint, report, start_s, emit)
    return report


def heeding(emit: Emit, stop: Stop) -> Emit:
    """An Emit that ends the work, with Cancelled, at the first event after a stop."""

    def both(event: Event) -> None:
        stop.check()
        emit(event)

    return both


def usable_threads() -> int:
    """The cores this process may use: torch by itself takes those of the whole machine."""
    import os

    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe_run(report: RunReport) -> list[str]:
    """The outcome of a run in plain words, one finding a line."""
    from birdscope.core.units import duration

    found = [f"{count} {status}" for status, count in report.counts.items()]
    late = [f"{len(report.skipped)} not reached in time"] if report.skipped else []
    counts = ", ".join([*found, *late])
    lines = [
        f"{report.total} recordings: {counts} "
        f"({report.predicted} predicted in {duration(report.seconds)})"
    ]
    lines += [f"  {mark.status}: {mark.recording}: {mark.message}" for mark in report.odd[:_SHOWN]]
    if len(report.odd) > _SHOWN:
        lines.append(f"  … and {len(report.odd) - _SHOWN} more, all in recordings.jsonl")
    if report.guard is not None and math.isfinite(report.guard.limit_s):
        lines += report.guard.lines(report.total)
    return lines


def run_as_json(report: RunReport) -> dict[str, object]:
    """The outcome of a run for a program."""
    from dataclasses import asdict

    limited = report.guard is not None and math.isfinite(report.guard.limit_s)
    return {
        "recordings": report.total,
        "predicted": report.predicted,
        "seconds": round(report.seconds, 3),
        "outcomes": report.counts,
        "odd": [asdict(mark) for mark in report.odd],
        "skipped": report.skipped,
        "out_of_time": report.out_of_time,
        "time_limit": asdict(report.guard) if limited and report.guard else None,
    }


def _meta(predictor: Predictor, catalog: Catalog, split: str, ensemble: Path) -> ScoresMeta:
    from birdscope import __version__
    from birdscope.engine.fingerprint import ensemble_fingerprint
    from birdscope.inference.store import ScoresMeta

    settings = predictor.settings
    if "name" not in settings.model_fields_set:
        settings = settings.model_copy(update={"name": predictor.ensemble.name})
    return ScoresMeta(
        classes=predictor.classes,
        checkpoints=predictor.checkpoints,
        weights=dict(predictor.weights),
        settings=settings.model_dump(mode="json"),
        split=split,
        dataset=catalog.name,
        ensemble=predictor.ensemble.name,
        fingerprints={
            "dataset": catalog.fingerprint(),
            "ensemble": ensemble_fingerprint(Path(ensemble)),
            "code": __version__,
            # Absent where exact: scores made before there was a choice go on.
            **predictor.numerics,
        },
    )
