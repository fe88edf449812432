"""One line that says what the engine does now."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from birdscope.core.units import clock, duration
from birdscope.core.windows import WINDOW_S

if TYPE_CHECKING:
    from birdscope.engine.status import EngineStatus

_MARKS = {
    "off": ("○", "quiet"),
    "starting": ("◌", "busy"),
    "idle": ("○", "quiet"),
    "warming": ("◌", "busy"),
    "ready": ("●", "good"),
    "busy": ("◆", "busy"),
    "failed": ("✗", "bad"),
    "restarted": ("↻", "warn"),
}
_METER = 8


class EngineLine(Widget):
    """State of the engine: a mark, words, a meter while something is under way."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "engine--quiet",
        "engine--busy",
        "engine--good",
        "engine--bad",
        "engine--warn",
        "engine--text",
    }
    DEFAULT_CSS = """
    EngineLine {
        height: 1;
        & > .engine--quiet { color: $text-muted; }
        & > .engine--busy { color: $accent; }
        & > .engine--good { color: $success; }
        & > .engine--bad { color: $error; }
        & > .engine--warn { color: $warning; }
        & > .engine--text { color: $text-muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = Text()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.plain

    def show(self, status: EngineStatus, remaining: tuple[int, ...], share: float) -> None:
        """Show a state.

        Args:
            status: The engine's.
            remaining: Windows still to be predicted, the present one first.
            share: Of the recording's windows that are done, 0 to 1.
        """
        mark, tone = _MARKS[status.state]
        line = Text(f"{mark} ", self._style(tone), no_wrap=True, overflow="ellipsis")
        line.append(f"engine {status.state}", self._style(tone))
        for part in _parts(status, remaining):
            line.append(f" · {part}", self._style("text"))
        if status.state == "warming":
            share = (status.done or 0) / status.total if status.total else 0.0
        if status.state in ("warming", "busy"):
            line.append(" ").append(_meter(share), self._style(tone))
        if line != self._text:
            self._text = line
            self.tooltip = status.remedy or None
            self.refresh()

    def render(self) -> Text:
        """The line."""
        return self._text

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"engine--{name}", partial=True)


def _parts(status: EngineStatus, remaining: tuple[int, ...]) -> list[str]:
    if status.state == "warming":
        step = f"{status.done:.0f}/{status.total:.0f} " if status.total and status.done else ""
        return [step + (status.text or "loading")]
    if status.state in ("failed", "restarted", "starting", "idle"):
        return [part for part in (status.text.splitlines()[0] if status.text else "",) if part]
    parts = [status.ensemble] if status.ensemble else []
    if status.window_s > 0:
        parts.append(f"{status.window_s:.2g} s/window")
    if remaining and status.state == "busy":
        parts.append(f"now {clock(remaining[0] * WINDOW_S)}")
        left_s = len(remaining) * status.window_s
        parts.append(f"{len(remaining)} to go" + (f", {duration(left_s)}" if left_s > 3 else ""))
    return parts


def _meter(share: float) -> str:
    full = round(min(max(share, 0.0), 1.0) * _METER)
    return "━" * full + "╌" * (_METER - full)
