"""What Audition says: its feed in words, lines and marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from birdscope.core.types import Species
from birdscope.core.units import duration
from birdscope.tui.audition_feed import AuditionFeed, Choice, WindowKey
from birdscope.tui.ensembles import none_fits

if TYPE_CHECKING:
    from birdscope.core.verdicts import QueueKind, Verdict
    from birdscope.engine.audition_messages import QueueItem
    from birdscope.session.state import AuditionPlace

KINDS: Mapping[QueueKind, tuple[str, str]] = {
    "score": (
        "best first",
        "where the ensemble is most sure; for a first threshold",
    ),
    "uncertainty": (
        "least sure first",
        "nearest to 0.5; for the steep part of the curve",
    ),
    "disagreement": (
        "members disagree",
        "where the members of the ensemble differ most; for their errors",
    ),
    "auc_loss": (
        "costs most AUC",
        "labelled windows that cost most; for errors of model or label",
    ),
    "stratified": (
        "random by score",
        "drawn from every range of scores; for honest figures and Tune",
    ),
    "clips": ("training clips", "windows of this species' own recordings in train_audio"),
}
"""Kind of queue → its short name, and what it is good for."""

_ANSWERS = {"yes": ("✓ yes", "good"), "no": ("✗ no", "bad"), "maybe": ("? maybe", "warn")}


def header(
    choice: Choice, species: Species | None, source: str, annotator: str, width: int
) -> Content:
    """The species, its queue, the filters; at the right what is scored and who judges.

    Args:
        choice: What is wanted.
        species: The one chosen; None before.
        source: What the scores are of.
        annotator: Who judges, and how; empty before anybody said.
        width: Cells there are.
    """
    if species is None:
        return key("/") + quiet(" species")
    line = key("/") + Content.from_markup(" [b]$name[/]", name=species.name)
    if species.name != species.label:
        line += Content.from_markup(" [$text-secondary]$code[/]", code=species.label)
    line += Content("  ") + key("s") + quiet(f" {KINDS[choice.kind][0]}")
    for one in filters(choice):
        line += Content.from_markup(" · [$text-warning]$one[/]", one=one)
    for right in (" · ".join(part for part in (source, annotator) if part), annotator):
        gap = width - line.cell_length - len(right)
        if gap >= 2:
            return line + quiet(" " * gap + right)
    return line


def filters(choice: Choice) -> list[str]:
    """What is left out, a few words each."""
    found = []
    if choice.recordings:
        found.append(f"in “{choice.recordings}”")
    if choice.hours is not None:
        found.append(f"{choice.hours[0]}–{choice.hours[1]} h")
    if choice.hide_judged:
        found.append("unjudged only")
    return found


def mark(verdict: Verdict, label: str) -> tuple[str, str]:
    """The word of a verdict in the list of a species, and its role."""
    if verdict.label != label:
        return "✓ yes", "good"
    if verdict.corrected_label:
        return f"→ {verdict.corrected_label}", "bad"
    return _ANSWERS[verdict.answer]


def marks(feed: AuditionFeed) -> dict[WindowKey, tuple[str, str]]:
    """Every verdict of the species, and the answers that could not be kept."""
    label = feed.choice.label
    found = {window: mark(one, label) for window, one in feed.verdicts.items()}
    return found | dict.fromkeys(feed.unsaved, ("✗ unsaved", "bad"))


def left(feed: AuditionFeed) -> int:
    """Windows of the queue on show without a verdict."""
    if feed.found is None:
        return 0
    return sum((one.recording, one.index) not in feed.verdicts for one in feed.found.items)


def ranked_by(kind: QueueKind, items: Sequence[QueueItem]) -> tuple[str, Sequence[float | None]]:
    """Title and values of what ranks a queue, where the score doesn't; else none."""
    if kind == "auc_loss":
        return "AUC", [one.cost for one in items]
    if kind == "disagreement":
        return "differ", [one.spread for one in items]
    return "", ()


def truth(item: QueueItem | None, kind: QueueKind) -> str:
    """What the labels say of a window, in a queue of errors; else nothing, lest it sway."""
    if item is None or item.truth is None or kind != "auc_loss":
        return ""
    return "labels: there" if item.truth else "labels: not there"


def choice_of(place: AuditionPlace) -> dict[str, Any]:
    """The fields of the choice that shows a remembered place."""
    return {
        "label": place.label,
        "kind": next((one for one in KINDS if one == place.kind), "score"),
        "recordings": place.recordings,
        "hours": place.hours,
        "hide_judged": place.hide_judged,
    }


def queue_titles(feed: AuditionFeed, row: int, predicting: str, came: int = 0) -> tuple[str, str]:
    """What stands in the frame of the queue: above and below.

    Args:
        feed: The state.
        row: Where the cursor is.
        predicting: How far a prediction is; empty where none runs.
        came: How many better windows have come since the queue began.
    """
    found = feed.found
    if found is None or not found.items:
        return "Queue", "…" if feed.loading else ""
    below = f"{left(feed)} left"
    if found.recordings < found.of_recordings:
        if feed.more and not predicting:
            below = f"r adds new files · {below}"
        else:
            so_far = "so far" if predicting else "· R more"
            below = f"{found.recordings:,}/{found.of_recordings:,} files {so_far} · {below}"
    elif found.total > len(found.items):
        below += f" · {found.total:,} in all"
    above = f" · {came} better: r" if came else ""
    return f"Queue {row + 1}/{len(found.items)}{above}", below


def hint(feed: AuditionFeed, species: Species | None, offer: str, predicting: str) -> Content:
    """What to do while there is no window to show.

    Args:
        feed: The state.
        species: The one chosen; None before.
        offer: What R would predict, with the time it takes; empty where it can't.
        predicting: How far a prediction is; empty where none runs.
    """
    if species is None:
        return quiet("No species is chosen. ") + key("/") + quiet(" lists them.")
    if feed.problem:
        return bad(feed.problem)
    if feed.found is None:
        return quiet("The windows are being ranked …")
    found = feed.found
    if not found.recordings and predicting:
        lines = [
            Content.from_markup("[b]Soundscapes are being predicted[/]"),
            quiet(predicting),
            Content(""),
            quiet("The queue begins by itself with the first scores."),
        ]
        return Content("\n").join([*lines, key("6") + quiet(" shows the job")])
    if not found.recordings and offer:
        what, *_ = found.problem.splitlines() or [""]
        lines = [bad(f"{what[:1].upper()}{what[1:]}."), Content("")]
        lines.append(key("R") + quiet(f" predicts {offer}"))
        return Content("\n").join([*lines, key("2") + quiet(" and r predict one soundscape")])
    if not found.recordings and feed.ensemble is None and feed.choice.kind != "clips":
        return quiet(none_fits("e on Scope"))
    lines = [bad(found.problem) if found.problem else quiet("No window fits.")]
    if filters(feed.choice):
        lines += [Content(""), key("F") + quiet(" changes the filter, ") + key("esc")]
        lines[-1] += quiet(" lists all windows again")
    if found.judged:
        text = f"{found.judged} judged windows are left out: "
        lines += [Content(""), quiet(text) + key("H") + quiet(" shows them")]
    return Content("\n").join(lines)


def needed(count: int, part: str, seconds: float) -> str:
    """What a prediction of a part of the dataset is: files and time."""
    time = f", about {duration(seconds)}" if seconds > 0 else ""
    return f"all {count:,} {part} as a job{time}"


def hours_of(text: str) -> tuple[int, int] | None:
    """First and last hour of `5-9`; None of an empty text.

    Raises:
        ValueError: it is no span of hours.

    >>> hours_of("5-9")
    (5, 9)
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d{1,2})\s*(?:h\s*)?[-–]\s*(\d{1,2})\s*h?\s*", text)
    if found is None:
        raise ValueError("two hours of the day, such as 5-9")
    first, second = int(found[1]), int(found[2])
    if first > 24 or second > 24 or first == second:
        raise ValueError("hours from 0 to 24, the second one is left out")
    return first, second


def key(text: str) -> Content:
    """A key to press."""
    return Content.from_markup("[b $footer-key-foreground]$key[/]", key=text)


def quiet(text: str) -> Content:
    """What is not looked at first."""
    return Content.from_markup("[$text-muted]$text[/]", text=text)


def bad(text: str) -> Content:
    """What is wrong, or missing."""
    return Content.from_markup("[$text-warning]$text[/]", text=text)
