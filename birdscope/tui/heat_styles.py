"""Text and style of a heat map's cell."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style

from birdscope.tui import palettes
from birdscope.tui.cell_styles import RAMP
from birdscope.tui.palettes import Rgb

_NUMBERS_FROM = 2
_FAINT = 0.2
_HUNDREDTHS = 100
_NO_RAMP = str.maketrans(RAMP, " " * len(RAMP))


class HeatStyles:
    """Colours for values of 0 to 1; faint ones fade into the ground.

    Args:
        palette: Name of the palette.
        ground: The widget's background.
        plain: Style of characters where there are no colours.
        colours: False draws the numbers plainly, between characters of a ramp where they fit.
    """

    def __init__(self, palette: str, ground: Rgb, plain: Style, *, colours: bool) -> None:
        self._table = palettes.table(palette, _HUNDREDTHS)
        self._ground = ground
        self._plain = plain
        self._colours = colours
        self._styles: dict[int, Style] = {}

    def cell(self, value: float, width: int) -> tuple[str, Style]:
        """What is drawn for a value in `width` cells: its hundredths where they fit."""
        level = min(max(int(value * _HUNDREDTHS + 0.5), 0), _HUNDREDTHS - 1)
        number = f"{level:02d}" if level and width >= _NUMBERS_FROM else ""
        if not self._colours:
            return number.center(width, RAMP[level * len(RAMP) // _HUNDREDTHS]), self._plain
        return number.center(width), self._styles.get(level) or self._make(level)

    def under_cursor(self, text: str, style: Style) -> tuple[str, Style]:
        """What is drawn for a cell under the cursor; without colours, its number in reverse."""
        if self._colours:
            return text, style
        return text.translate(_NO_RAMP), self._plain + Style(bold=True, reverse=True)

    def _make(self, level: int) -> Style:
        share = min(1.0, level / _HUNDREDTHS / _FAINT)
        colour = palettes.blend(self._ground, self._table[level], 0.25 + 0.75 * share)
        ink = (0, 0, 0) if palettes.luminance(colour) > 0.5 else (255, 255, 255)
        ink = palettes.blend(colour, ink, 0.85 if level >= 10 else 0.45)
        style = Style.from_color(Color.from_rgb(*ink), Color.from_rgb(*colour))
        self._styles[level] = style
        return style
