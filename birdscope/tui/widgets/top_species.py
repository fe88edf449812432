"""The best species of one window: bars, numbers, and how the members differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.strip import Strip
from textual.widget import Widget

from birdscope.tui.short_names import cut, told_apart

Line = list[Segment]

HEIGHTS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class SpeciesScore:
    """One line of the list.

    Attributes:
        label: Code of the species.
        name: Its name for people.
        probability: Of the blend, 0 to 1.
        members: Of each member alone, in the order of the legend.
        selected: Whether its row of the heat map is selected.
    """

    label: str
    name: str
    probability: float
    members: tuple[float, ...]
    selected: bool = False


class TopSpecies(Widget):
    """A list of species with bars; one, two or three lines for each, as there is room."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "top--title",
        "top--name",
        "top--code",
        "top--bar",
        "top--track",
        "top--number",
        "top--selected",
        "top--hint",
        "top--member-0",
        "top--member-1",
        "top--member-2",
        "top--member-3",
    }
    DEFAULT_CSS = """
    TopSpecies {
        width: 1fr;
        height: 1fr;
        & > .top--title { text-style: bold; }
        & > .top--name { color: $text; }
        & > .top--code { color: $text-muted; }
        & > .top--bar { color: $foreground 75%; }
        & > .top--track { color: $border; }
        & > .top--number { color: $text; text-style: bold; }
        & > .top--selected { color: $accent; text-style: bold; }
        & > .top--hint { color: $text-muted; }
        & > .top--member-0 { color: #5fb3b3; }
        & > .top--member-1 { color: #d19a66; }
        & > .top--member-2 { color: #a390f0; }
        & > .top--member-3 { color: #8fbf6a; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = ""
        self._hint = ""
        self._members: tuple[str, ...] = ()
        self._scores: tuple[SpeciesScore, ...] = ()
        self._lines: list[Strip] | None = None
        self._blank = Strip.blank(0)

    @property
    def scores(self) -> tuple[SpeciesScore, ...]:
        """What is shown."""
        return self._scores

    def show(
        self,
        title: str,
        scores: Sequence[SpeciesScore],
        members: Sequence[str] = (),
        hint: str = "",
    ) -> None:
        """Show a window.

        Args:
            title: Which window.
            scores: Best first.
            members: Names of the ensemble's members, for the legend.
            hint: Said where there are no scores.
        """
        shown = (title, tuple(scores), tuple(members), hint)
        if shown != (self._title, self._scores, self._members, self._hint):
            self._title, self._scores, self._members, self._hint = shown
            self._redraw()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters but ANSIToTruecolor: every colour here is truecolor already."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_line(self, y: int) -> Strip:
        """One line of the list."""
        if self._lines is None:
            # the style under them is costly to find: once for all lines
            base, width = self.rich_style, self.size.width
            drawn = [Strip(line).apply_style(base) for line in self._draw(*self.size)]
            self._lines = [one.adjust_cell_length(width, base) for one in drawn]
            self._blank = Strip.blank(width, base)
        return self._lines[y] if y < len(self._lines) else self._blank

    def on_resize(self) -> None:
        """More or fewer lines for each species."""
        self._redraw()

    def notify_style_update(self) -> None:
        """Colours may have changed."""
        super().notify_style_update()
        self._redraw()

    def _redraw(self) -> None:
        self._lines = None
        self.refresh()

    def _draw(self, width: int, height: int) -> list[Line]:
        """The list in as many lines as fit."""
        title = Segment(cut(self._title, width), self._style("title"))
        if not self._scores:
            return [[title], [], [Segment(cut(self._hint, width), self._style("hint"))]]
        room = height - 1 - bool(self._members)
        # a single member says the same as the blend: no line of its own
        most = 3 if len(self._members) > 1 else 2
        # eight with their names whole say more than ten with names cut
        each = most if room >= 10 * most else 2 if room >= 16 else 1
        lines = [[title]]
        scores = self._scores[: max(1, room // each)]
        if each == 1:
            names = told_apart([one.name for one in scores], self._name_cells(width) - 1)
            scores = tuple(replace(one, name=name) for one, name in zip(scores, names, strict=True))
        for score in scores:
            lines += self._entry(score, width, each)
        if self._members:
            lines += [[] for _ in range(height - 1 - len(lines))]
            lines.append(self._legend(width))
        return lines

    def _entry(self, score: SpeciesScore, width: int, lines: int) -> list[Line]:
        if lines == 1:
            return [self._compact(score, width)]
        if lines == 2:
            return [self._heading(score, width), self._bar_line(score, width)]
        whole = self._bar(score.probability, width, "bar")
        return [self._heading(score, width), whole, self._member_line(score, width)]

    def _compact(self, score: SpeciesScore, width: int) -> Line:
        """One line: name, bar, percent, a column for each member."""
        style = self._style("selected" if score.selected else "name")
        return [
            Segment(f"{cut(score.name, self._name_cells(width))} ", style),
            *self._bar(score.probability, self._bar_cells(width), "bar"),
            Segment(f" {_percent(score.probability):>2} ", self._style("number")),
            *self._columns(score),
        ]

    @property
    def _strips(self) -> int:
        return len(self._scores[0].members)

    def _bar_cells(self, width: int) -> int:
        return max(4, min(12, (width - self._strips - 5) // 4))

    def _name_cells(self, width: int) -> int:
        return width - self._bar_cells(width) - self._strips - 5

    def _heading(self, score: SpeciesScore, width: int) -> Line:
        name_style = self._style("selected" if score.selected else "name")
        code = "" if score.label == score.name else f" {score.label}"
        room = width - 5
        name = score.name
        if cell_len(name) <= room < cell_len(name) + cell_len(code):
            code = ""
        elif cell_len(name) + cell_len(code) > room:
            name = cut(name, max(room - cell_len(code), room // 2))
        code = cut(code, room - cell_len(name))
        return [
            Segment(name, name_style),
            Segment(code, self._style("code")),
            Segment(f" {_decimal(score.probability)}", self._style("number")),
        ]

    def _bar_line(self, score: SpeciesScore, width: int) -> Line:
        if len(score.members) < 2:
            return self._bar(score.probability, width, "bar")
        bar = self._bar(score.probability, width - len(score.members) - 1, "bar")
        return [*bar, Segment(" "), *self._columns(score)]

    def _member_line(self, score: SpeciesScore, width: int) -> Line:
        line: Line = []
        each = width // max(len(score.members), 1)
        for number, value in enumerate(score.members):
            line += self._bar(value, max(each - 5, 1), f"member-{number % 4}")
            line.append(Segment(f" {_percent(value):>2}  ", self._style("code")))
        return line

    def _bar(self, value: float, width: int, style: str) -> Line:
        """A line of `width` cells, filled to half a cell, on a faint track."""
        halves = round(min(max(value, 0.0), 1.0) * width * 2)
        full, half = divmod(halves, 2)
        return [
            Segment("━" * full + "╸" * half, self._style(style)),
            Segment("━" * (width - full - half), self._style("track")),
        ]

    def _columns(self, score: SpeciesScore) -> Line:
        """A column of eighths for each member."""
        return [
            Segment(HEIGHTS[_eighths(value)], self._style(f"member-{number % 4}"))
            for number, value in enumerate(score.members)
        ]

    def _legend(self, width: int) -> Line:
        line: Line = []
        room = width
        for number, name in enumerate(self._members):
            shown = cut(name, min(cell_len(name), max(room - 4, 0)))
            line.append(Segment("■ ", self._style(f"member-{number % 4}")))
            line.append(Segment(f"{shown}  ", self._style("hint")))
            room -= cell_len(shown) + 4
        return line

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"top--{name}", partial=True)


def _eighths(value: float) -> int:
    eighths = round(min(max(value, 0.0), 1.0) * 8)
    return max(eighths, 1) if value > 0.02 else eighths


def _decimal(value: float) -> str:
    """Two places; 1.00 only where it is 1.

    >>> _decimal(0.999), _decimal(1.0)
    ('0.99', '1.00')
    """
    return f"{value if value >= 1.0 else min(value, 0.99):4.2f}"


def _percent(value: float) -> str:
    return f"{min(round(value * 100), 99):02d}"
