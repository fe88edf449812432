"""Rich styles for coloured cells, made once and kept; and a ramp of characters without colour."""

from __future__ import annotations

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
        self._segments: dict[tuple[int, int], Segment] = {}

    def segment(self, code: int, length: int) -> Segment:
        """`length` equal cells."""
        found = self._segments.get((code, length))
        if found is None:
            character, style = self._styles.get(code) or self._make(code)
            found = self._segments[code, length] = Segment(character * length, style)
        return found

    def background(self, code: int) -> Color | None:
        """The colour behind something drawn over a cell; None where there is no colour."""
        if code == self._raster.MISSING or not self._colours:
            return None
        _, _, lower = self._raster.code_parts(code)
        return self._colour(self._table[lower])

    def _make(self, code: int) -> tuple[str, Style]:
        made = self._cell(code)
        self._styles[code] = made
        return made

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
