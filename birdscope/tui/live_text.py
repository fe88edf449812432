"""What live input says: its feed in words and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.core.types import Taxonomy
from birdscope.core.units import clock
from birdscope.core.windows import WINDOW_S
from birdscope.tui.species_lines import best_species
from birdscope.tui.widgets.top_species import SpeciesScore

if TYPE_CHECKING:
    from birdscope.engine.live_status import LiveStatus
    from birdscope.tui.live_feed import LiveFeed

SILENT_S = 5.0
_STATES = {
    "off": ("○", "$text-muted", "off"),
    "starting": ("◌", "$text-accent", "opening the input …"),
    "listening": ("●", "$text-success", "live"),
    "waiting": ("✗", "$text-error", "no input"),
    "restarted": ("↻", "$text-warning", "starting again …"),
    "failed": ("✗", "$text-error", "ended"),
}


def header(status: LiveStatus, *, held: bool) -> Content:
    """State, time, input, and the recording under way."""
    mark, style, words = _STATES[status.state]
    line = Content.from_markup(f"[b {style}]$mark $words[/]", mark=mark, words=words)
    if status.heard_s:
        line += Content.from_markup("  [b]$time[/]", time=clock(status.heard_s))
    if held:
        line += Content.from_markup("  [b $text-warning]held[/]")
    if status.recording is not None:
        text = f"◉ rec {clock(status.recorded_s)}"
        name = status.recording.name
        line += Content.from_markup("  [b $text-error]$text[/] $name", text=text, name=name)
    if status.device and status.state == "listening":
        kept = "" if status.recording is not None else " · not recorded"
        rate = f"  {status.device} · {status.rate_hz / 1000:g} kHz{kept}"
        line += Content.from_markup("[$text-muted]$rate[/]", rate=rate)
    return line


def trouble(status: LiveStatus) -> Content | None:
    """What is wrong and what to do; None where nothing is."""
    if status.state in ("waiting", "failed", "restarted"):
        line = Content.from_markup("[$text-warning]$text[/]", text=status.text or "no input")
        if status.remedy:
            line += Content.from_markup(" [$text-muted]→ $remedy[/]", remedy=status.remedy)
        return line
    if status.levels.silent_s >= SILENT_S:
        text = "only silence comes"
        remedy = "is the input muted, or may this program not use it? d chooses another"
        line = Content.from_markup("[$text-warning]$text[/]", text=text)
        return line + Content.from_markup(" [$text-muted]→ $remedy[/]", remedy=remedy)
    return None


def facts(feed: LiveFeed, margin_s: float) -> Content:
    """Latency, gaps, windows that had to be left out, steps that need the whole file."""
    status, latency = feed.status, feed.latency_s
    if not status.heard_s:
        return Content("")
    parts = []
    if latency is not None:
        text = f"latency {latency[0]:.2f} s, median {latency[1]:.2f} s"
        heard = f" ({margin_s:g} s of it sound after the window)" if margin_s else ""
        parts.append(("$text-muted", text + heard))
    if status.overflows:
        times = "time" if status.overflows == 1 else "times"
        parts.append(("$text-warning", f"sound was lost {status.overflows} {times}"))
    else:
        parts.append(("$text-muted", "no sound lost"))
    if status.skipped:
        noun = "window" if status.skipped == 1 else "windows"
        parts.append(("$text-warning", f"{status.skipped} {noun} not predicted"))
    if status.waiting > 1:
        parts.append(("$text-warning", f"{status.waiting} windows wait"))
    if feed.left_out:
        steps, need = ", ".join(feed.left_out), "need" if feed.left_out[1:] else "needs"
        parts.append(("$text-muted", f"without {steps}: {need} the whole file"))
    line = Content()
    for number, (style, text) in enumerate(parts):
        line += Content.from_markup(
            f"[{style}]$text[/]", text=(" · " if number else "") + text
        )  # fmt: skip
    return line


def top_of(
    feed: LiveFeed, taxonomy: Taxonomy, number: int, chosen: int | None
) -> tuple[str, list[SpeciesScore], tuple[str, ...], str]:
    """Title, scores, members and hint for the list beside the charts.

    Args:
        feed: What is known.
        taxonomy: Names of the species.
        number: The window, since the beginning.
        chosen: Column of the selected species; None where none is.
    """
    windows, blended = feed.windows, feed.blended
    title = f"{clock(number * WINDOW_S)}–{clock((number + 1) * WINDOW_S)}"
    if windows is None or blended is None:
        return title, [], (), "no window yet"
    place = number - windows.first
    scores = []
    if 0 <= place < len(blended.probabilities):
        scores = best_species(blended, place, windows.classes, taxonomy, chosen)
    if not scores:
        return title, [], (), "is being heard …" if place >= 0 else "no longer there"
    return title, scores, blended.members, ""


def hint(feed: LiveFeed, engine_says: str) -> Content:
    """What is going on before there are probabilities."""
    if engine_says:
        return Content.from_markup("[$text-warning]$text[/]", text=engine_says)
    if feed.problem:
        return Content.from_markup("[$text-warning]$text[/]", text=feed.problem)
    if feed.status.state != "listening":
        return Content("")
    left_s = max(WINDOW_S - feed.status.heard_s, 0.0)
    text = f"The first window ends in {left_s:.0f} s …" if left_s else "It is being predicted …"
    return Content.from_markup("[$text-muted]$text[/]", text=text)
