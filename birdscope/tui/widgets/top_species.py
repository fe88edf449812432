"""The best species of one window: bars, numbers, and how the members differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

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
        & > .top--bar { color: $primary; }
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
            self.refresh()

    def render(self) -> Text:
        """The list in as many lines as fit."""
        width, height = self.size
        lines = [Text(set_cell_size(self._title, width), self._style("title"))]
        if not self._scores:
            lines += [Text(), Text(self._hint, self._style("hint"))]
            return Text("\n").join(lines)
        legend = self._legend(width)
        room = height - 1 - (1 if legend else 0)
        each = min(3, max(1, room // 10))
        for score in self._scores[: max(1, room // each)]:
            lines += self._entry(score, width, each)
        if legend:
            lines += [Text()] * (height - 1 - len(lines)) + [legend]
        return Text("\n", no_wrap=True).join(lines)

    def _entry(self, score: SpeciesScore, width: int, lines: int) -> list[Text]:
        if lines == 1:
            return [self._compact(score, width)]
        if lines == 2:
            return [self._heading(score, width), self._bar_line(score, width)]
        whole = Text()
        self._draw_bar(whole, score.probability, width, "bar")
        return [self._heading(score, width), whole, self._member_line(score, width)]

    def _compact(self, score: SpeciesScore, width: int) -> Text:
        """One line: name, bar, percent, a column for each member."""
        strips = len(score.members)
        bar = max(4, min(12, (width - strips - 5) // 4))
        style = self._style("selected" if score.selected else "name")
        line = Text(f"{cut(score.name, width - bar - strips - 5)} ", style)
        self._draw_bar(line, score.probability, bar, "bar")
        line.append(f" {_percent(score.probability):>2} ", self._style("number"))
        return self._draw_columns(line, score)

    def _heading(self, score: SpeciesScore, width: int) -> Text:
        name_style = self._style("selected" if score.selected else "name")
        code = "" if score.label == score.name else f" {score.label}"
        room = width - 5
        name = cut(score.name, max(room - cell_len(code), room // 2)).rstrip()
        line = Text(name, name_style).append(code, self._style("code"))
        line.truncate(room)
        line.append(" " * (room - line.cell_len))
        return line.append(f" {score.probability:4.2f}", self._style("number"))

    def _bar_line(self, score: SpeciesScore, width: int) -> Text:
        line = Text()
        self._draw_bar(line, score.probability, width - len(score.members) - 1, "bar")
        return self._draw_columns(line.append(" "), score)

    def _member_line(self, score: SpeciesScore, width: int) -> Text:
        line = Text()
        each = width // max(len(score.members), 1)
        for number, value in enumerate(score.members):
            self._draw_bar(line, value, max(each - 5, 1), f"member-{number % 4}")
            line.append(f" {_percent(value):>2}  ", self._style("code"))
        return line

    def _draw_bar(self, line: Text, value: float, width: int, style: str) -> None:
        """A line of `width` cells, filled to half a cell, on a faint track."""
        halves = round(min(max(value, 0.0), 1.0) * width * 2)
        full, half = divmod(halves, 2)
        line.append("━" * full + "╸" * half, self._style(style))
        line.append("━" * (width - full - half), self._style("track"))

    def _draw_columns(self, line: Text, score: SpeciesScore) -> Text:
        """A column of eighths for each member."""
        for number, value in enumerate(score.members):
            line.append(HEIGHTS[_eighths(value)], self._style(f"member-{number % 4}"))
        return line

    def _legend(self, width: int) -> Text | None:
        if not self._members:
            return None
        line = Text(no_wrap=True)
        for number, name in enumerate(self._members):
            line.append("■ ", self._style(f"member-{number % 4}")).append(
                f"{name}  ", self._style("hint")
            )
        line.truncate(width, overflow="ellipsis")
        return line

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"top--{name}", partial=True)


def _eighths(value: float) -> int:
    eighths = round(min(max(value, 0.0), 1.0) * 8)
    return max(eighths, 1) if value > 0.02 else eighths


def _percent(value: float) -> str:
    return f"{min(round(value * 100), 99):02d}"


def cut(text: str, width: int) -> str:
    """The text in exactly `width` cells, with an ellipsis where it is too long."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(width - 1, 0)) + "…"
