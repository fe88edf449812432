"""`birdscope evaluate`: macro ROC-AUC of scores against labels, with an interval."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._output import add_output_arguments, print_json
from birdscope.commands._tune_text import fold_lines, folds_as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from birdscope.core.scores import Scores
    from birdscope.core.settings import Settings
    from birdscope.metrics.evaluate import Evaluation
    from birdscope.metrics.tune_results import Measured

_EPILOG = """\
Labels of soundscapes: filename,start,end,primary_label (BirdCLEF+ 2026), or row_id,labels, or
row_id and a column per class. A window without a row is unknown and not scored; an empty label
is a negative for all classes. A train.csv gives labels of whole files: windows are pooled as the
settings say (file_pooling), secondary labels count as positive.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--scores", type=Path, required=True, metavar="DIR", help="made by birdscope predict"
    )
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="CSV", help="labels of the same recordings"
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="post-processing (default: the ensemble's)"
    )
    parser.add_argument(
        "--bootstrap",
        type=int,
        default=1000,
        metavar="N",
        help="resamples of the recordings for the 95 %% interval, 0 for none (default: 1000)",
    )
    parser.add_argument(
        "--folds",
        type=int,
        default=0,
        metavar="N",
        help="also each of N folds of recordings, and their mean (default: 0, none)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the bootstrap and the folds (default: 0)"
    )
    add_output_arguments(parser, events=False)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    from birdscope.core.config import load
    from birdscope.core.settings import Settings
    from birdscope.inference.store import ScoresStore
    from birdscope.metrics.evaluate import evaluate
    from birdscope.metrics.truth import read_truth

    store = ScoresStore.open(args.scores)
    settings = load(Settings, args.settings) if args.settings else store.settings
    truth = read_truth(args.labels, store.meta.classes)
    result = evaluate(
        store.scores(),
        truth,
        settings,
        unit=truth.unit,
        resamples=max(0, args.bootstrap),
        seed=args.seed,
    )
    folds = _by_fold(args, store.scores(), settings) if args.folds > 1 else None
    if args.json:
        body = as_json(result, truth.unknown_labels)
        print_json(body if folds is None else body | folds_as_json(folds))
    else:
        lines = describe(result, truth.unknown_labels)
        print("\n".join(lines if folds is None else [*lines, "", *fold_lines(folds)]))
    return 0


def _by_fold(args: argparse.Namespace, scores: Scores, settings: Settings) -> Measured:
    """The same settings, measured within each fold of recordings."""
    from birdscope.metrics.truths import file_truth
    from birdscope.metrics.tune_matrix import TuneMatrix
    from birdscope.metrics.tuner import Tuner

    truth = file_truth(args.labels, scores.classes, folds=args.folds, seed=args.seed)
    return Tuner(TuneMatrix.build(scores, truth)).measure(settings)


def as_json(result: Evaluation, unknown_labels: Mapping[str, int]) -> dict[str, object]:
    """The figures for a program; null for what could not be scored."""
    interval = result.interval
    return {
        "macro_roc_auc": result.macro_roc_auc,
        "scored_classes": result.scored_classes,
        "macro_ap": result.macro_ap,
        "per_class": result.per_class,
        "interval": None
        if interval is None
        else {
            "low": interval.low,
            "high": interval.high,
            "level": interval.level,
            "resamples": interval.resamples,
        },
        "per_class_ap": result.per_class_ap,
        "positives": result.positives,
        "settings": result.settings,
        "unit": result.unit,
        "rows": result.rows,
        "recordings": result.recordings,
        "missing_rows": len(result.missing_rows),
        "unpredicted_rows": len(result.unpredicted_rows),
        "unlabelled_rows": result.unlabelled_rows,
        "unknown_labels": unknown_labels,
    }


def describe(result: Evaluation, unknown_labels: Mapping[str, int]) -> list[str]:
    """The figures in plain words: the mean, what it is of, each class, what was left out."""
    if not result.scored_classes:
        return ["no class has both a positive and a negative row: nothing to score"]
    interval = result.interval
    spread = f"  [{interval.low:.4f}, {interval.high:.4f}]" if interval else ""
    how = (
        f" ({interval.level:.0%} interval, {interval.resamples} resamples of the recordings)"
        if interval
        else ""
    )
    lines = [
        f"macro ROC-AUC  {result.macro_roc_auc:.4f}{spread}{how}",
        f"macro AP       {result.macro_ap:.4f}",
        f"{result.scored_classes} of {len(result.per_class)} classes scored on {result.rows} "
        f"{result.unit}s of {result.recordings} recordings, settings {result.settings!r}",
        "",
        f"{'class':<16} {'AUC':>7} {'AP':>7} {'positives':>9}",
        *_class_lines(result),
    ]
    return lines + _left_out(result, unknown_labels)


def _class_lines(result: Evaluation) -> list[str]:
    """Scored classes, the best first."""
    scored = {label: auc for label, auc in result.per_class.items() if auc is not None}
    return [
        f"{label:<16} {auc:7.4f} {result.per_class_ap[label]:7.4f} {result.positives[label]:9d}"
        for label, auc in sorted(scored.items(), key=lambda item: -item[1])
    ]


def _left_out(result: Evaluation, unknown_labels: Mapping[str, int]) -> list[str]:
    found = (
        (len(result.missing_rows), f"labelled {result.unit}s are not among the scores"),
        (len(result.unpredicted_rows), f"labelled {result.unit}s could not be predicted"),
        (result.unlabelled_rows, f"{result.unit}s of the scores have no label: not scored"),
        (len(unknown_labels), f"labels are no class: {', '.join(sorted(unknown_labels)[:5])}"),
    )
    lines = [f"{count} {text}" for count, text in found if count]
    return ["", *lines] if lines else []
