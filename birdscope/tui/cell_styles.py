"""Rich styles for coloured cells, made once and kept; and a ramp of characters without colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from birdscope.tui import palettes
from birdscope.tui.palettes import Rgb

if TYPE_CHECKING:
    from rich.console import Console

RAMP = " ░▒▓█"
LINE = "▏"
_WHITE: Rgb = (255, 255, 255)


def has_colours(console: Console, no_color: bool) -> bool:
    """Whether a palette can be shown: 256 colours or more, and NO_COLOR not set."""
    return not no_color and console.color_system in ("256", "truecolor")


class CellSegment(Segment):
    """Some equal cells; `textual.strip.Strip` may be joined of them like of any segments.

    Attributes:
        sequence: Escape sequences and text, once they were asked for; see `exact_updates`.
    """

    sequence: str | None = None


class _Segments(dict[int, CellSegment]):
    """Run of equal cells → its segment, made when first asked for."""

    def __init__(self, make: Callable[[int], CellSegment]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, run: int) -> CellSegment:
        made = self[run] = self._make(run)
        return made


class CellStyles:
    """Segments for the codes of `birdscope.tui.raster`.

    Args:
        palette: Name of the palette.
        accent: Colour of selected columns.
        empty: Style of cells without data.
        colours: False draws characters of RAMP instead of colours.
    """

    def __init__(self, palette: str, accent: Rgb, empty: Style, *, colours: bool = True) -> None:
        from birdscope.tui import raster

        self._raster = raster
        self._table = palettes.table(palette, raster.LEVELS)
        self._accent = accent
        self._empty = empty
        self._colours = colours
        self._rich: dict[Rgb, Color] = {}
        self._styles: dict[int, tuple[str, Style]] = {}
        self._segments = _Segments(self._make)
        self._over: dict[tuple[int, str, Style], CellSegment] = {}

    def segments(self, runs: Iterable[int]) -> list[CellSegment]:
        """Cells of runs of equal ones, see `birdscope.tui.raster.runs_of`."""
        return list(map(self._segments.__getitem__, runs))

    def over(self, code: int, character: str, style: Style) -> CellSegment:
        """A character over a cell, on the cell's colour."""
        found = self._over.get((code, character, style))
        if found is None:
            behind = self.background(code)
            whole = style + Style.from_color(None, behind) if behind else style
            found = self._over[code, character, style] = CellSegment(character, whole)
        return found

    def background(self, code: int) -> Color | None:
        """The colour behind something drawn over a cell; None where there is no colour."""
        if code == self._raster.MISSING or not self._colours:
            return None
        _, _, lower = self._raster.code_parts(code)
        return self._colour(self._table[lower])

    def _make(self, run: int) -> CellSegment:
        code, length = self._raster.run_parts(run)
        if code not in self._styles:
            self._styles[code] = self._cell(code)
        character, style = self._styles[code]
        return CellSegment(character * length, style)

    def _cell(self, code: int) -> tuple[str, Style]:
        if code == self._raster.MISSING:
            return " ", self._empty
        variant, upper, lower = self._raster.code_parts(code)
        if not self._colours:
            index = (upper + lower) * len(RAMP) // (2 * self._raster.LEVELS)
            return ("┊" if variant and index == 0 else RAMP[index]), self._empty
        top, bottom = self._table[upper], self._table[lower]
        if variant:
            behind = palettes.blend(top, bottom, 0.5)
            line = self._line(variant, behind)
            return LINE, Style.from_color(self._colour(line), self._colour(behind))
        character = " " if top == bottom else "▀"
        return character, Style.from_color(self._colour(top), self._colour(bottom))

    def _line(self, variant: int, behind: Rgb) -> Rgb:
        """The colour of a thin line at the left edge of a cell."""
        if variant == self._raster.SELECTED:
            return self._accent
        towards = _WHITE if palettes.luminance(behind) < 0.6 else (0, 0, 0)
        return palettes.blend(behind, towards, 0.35)

    def _colour(self, rgb: Rgb) -> Color:
        if rgb not in self._rich:
            self._rich[rgb] = Color.from_rgb(*rgb)
        return self._rich[rgb]
