"""The figures of `birdscope tune` in words and tables, and as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from birdscope.postprocess.chosen_notes import chosen_note, is_chosen
from birdscope.session.settings_lines import settings_lines

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.metrics.blend_fit import BlendFit
    from birdscope.metrics.bootstrap import Interval
    from birdscope.metrics.compare import ComparedSettings, Comparison
    from birdscope.metrics.nested import NestedReport
    from birdscope.metrics.search import SearchReport
    from birdscope.metrics.tune_results import Measured, StageScore
    from birdscope.metrics.tune_truth import TuneTruth

_HEAD = ("settings", "macro AUC [95 %]", "Δ [95 %]", "", "folds: mean ± sd", "macro AP", "classes")


def comparison_lines(result: Comparison) -> list[str]:
    """What is counted, then the table, the baseline first."""
    table = [_HEAD, *(_compared_row(one) for one in result.rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD))]
    lines = [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) for row in table
    ]
    noise = (
        "Δ is to the first row. within noise: the 95 % interval of Δ, by bootstrap over "
        "recordings, holds 0."
    )
    flattered = [
        f"{one.settings.name!r} was {one.settings.note}: on those labels its Δ flatters"
        for one in result.rows
        if is_chosen(one.settings)
    ]
    return [
        *_counted(result.truth),
        *_left_out(result),
        "",
        *(line.rstrip() for line in lines),
        "",
        noise,
        *flattered,
    ]


def _left_out(result: Comparison) -> list[str]:
    """Labels without scores; empty where every one has them."""
    found = (
        (result.missing_rows, "are not among the scores"),
        (result.unpredicted_rows, "could not be predicted"),
    )
    return [f"  left out: {count:,} labelled rows {why}" for count, why in found if count]


def _compared_row(one: ComparedSettings) -> tuple[str, ...]:
    measured = one.measured
    change = "baseline" if one.badge is None else _signed(one.difference)
    folds = (
        f"{_figure(measured.fold_mean)} ± {_figure(measured.fold_sd)}" if measured.per_fold else "–"
    )
    return (
        one.settings.name,
        f"{_figure(measured.macro_roc_auc)}{_spread(one.interval)}",
        f"{change}{_spread(one.difference_interval, signed=True)}",
        one.badge or "",
        folds,
        _figure(measured.macro_ap),
        str(measured.scored_classes),
    )


def comparison_as_json(result: Comparison) -> dict[str, object]:
    """The table for a program."""
    return {
        "source": result.truth.source,
        "unit": result.truth.unit,
        "counted": result.truth.counted,
        "rows": result.scored_rows,
        "recordings": result.recordings,
        "missing_rows": result.missing_rows,
        "unpredicted_rows": result.unpredicted_rows,
        "settings": [
            {
                "name": one.settings.name,
                "settings": one.settings.model_dump(mode="json"),
                "interval": _ends(one.interval),
                "difference": one.difference,
                "difference_interval": _ends(one.difference_interval),
                "badge": one.badge,
                **_measured(one.measured, result.truth.classes),
            }
            for one in result.rows
        ],
    }


def measured_lines(
    settings: Settings,
    truth: TuneTruth,
    measured: Measured,
    stages: Sequence[StageScore],
    no_ops: Mapping[int, str],
) -> list[str]:
    """One setting: its steps, its figures, each fold, each stage."""
    lines = [*_counted(truth), "", f"{settings.name}:"]
    lines += [f"  {line}" for line in settings_lines(settings)]
    lines += [
        "",
        f"macro ROC-AUC  {_figure(measured.macro_roc_auc)}  over {measured.scored_classes} classes",
        f"macro AP       {_figure(measured.macro_ap)}",
        *fold_lines(measured),
        "",
        "after each stage:",
        *(f"  {_figure(one.macro_roc_auc)}  {_signed(one.change)}  {one.title}" for one in stages),
    ]
    lines += [f"  step {place + 1} changes nothing: {why}" for place, why in no_ops.items()]
    return lines


def chosen_on(report: NestedReport, labels: str) -> str:
    """What saved settings say of how they were chosen."""
    return chosen_note(
        labels,
        report.baseline.name,
        report.badge,
        nested=report.nested,
        gain=report.gain,
        in_sample=report.in_sample,
    )


def fold_lines(measured: Measured) -> list[str]:
    """Each fold's figure, then their mean; one line where there are no folds."""
    if not measured.per_fold:
        return ["no folds: they need two labelled recordings or more"]
    lines = [
        f"  fold {one.fold:<7} {_figure(one.macro)}  over {one.scored_classes} classes"
        for one in measured.per_fold
    ]
    mean = f"{_figure(measured.fold_mean)} ± {_figure(measured.fold_sd)}"
    return [*lines, f"  mean ± sd    {mean}"]


def measured_as_json(
    settings: Settings,
    truth: TuneTruth,
    measured: Measured,
    stages: Sequence[StageScore],
    no_ops: Mapping[int, str],
) -> dict[str, object]:
    """One setting for a program."""
    return {
        "source": truth.source,
        "unit": truth.unit,
        "counted": truth.counted,
        "name": settings.name,
        "settings": settings.model_dump(mode="json"),
        **_measured(measured, truth.classes),
        "stages": [
            {"title": one.title, "macro_roc_auc": one.macro_roc_auc, "change": one.change}
            for one in stages
        ],
        "no_ops": dict(no_ops),
    }


def search_lines(report: SearchReport) -> list[str]:
    """What was found and what to expect of it."""
    minutes, seconds = divmod(round(report.seconds), 60)
    tried = f"{report.trials} trials, {report.pruned} stopped early, {minutes}:{seconds:02d}"
    return [tried, "", *nested_lines(report.nested, "the search")]


def search_as_json(report: SearchReport) -> dict[str, object]:
    """A search for a program."""
    return {
        "trials": report.trials,
        "pruned": report.pruned,
        "seconds": report.seconds,
        **nested_as_json(report.nested),
    }


def blend_lines(fit: BlendFit) -> list[str]:
    """Weights by fold, then what they are worth."""
    width = max(len(member) for member in fit.members)
    folds = list(fit.fold_weights)
    head = "  ".join([f"{'':<{width}}", *(f"without {fold}" for fold in folds), "mean ", "all  "])
    lines = ["weights of the blend, fitted without each fold and on all:", head.rstrip()]
    for member in fit.members:
        cells = [f"{fit.fold_weights[fold][member]:<9.3f}" for fold in folds]
        cells += [f"{fit.mean[member]:<5.3f}", f"{fit.weights[member]:<5.3f}"]
        lines.append("  ".join([f"{member:<{width}}", *cells]).rstrip())
    return [*lines, "", *nested_lines(fit.nested, "the fit")]


def blend_as_json(fit: BlendFit) -> dict[str, object]:
    """A fitted blend for a program."""
    return {
        "weights": dict(fit.weights),
        "mean_weights": dict(fit.mean),
        "fold_weights": {str(fold): dict(one) for fold, one in fit.fold_weights.items()},
        **nested_as_json(fit.nested),
    }


def nested_lines(report: NestedReport, what: str) -> list[str]:
    """Nested figures in words; `what` chose the settings."""
    gain = f"{_signed(report.gain)}{_spread(report.interval, signed=True)}  {report.badge}"
    lines = [f"settings {report.settings.name!r}, chosen on all folds:"]
    lines += [f"  {line}" for line in settings_lines(report.settings)]
    lines += ["", "fold   held out  baseline  on the folds it was chosen on"]
    lines += [
        f"{one.fold:<6} {_figure(one.held_out):<9} {_figure(one.baseline):<9} "
        f"{_figure(one.chosen_at)}"
        for one in report.folds
    ]
    return [
        *lines,
        "",
        f"nested     {_figure(report.nested)} ± {_figure(report.nested_sd)}  what to expect: mean "
        f"over folds that {what} did not see",
        f"baseline   {_figure(report.baseline_mean)}           {report.baseline.name!r} on the "
        "same folds",
        f"gain       {gain}",
        f"in-sample  {_figure(report.in_sample)}           the chosen settings on the folds they "
        "were chosen on",
        f"overfit    {_signed(report.overfit)}          in-sample minus nested",
    ]


def nested_as_json(report: NestedReport) -> dict[str, object]:
    """Nested figures for a program."""
    return {
        "settings": report.settings.model_dump(mode="json"),
        "baseline": report.baseline.name,
        "nested": report.nested,
        "nested_sd": report.nested_sd,
        "baseline_mean": report.baseline_mean,
        "gain": report.gain,
        "interval": _ends(report.interval),
        "badge": report.badge,
        "in_sample": report.in_sample,
        "overfit": report.overfit,
        "folds": [
            {
                "fold": one.fold,
                "held_out": one.held_out,
                "baseline": one.baseline,
                "chosen_at": one.chosen_at,
                "scored_classes": one.scored_classes,
                "settings": one.settings.model_dump(mode="json"),
            }
            for one in report.folds
        ],
    }


def folds_as_json(measured: Measured) -> dict[str, object]:
    """The figures by fold for a program."""
    return {
        "fold_mean": measured.fold_mean,
        "fold_sd": measured.fold_sd,
        "per_fold": [
            {"fold": one.fold, "macro_roc_auc": one.macro, "scored_classes": one.scored_classes}
            for one in measured.per_fold
        ],
    }


def _measured(measured: Measured, classes: Sequence[str]) -> dict[str, object]:
    return {
        "macro_roc_auc": measured.macro_roc_auc,
        "macro_ap": measured.macro_ap,
        "scored_classes": measured.scored_classes,
        **folds_as_json(measured),
        "per_class": dict(zip(classes, measured.per_class.tolist(), strict=True)),
    }


def _counted(truth: TuneTruth) -> list[str]:
    return [f"{truth.source}: {truth.counted[0]}", *(f"  {line}" for line in truth.counted[1:])]


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}"


def _signed(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.4f}"


def _spread(interval: Interval | None, *, signed: bool = False) -> str:
    if interval is None:
        return ""
    style = "+.4f" if signed else ".4f"
    return f" [{interval.low:{style}}, {interval.high:{style}}]"


def _ends(interval: Interval | None) -> dict[str, object] | None:
    if interval is None:
        return None
    return {
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
        "resamples": interval.resamples,
    }
