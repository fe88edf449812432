"""`birdscope parity`: what OpenVINO's precisions change on your own recordings, against torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import (
    add_choice_arguments,
    add_data_argument,
    add_ensemble_argument,
    add_split_argument,
    positive,
)
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import choose, heeding, keep_outside, usable_threads

if TYPE_CHECKING:
    from birdscope.core.events import Emit, Stop
    from birdscope.core.scores import Scores
    from birdscope.core.settings import Settings
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.metrics.truth import Truth
    from birdscope.submission.parity import Parity

_EPILOG = """\
Each recording is predicted by torch in float32 and by OpenVINO in every precision this CPU has;
int8 only where birdscope quantize calibrated it.
Where the recordings have labels, the macro ROC-AUC of the post-processed scores is compared too,
with a 95 % interval paired over recordings; recordings with labels come first. --keep DIR lets
the tab Submit show the result (a session's folder budget).
"""


@dataclass(frozen=True)
class _Way:
    """Scores of one way of computing, what a recording took, and which 8-bit nets they are of."""

    scores: Scores
    seconds: float
    calibration: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add_data_argument(parser)
    add_ensemble_argument(parser)
    add_split_argument(parser, "train_soundscapes")
    add_choice_arguments(parser, 20)
    parser.add_argument(
        "--labels", type=Path, metavar="CSV", help="labels (default: the dataset's, if it has any)"
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="post-processing (default: the ensemble's)"
    )
    parser.add_argument(
        "--precision",
        choices=("exact", "fast", "int8"),
        nargs="+",
        metavar="P",
        help="which to compare: exact, fast, int8 (default: all there are here)",
    )
    parser.add_argument(
        "--calibration", default="", metavar="ID", help="of int8 (default: the dataset's own)"
    )
    parser.add_argument(
        "--bootstrap", type=positive, default=1000, metavar="N", help="resamples (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default: 0)")
    parser.add_argument("--threads", type=positive, metavar="N", help="CPU threads of the nets")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the result in this folder")
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and print.

    Raises:
        ConfigError: if OpenVINO is not installed: there is nothing to compare.
        ScoresError: if no recording could be predicted.
    """
    import tempfile

    from birdscope.core.config import load
    from birdscope.core.settings import Settings
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.openvino_backend import usable_precisions
    from birdscope.submission.parity import keep_parity

    found: list[Parity] = []
    with (
        reporter(args) as emit,
        stopping() as stop,
        tempfile.TemporaryDirectory(prefix="birdscope-parity-") as scratch,
    ):
        keep_outside(args.data, args.keep)
        there = usable_precisions()
        given = load(Settings, args.settings) if args.settings else None
        catalog = Catalog.open(args.data)
        asked = args.precision or _all_but_uncalibrated(there, catalog, args)
        wanted = [one for one in there if one in asked]
        truth = _truth(catalog, args)
        chosen = _chosen(catalog, args, truth)
        ways = [("torch", "exact"), *(("openvino", one) for one in wanted)]
        reference: _Way | None = None
        for number, (backend, precision) in enumerate(ways):
            folder = Path(scratch) / f"{backend}-{precision}"
            titled = _titled(emit, f"{backend} {precision} ({number + 1} of {len(ways)})")
            way, settings = _predict(
                folder, catalog, chosen, args, backend, precision, titled, stop
            )
            if reference is None:
                reference = way
                continue
            stop.check()
            found.append(
                _compare(way, reference, backend, precision, truth, given or settings, args)
            )
        if args.keep is not None:
            for one in found:
                keep_parity(args.keep, one)
    if args.json:
        print_json({"limits": _limits(), "ways": [as_json(one) for one in found]})
    else:
        print("\n".join(describe(found, chosen)))
    return 0


def _all_but_uncalibrated(
    there: Sequence[str], catalog: Catalog, args: argparse.Namespace
) -> list[str]:
    """Every precision that can be compared without more ado."""
    from birdscope.core.int8 import kept_calibrated
    from birdscope.engine.fingerprint import ensemble_fingerprint

    kept = kept_calibrated(ensemble_fingerprint(args.ensemble), catalog.fingerprint())
    return [one for one in there if one != "int8" or kept is not None]


def _truth(catalog: Catalog, args: argparse.Namespace) -> Truth | None:
    from birdscope.metrics.truth import read_truth

    path = args.labels
    if path is None:
        path = catalog.labels_path if args.split == "train_soundscapes" else None
    return read_truth(path, catalog.taxonomy.labels) if path is not None else None


def _chosen(catalog: Catalog, args: argparse.Namespace, truth: Truth | None) -> Sequence[Recording]:
    """The first recordings, those with labels before the others."""
    found = choose(catalog.recordings(args.split), args.recordings)
    if truth is None:
        return found[: args.limit]
    labelled = (
        set(truth.row_ids)
        if truth.unit == "file"
        else {row.rpartition("_")[0] for row in truth.row_ids}
    )

    def without_labels(one: Recording) -> bool:
        return one.key not in labelled and one.path.stem not in labelled

    return sorted(found, key=without_labels)[: args.limit]


def _predict(
    folder: Path,
    catalog: Catalog,
    recordings: Sequence[Recording],
    args: argparse.Namespace,
    backend: str,
    precision: str,
    emit: Emit,
    stop: Stop,
) -> tuple[_Way, Settings]:
    """Scores of every recording one way, and the ensemble's own settings."""
    from birdscope.inference.decoding import plan_rows
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.runner import predict_recordings
    from birdscope.inference.store import ScoresMeta, ScoresStore

    predictor = Predictor.load(
        args.ensemble,
        catalog.taxonomy.labels,
        device="cpu",
        threads=args.threads or usable_threads(),
        backend=backend,  # type: ignore[arg-type]
        precision=precision,  # type: ignore[arg-type]
        calibration=args.calibration,
        dataset=catalog.fingerprint() if precision == "int8" else "",
        emit=heeding(emit, stop),
    )
    meta = ScoresMeta(predictor.classes, predictor.checkpoints, dict(predictor.weights))
    keys = [one.key for one in recordings]
    with ScoresStore.open_or_resume(
        folder, meta, keys, lambda: plan_rows(recordings, emit=emit, stop=stop)
    ) as store:
        report = predict_recordings(predictor, recordings, store, emit=emit, stop=stop)
        scores = store.scores()
    calibration = predictor.numerics.get("calibration", "")
    seconds = report.seconds / max(1, report.predicted)
    return _Way(scores, seconds, calibration), predictor.settings


def _compare(
    way: _Way,
    reference: _Way,
    backend: str,
    precision: str,
    truth: Truth | None,
    settings: Settings,
    args: argparse.Namespace,
) -> Parity:
    import numpy as np

    from birdscope.core.errors import ScoresError
    from birdscope.engine.fingerprint import ensemble_fingerprint
    from birdscope.inference.ensemble import load_ensemble
    from birdscope.metrics.parity import auc_drift, drift
    from birdscope.submission.parity import Parity

    raw = drift(way.scores.values, reference.scores.values)
    auc = None
    if truth is not None:
        try:
            auc = auc_drift(
                way.scores,
                reference.scores,
                truth,
                settings,
                unit=truth.unit,
                resamples=args.bootstrap,
                generator=np.random.default_rng(args.seed),
            )
        except ScoresError:
            auc = None  # no label is of these recordings: the raw scores are compared
    scored = auc if auc is not None and auc.scored_classes else None
    interval = scored.interval if scored is not None else None
    return Parity(
        ensemble=load_ensemble(args.ensemble).name,
        fingerprint=ensemble_fingerprint(args.ensemble),
        backend=backend,
        precision=precision,
        max_difference=raw.max_difference,
        rank_correlation=raw.rank_correlation,
        recordings=len(way.scores.rows.recordings),
        rows=raw.rows,
        seconds=way.seconds,
        reference_s=reference.seconds,
        auc=scored.macro_roc_auc if scored is not None else None,
        auc_difference=scored.difference if scored is not None else None,
        auc_low=interval.low if interval is not None else None,
        auc_high=interval.high if interval is not None else None,
        scored_classes=scored.scored_classes if scored is not None else 0,
        calibration=way.calibration,
    )


def _titled(emit: Emit, title: str) -> Emit:
    """Say which way is under way."""
    from dataclasses import replace

    from birdscope.core.events import Event

    def titled(event: Event) -> None:
        emit(replace(event, message=f"{title}: {event.message}") if event.message else event)

    return titled


def describe(found: Sequence[Parity], recordings: Sequence[Recording]) -> list[str]:
    """A table in plain words, and what stands against an export."""
    from birdscope.submission.parity import objection

    lines = [f"against torch exact, on {len(recordings)} recordings:"]
    for one in found:
        speed = f"{one.reference_s / one.seconds:.2f} × torch's speed" if one.seconds else ""
        lines += [
            f"{one.backend} {one.precision}",
            f"  largest difference of a probability  {one.max_difference:.1e}",
            f"  rank correlation (Spearman, mean)    {one.rank_correlation:.6f}",
            f"  macro ROC-AUC                        {_auc_text(one)}",
            f"  seconds for a recording              {one.seconds:.2f} (torch "
            f"{one.reference_s:.2f}): {speed}",
        ]
        if reason := objection(one.precision, one):
            lines.append(f"  not for an export before you accept it: {reason}")
    return lines


def _auc_text(one: Parity) -> str:
    if one.auc is None or one.auc_difference is None:
        return "not compared: no labels of these recordings"
    text = f"{one.auc:.4f} {one.auc_difference:+.4f}"
    if one.auc_low is not None and one.auc_high is not None:
        text += f" [{one.auc_low:+.4f}, {one.auc_high:+.4f}]"
    return f"{text} ({one.scored_classes} classes)"


def as_json(one: Parity) -> dict[str, object]:
    """A result for a program; `objection` is empty where it may be exported."""
    from birdscope.submission.parity import objection

    return {**asdict(one), "objection": objection(one.precision, one)}


def _limits() -> dict[str, float]:
    from birdscope.submission.parity import AUC_LIMIT, EXACT_LIMIT

    return {"exact_max_difference": EXACT_LIMIT, "auc": AUC_LIMIT}
