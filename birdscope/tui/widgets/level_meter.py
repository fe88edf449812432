"""A level meter: mean and peak, a peak that is held, and a mark for clipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from birdscope.audio.live_levels import Levels

LOWEST_DB = -60.0
LOUD_DB, HOT_DB = -18.0, -6.0
CLIP_SHOWN_S = 3.0
_NUMBERS = 25


class LevelMeter(Widget):
    """One line from -60 dB to full scale; the mark for clipping stays for three seconds.

    After it a count of clipped samples stays, so that nobody must watch.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "meter--good", "meter--loud", "meter--hot", "meter--track", "meter--number",
        "meter--clip", "meter--clipped",
    }  # fmt: skip
    DEFAULT_CSS = """
    LevelMeter {
        height: 1;
        & > .meter--good { color: $success; }
        & > .meter--loud { color: $warning; }
        & > .meter--hot { color: $error; }
        & > .meter--track { color: $border; }
        & > .meter--number { color: $text-muted; }
        & > .meter--clip { color: $background; background: $error; text-style: bold; }
        & > .meter--clipped { color: $error; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._levels: Levels | None = None

    @property
    def clipping(self) -> bool:
        """Whether the mark for clipping is shown."""
        return self._levels is not None and self._levels.clipped_ago_s < CLIP_SHOWN_S

    def show(self, levels: Levels | None) -> None:
        """Show levels; None shows an empty meter."""
        if levels != self._levels:
            self._levels = levels
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        text, mark = self._numbers()
        bar = max(width - max(len(text) + len(mark[0]), _NUMBERS) - 2, 4)
        segments = [*self._bar(bar), Segment(f" {text}", self._style("number"))]
        segments.append(Segment(mark[0], self._style(mark[1])))
        base = self.rich_style
        return Strip(segments).apply_style(base).adjust_cell_length(width, base)

    def _numbers(self) -> tuple[str, tuple[str, str]]:
        """Mean and held peak in dB; the mark and its style."""
        if self._levels is None:
            return "", ("", "number")
        mean_db, held_db = self._levels.mean_db, self._levels.held_db
        text = f"mean{_db(mean_db)} · peak{_db(held_db)} dB "
        if self.clipping:
            return text, (" CLIP ", "clip")
        clipped = self._levels.clipped
        return text, (f"clipped {clipped}" if clipped else "", "clipped")

    def _bar(self, width: int) -> list[Segment]:
        mean, peak, held = (0, 0, -1)
        if self._levels is not None:
            mean, peak = (
                _cells(one, width) for one in (self._levels.mean_db, self._levels.peak_db)
            )
            held = _cells(self._levels.held_db, width) - 1
        segments = []
        for cell in range(width):
            style = self._style(_zone(cell, width))
            if cell == held:
                segments.append(Segment("┃", style))
            elif cell < peak:
                segments.append(Segment("━" if cell < mean else "╍", style))
            else:
                segments.append(Segment("─", self._style("track")))
        return list(Segment.simplify(segments))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"meter--{name}", partial=True)


def _cells(level_db: float, width: int) -> int:
    """Cells that a level fills.

    >>> _cells(-30.0, 40)
    20
    """
    return round(min(max(1 - level_db / LOWEST_DB, 0.0), 1.0) * width)


def _zone(cell: int, width: int) -> str:
    level_db = LOWEST_DB * (1 - (cell + 1) / width)
    return "hot" if level_db > HOT_DB else "loud" if level_db > LOUD_DB else "good"


def _db(level_db: float) -> str:
    return f"{level_db:4.0f}" if level_db > -99.5 else "  −∞"
