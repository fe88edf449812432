"""What Train says of a recipe, its data and a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.core.units import duration
from birdscope.tui import jobs_text

if TYPE_CHECKING:
    from birdscope.engine.train_messages import ClassesFound, Estimate, FormRow
    from birdscope.tui.train_feed import TrainFeed
    from birdscope.tui.train_runs import RunView

MARKS = {
    "ok": ("✓", "$text-success"),
    "note": ("●", "$text-warning"),
    "error": ("✗", "$text-error"),
}
NO_RUNS = "no runs yet: s starts one with the recipe above"
NO_DATA = "Open a dataset first: 1 goes to Browse, where one is chosen."


def mark(colour: str, text: str) -> Content:
    """A text in a colour of the theme."""
    return Content.from_markup(f"[{colour}]$text[/]", text=text)


def header(feed: TrainFeed, dataset: str) -> Content:
    """The recipe in hand, the data and the estimate, on a line."""
    if feed.problem:
        return mark("$text-error", feed.problem.split("\n")[0])
    if not feed.rows:
        return mark("$text-muted", "reading the recipes …")
    text = mark("b", feed.name)
    count = len(feed.changes)
    if count:
        text += mark("$text-accent", f" * {count} change{'' if count == 1 else 's'}")
    text += mark("$text-muted", f" on {dataset or 'no dataset'}")
    if feed.checking and feed.found is None:
        return text + mark("$text-muted", " · the data is being looked at …")
    if feed.found is not None:
        check, guess = feed.found.check, feed.found.estimate
        if not check.can_train:
            return text + mark("$text-error", " · can't be trained: v shows why")
        text += mark("$text-muted", f" · {check.clips:,} clips · ") + short_estimate(guess)
    return text


def short_estimate(guess: Estimate) -> Content:
    """Time and memory in a few words."""
    if guess.seconds is None:
        return mark("$text-muted", "time unknown: m measures")
    text = mark("b", f"≈ {_rough(guess.seconds)}")
    if guess.memory_mb is not None:
        text += mark("$text-muted", f" · ≤ {guess.memory_mb / 1000:.1f} GB")
    return text


def _rough(seconds: float) -> str:
    """An estimate without digits that nobody can know."""
    for unit_s, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            count = seconds / unit_s
            return f"{count:.1f} {unit}" if count < 10 else f"{count:.0f} {unit}"
    return duration(seconds)


def about_key(row: FormRow | None, problem: str) -> Content:
    """The selected key: what it means, what is allowed, where its value comes from."""
    if row is None:
        return mark("$text-muted", "enter changes a key, 0 resets it, g goes to the next table")
    lines = []
    if problem:
        lines.append(mark("$text-error", f"✗ {problem}"))
    allowed = " · ".join(row.choices) or row.allowed
    facts = mark("$text-secondary", row.key)
    if row.is_fixed:
        allowed = (
            "post-processing: Tune changes it" if row.key.split(".")[0] == "steps" else "fixed"
        )
    facts += mark("$text-muted", f"  {allowed}") if allowed else Content("")
    lines.append(facts)
    if row.is_changed:
        lines.append(
            mark("$text-accent", f"changed here; the recipe says {row.before or 'nothing'}")
        )
    else:
        source = f": {row.source}" if row.source else ""
        lines.append(mark("$text-muted", f"{row.set_by}{source}"))
    if row.about and not problem:
        lines.append(Content(row.about))
    return Content("\n").join(lines)


def check(feed: TrainFeed, has_data: bool) -> Content:
    """Everything found in the data, and the estimate."""
    if not has_data:
        return mark("$text-warning", NO_DATA)
    if feed.data_problem:
        return mark("$text-error", feed.data_problem)
    if feed.found is None:
        return mark("$text-muted", "the data is being looked at …" if feed.checking else "")
    found, guess = feed.found.check, feed.found.estimate
    lines = [
        mark("b", f"{found.clips:,} clips")
        + mark("$text-muted", f" of {len(found.class_counts)} of {found.classes} classes")
    ]
    if found.fold_clips:
        folds = " ".join(str(one) for one in found.fold_clips)
        more = f", {found.everywhere} in none" if found.everywhere else ""
        lines.append(mark("$text-muted", f"held out by fold: {folds}{more}"))
    if found.left_out:
        first = found.left_out[0]
        lines.append(mark("$text-warning", f"● {len(found.left_out)} left out: {first}"))
    for one in found.findings:
        sign, colour = MARKS[one.mark]
        lines.append(mark(colour, f"{sign} ") + Content(one.text))
    lines.append(_estimate(guess))
    return Content("\n").join(lines)


def _estimate(guess: Estimate) -> Content:
    text = mark("$text-secondary", "estimate ") + short_estimate(guess)
    waves = f" · waveforms ≤ {guess.waveforms_mb:,.0f} MB"
    return text + mark("$text-muted", f"{waves}; {guess.rests_on}")


def run_line(view: RunView | None, now: float) -> Content:
    """The run under the cursor, in words."""
    if view is None:
        return Content("")
    if view.run.problem:
        return mark("$text-error", view.run.problem)
    job = view.job.job if view.job is not None else None
    if job is not None and job.live:
        note = view.job.note if view.job is not None else ""
        said = note or jobs_text.clean(job.progress.message) or job.state
        return mark("$text-accent", jobs_text.icon(job.state, now)[0]) + Content(f" {said}")
    if job is not None and view.state == "failed":
        reason = jobs_text.clean(job.progress.reason).split("\n")[0]
        remedy = f" → {job.progress.remedy}" if job.progress.remedy else " → l shows the log"
        return mark("$text-error", f"✗ {reason}") + mark("$text-muted", remedy)
    if view.state in ("interrupted", "cancelled"):
        return mark("$text-warning", f"{view.state} after {view.run.done} epochs") + mark(
            "$text-muted", " → r goes on from the last whole epoch"
        )
    made = "e puts it into an ensemble, n trains another like it"
    return mark("$text-success", "✓ finished") + mark("$text-muted", f" → {made}")


def classes(found: ClassesFound) -> Content:
    """Each class's AUC, the worst first, with a bar from 0.5 to 1."""
    scored = sum(1 for one in found.areas if one.auc is not None)
    macro = "" if found.macro is None else f"; macro ROC-AUC {found.macro:.4f}"
    head = f"{scored} of {len(found.areas)} classes have held-out positives{macro}"
    lines = [mark("$text-muted", head), Content("")]
    for one in found.areas:
        title = f"{one.name or one.label}"[:30].ljust(31)
        count = f"{one.positives:>5} "
        if one.auc is None:
            lines.append(Content(title) + mark("$text-muted", f"{count}     — no positives"))
            continue
        done, rest = jobs_text.bar((one.auc - 0.5) * 2, 20)
        lines.append(
            Content(title)
            + mark("$text-muted", count)
            + mark("b", f"{one.auc:>7.4f} ")
            + mark("$primary", done)
            + mark("$border", rest)
        )
    return Content("\n").join(lines)


def differences(names: Sequence[str], found: Sequence[tuple[str, tuple[str, ...]]]) -> Content:
    """What differs between the recipes of runs, a row a key."""
    if not found:
        return mark("$text-muted", "Their recipes are alike.")
    wide = max(len(key) for key, _ in found) + 2
    room = [
        max(len(name), *(len(values[n]) for _, values in found)) + 2 for n, name in enumerate(names)
    ]
    lines = [
        Content(" " * wide)
        + Content("").join(
            mark("b", name.ljust(size)) for name, size in zip(names, room, strict=True)
        )
    ]
    for key, values in found:
        cells = [value.ljust(size) for value, size in zip(values, room, strict=True)]
        lines.append(mark("$text-muted", key.ljust(wide)) + Content("".join(cells)))
    return Content("\n").join(lines)
