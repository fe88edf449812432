"""What Tune says: what is measured, what a row and a badge mean, why there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.tui import tune_figures as figures

if TYPE_CHECKING:
    from birdscope.engine.tune_messages import TuningOpened
    from birdscope.tui.tune_feed import TuneFeed
    from birdscope.tui.widgets.settings_table import SettingLine

SAYS = (
    "A row: post-processing. AUC: mean over scored classes. Badge: “better” or “worse” where the "
    "95 % interval of Δ to the baseline leaves out 0. i says more.",
    "A row: one stack. “better”/“worse” than the baseline: 95 % of Δ off 0 (i)",
)
"""In one line, and in one short line."""
LEGEND, LEGEND_CHOSEN = "● in use", "* chosen on these labels"
KEYS = (
    "= makes the baseline, A · B shows a row against A on Scope · ",
    "= baseline · B A/B on Scope · ",
    "= A · B A/B · ",
    "",
)
MEANS = """\
A row is a way from the models' raw scores to final probabilities. AUC is the mean ROC-AUC, \
pooled over all rows of labels, of all classes that have a positive and a negative row (a class \
without either has none, and counts nowhere). “Mean of folds” measures each fold by itself: mean \
and standard deviation. AP is the mean average precision of the same classes.
Δ is the AUC minus the baseline's. Recordings are drawn anew, with repetition, 1,000 times; both \
rows are measured on each draw, and 95 of 100 differences lie in the interval. “better”: all of \
the interval is above 0. “worse”: all of it is below. “within noise”: 0 is in it, so these \
labels can't tell the two apart. Dots mean that draws are still being added.
= makes a row the baseline, A. B shows on Scope what the row under the cursor changes in \
each window: b there shows A or B, d their difference, B ends it. d here lists what differs.
● marks the row that the session uses: Scope and Submit take it.
A star: these settings were chosen on these very labels, by a search (g) or a fit (b). Δ, \
interval and badge flatter them. What to expect elsewhere is “nested” in their note: the mean \
over folds that each choice did not see. “overfit” is how much higher the figure is on the \
labels chosen on. What you turn by hand until it fits flatters in the same way, only nobody can \
say by how much."""
_LOOKING = {
    "waiting": "The dataset is being opened …",
    "looking": "Looking for scores and labels …",
    "opening": "Scores and labels are being opened …",
}
_HOW = """\
Tune measures post-processing on recordings that have both labels and scores."""
_LABELS = """\
Labels: train_soundscapes_labels.csv in the dataset (columns row_id, then a class each), verdicts \
from Audition (3), or a training run's out-of-fold predictions."""


def header(feed: TuneFeed, *, wide: bool = False) -> Content:
    """What the figures rest on; where it is wide, also whose scores."""
    opened = feed.opened
    if opened is None:
        return Content.from_markup("[$text-muted]nothing is measured yet[/]")
    title = feed.source.title if wide and feed.source is not None else opened.source
    line = Content.from_markup("[b]$title[/]", title=title)
    line += Content.from_markup("  [$text-accent]$text[/]", text=_scored(opened))
    rows = f"{opened.rows:,} {plural(opened.rows, opened.unit)}"
    if opened.unit == "window":
        rows += f", {opened.recordings:,} {plural(opened.recordings, 'file')}"
    folds = f", {len(opened.folds)} {plural(len(opened.folds), 'fold')}" if opened.folds else ""
    return line + Content.from_markup("  [$text-muted]$text[/]", text=f"{rows}{folds}")


def hint(feed: TuneFeed, predicting: str = "") -> Content:
    """What to do while there is nothing to show.

    Args:
        feed: Knows how far things are.
        predicting: How far a job that predicts the labelled files is; empty without one.
    """
    if feed.phase in _LOOKING:
        return _quiet(_LOOKING[feed.phase])
    if feed.phase == "failed":
        keys = _key("l", "chooses other labels or scores")
        return Content.from_markup("[$text-warning]$text[/]\n\n", text=feed.problem) + keys
    lines = [_quiet(_HOW), Content("")]
    problems = dict.fromkeys(f"{one.title}: {one.problem}" for one in feed.sources if one.problem)
    lines += [Content.from_markup("[$text-warning]$text[/]", text=text) for text in problems]
    if problems:
        lines.append(Content(""))
    if predicting:
        lines += [Content.from_markup("[$text-accent]$text[/]", text=predicting), Content("")]
        return Content("\n").join([*lines, _quiet(_LABELS)])
    lines += [
        _key("P", "predicts the labelled soundscapes as a job, then this screen opens"),
        _key("l", "chooses the folder of a training run, or of scores"),
        Content(""),
        _quiet(_LABELS),
    ]
    return Content("\n").join(lines)


def about(line: SettingLine | None, opened: TuningOpened | None) -> Content:
    """The figures of the row under the cursor, in words."""
    if line is None or opened is None:
        return Content("")
    if line.problem:
        return Content.from_markup("[$text-error]$text[/]", text=line.problem)
    if line.measured is None:
        return _quiet("being measured …")
    measured = line.measured
    parts = [f"AP {figures.area(measured.macro_ap)}"]
    if measured.per_fold:
        folds = figures.spread(measured.fold_mean, measured.fold_sd)
        count = len(measured.per_fold)
        parts.append(f"{count} {plural(count, 'fold')} {folds}")
    if measured.scored_classes != len(opened.scored_classes):
        parts.append(f"{measured.scored_classes} classes scored")
    first = Content.from_markup("[$text-muted]$text[/]", text=" · ".join(parts))
    note = line.settings.note if line.settings is not None else ""
    role = "$text-warning" if line.chosen_here else "$text-muted"
    star = "* " if line.chosen_here else ""
    notes = [Content.from_markup(f"[{role}]$text[/]", text=star + note)] if note else []
    return Content("\n").join([first, _difference(line), *notes])


def says(width: int) -> str:
    """What a row and a badge are, in one line of so many cells."""
    return next((one for one in SAYS if len(one) <= width), SAYS[-1])


def legend(lines: Sequence[SettingLine], width: int) -> str:
    """The marks in the table, and the keys that compare its rows where there is room."""
    starred = any(one.chosen_here for one in lines)
    marks = f"{LEGEND} · {LEGEND_CHOSEN}" if starred else LEGEND
    return next((keys + marks for keys in KEYS if len(keys + marks) <= width), marks)


def by_fold(line: SettingLine | None) -> str:
    """Each fold's figure; empty without folds."""
    if line is None or line.measured is None:
        return ""
    return "  ".join(
        f"{one.fold}: {figures.area(one.macro)} ({one.scored_classes})"
        for one in line.measured.per_fold
    )


def counted(opened: TuningOpened) -> str:
    """What is counted where, a line each."""
    return "\n".join(f"• {one}" for one in opened.counted)


def plural(count: int, noun: str) -> str:
    """The noun, with an s where there is not one.

    >>> plural(2, "class")
    'classes'
    """
    if count == 1:
        return noun
    return noun + ("es" if noun.endswith("s") else "s")


def _scored(opened: TuningOpened) -> str:
    return f"{len(opened.scored_classes)} of {len(opened.classes)} classes scored"


def _difference(line: SettingLine) -> Content:
    """The interval in words."""
    if line.is_baseline:
        return _quiet("the baseline; = compares with another row")
    interval = line.interval
    if interval is None or line.interval_stale:
        return _quiet("Δ is measured when the hand rests …")
    if interval.reason:
        return _quiet(f"Δ {figures.change(interval.difference)}; {interval.reason}")
    ends = figures.interval(interval.low, interval.high)
    count = f"{interval.resamples:,}"
    if interval.resamples < interval.of:
        count += f" of {interval.of:,}"
    return _quiet(f"95 % {ends}, {count} resamples")


def _key(key: str, text: str) -> Content:
    return Content.from_markup("[b $footer-key-foreground]$key[/] $text", key=key, text=text)


def _quiet(text: str) -> Content:
    return Content.from_markup("[$text-muted]$text[/]", text=text)
