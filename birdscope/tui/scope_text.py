"""What Scope says: its feed in words, rows and lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.core.types import Taxonomy
from birdscope.core.units import clock
from birdscope.core.windows import WINDOW_S
from birdscope.dataset.times import recorded_at
from birdscope.tui.ensembles import none_fits
from birdscope.tui.listing import site_of
from birdscope.tui.scope_stack import OWN, Shown
from birdscope.tui.species_lines import best_species
from birdscope.tui.widgets.top_species import SpeciesScore

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.tui.scope_feed import Feed


def header(feed: Feed, span: str, look: str = "") -> Content:
    """The recording, what is seen of it, how many windows are done, the ensemble.

    Args:
        feed: What is known.
        span: What is seen.
        look: What of the usual look of the heat map is changed.
    """
    assert feed.recording is not None
    compared = feed.stack is not None and bool(feed.stack.side)
    line = Content.from_markup("[b]$name[/]", name=feed.recording.name)
    if compared:
        # first: where there is little room it is the rest that is cut
        line += side(feed)
    if span:
        whole = f" of {clock(feed.duration_s)}" if feed.duration_s > 60.5 else ""
        line += Content.from_markup("  [$text-accent]$span[/]", span=span + whole)
        text = f"  {len(feed.done)}/{feed.n_windows} windows"
        line += Content.from_markup("[$text-muted]$text[/]", text=text)
    if look:
        line += Content.from_markup("  [b $text-accent]$look[/]", look=look)
    if feed.ensemble is not None:
        text = f"  {feed.ensemble.name}"
        line += Content.from_markup("[$text-muted]$text[/]", text=text)
    return line if compared else line + side(feed)


def facts(feed: Feed, labelled: int, verdicts: int, marks: str) -> Content:
    """What is known of the recording, a line each, for the corner beside the spectrogram.

    Args:
        feed: What is known.
        labelled: Species that are labelled in it.
        verdicts: How many were given on it.
        marks: What the marks in the cells mean.
    """
    if feed.recording is None or not feed.duration_s:
        return Content("")
    key, stack = feed.recording.key, feed.stack
    when = recorded_at(key)
    lines = [
        ("site", site_of(key) if when is not None else ""),
        ("date", f"{when:%Y-%m-%d}" if when is not None else ""),
        ("time", f"{when:%H:%M}" if when is not None else ""),
        ("length", clock(feed.duration_s)),
        ("settings", _settings_name(stack)),
        ("labels", f"{labelled} species" if labelled else ""),
        ("verdicts", str(verdicts) if verdicts else ""),
    ]
    text = Content("\n").join(
        Content.from_markup("[$text-muted]$name[/] $value", name=f"{name:<8}", value=value)
        for name, value in lines
        if value
    )
    return text + Content.from_markup("\n\n[$text-muted]$marks[/]", marks=marks) if marks else text


def _settings_name(stack: Shown | None) -> str:
    if stack is None:
        return ""
    return "ensemble's own" if stack.name == OWN else stack.name


def side(feed: Feed) -> Content:
    """Before or after which settings; nothing where the ensemble's own are simply used."""
    stack = feed.stack
    if stack is None:
        return Content("")
    if stack.problem:
        return Content.from_markup("  [$text-warning]$text[/]", text=stack.problem)
    if stack.pair is not None:
        return _of_pair(stack.pair, "" if feed.changes else stack.side)
    if not stack.side:
        return Content("")
    mark = "◐ BEFORE" if stack.side == "before" else "◑ after"
    style = "b $text-accent" if stack.side == "before" else "$text-success"
    return Content.from_markup(f"  [{style}]$mark[/] $name", mark=mark, name=stack.name)


def _of_pair(names: tuple[str, str], side: str) -> Content:
    """Both settings, that on show marked; their difference where no side is."""
    first, second = names
    if not side:
        return Content.from_markup(
            "  [b $text-accent]Δ[/] B $second − A $first", first=first, second=second
        )
    line = Content("")
    for mark, name, here in (("A", first, "before"), ("B", second, "after")):
        style = "b $text-accent" if side == here else "$text-muted"
        sign = "●" if side == here else " "
        line += Content.from_markup(f" [{style}]{sign}{mark} $name[/]", name=name)
    return line


def hint(feed: Feed, catalog: bool) -> Content:
    """What to do while there is nothing to show."""
    if not catalog:
        return _quiet("The dataset is being opened …")
    if feed.recording is None:
        return _quiet("No soundscape is open: o chooses one.")
    if feed.problem:
        return _bad(feed.problem)
    if feed.ensemble_missing:
        return _quiet(none_fits("e"))
    if feed.ensemble_problem:
        key = Content.from_markup(
            "[b $footer-key-foreground]e[/] [$text-muted]chooses another ensemble[/]\n\n"
        )
        return key + _bad(said_once(feed.ensemble_problem))
    state = feed.engine.status.state
    if feed.remaining and state == "busy":
        return _quiet("The first window is being predicted …")
    waiting = "" if state in ("ready", "busy") else "\n\nThe ensemble is being loaded meanwhile."
    keys = Content.from_markup(
        "[b $footer-key-foreground]space[/] plays, predictions run ahead of the sound\n"
        "[b $footer-key-foreground]r[/] predicts the whole file"
    )
    return _quiet("No predictions yet\n\n") + keys + _quiet(waiting)


def why_not(feed: Feed) -> str:
    """Why nothing can be predicted now; empty where it can."""
    if feed.recording is None:
        return "No soundscape is open: o chooses one."
    if feed.problem:
        return feed.problem
    if feed.ensemble_missing:
        return none_fits("e")
    if feed.ensemble_problem:
        return said_once(feed.ensemble_problem)
    status = feed.engine.status
    if status.state == "failed":
        return f"{status.text}\n→ {status.remedy}"
    return "" if feed.can_predict else "No ensemble is loaded: e chooses one."


def said_once(problem: str) -> str:
    r"""A problem of several members; what is equal for them comes once, after the rest.

    >>> said_once("a is missing\n→ put it there\nb is missing\n→ put it there").splitlines()
    ['a is missing', 'b is missing', '→ put it there']
    """
    lines = problem.splitlines()
    return "\n".join(
        line for number, line in enumerate(lines, start=1) if line not in lines[number:]
    )


def empty_rows(n_windows: int) -> tuple[Sequence[str], npt.NDArray[np.float32]]:
    """One row of windows without numbers."""
    import numpy as np

    return [""], np.full((1, n_windows), np.nan, np.float32)


def row_values(feed: Feed, rows: Sequence[int]) -> npt.NDArray[np.float32]:
    """Rows of the heat map, float32 [species, windows]; differences where these are wanted."""
    import numpy as np

    from birdscope.engine.arranging import difference

    assert feed.blended is not None
    shown = feed.blended.probabilities
    if feed.changes and feed.other is not None:
        shown = difference(shown, feed.other.probabilities)
    return np.ascontiguousarray(shown[:, list(rows)].T)


def top_of(
    feed: Feed, taxonomy: Taxonomy, window: int, chosen: int | None
) -> tuple[str, list[SpeciesScore], tuple[str, ...], str]:
    """Title, scores, members and hint for the list beside the charts.

    Args:
        feed: What is known.
        taxonomy: Names of the species.
        window: The selected window.
        chosen: Column of the selected species; None where none is.
    """
    if not feed.n_windows:
        return "", [], (), ""
    span = f"{clock(window * WINDOW_S)}–{clock((window + 1) * WINDOW_S)}"
    title = f"Window {window + 1} · {span}"
    blended = feed.blended
    scores = []
    if blended is not None:
        scores = best_species(blended, window, feed.classes, taxonomy, chosen)
    if blended is None or not scores:
        busy = window in feed.remaining
        return title, [], (), "is being predicted …" if busy else "not predicted yet"
    return title, scores, blended.members, ""


def _quiet(text: str) -> Content:
    return Content.from_markup("[$text-muted]$text[/]", text=text)


def _bad(text: str) -> Content:
    return Content.from_markup("[$text-warning]$text[/]", text=text)
