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
_DIMMED = 0.12
_SIGN_FROM = 3
_MORE: Rgb = (64, 186, 140)
_LESS: Rgb = (226, 106, 88)
_NO_RAMP = str.maketrans(RAMP, " " * len(RAMP))


class HeatStyles:
    """Colours for values of 0 to 1; faint ones fade into the ground.

    Args:
        palette: Name of the palette.
        ground: The widget's background.
        plain: Style of characters where there are no colours.
        colours: False draws the numbers plainly, between characters of a ramp where they fit.

    Attributes:
        plain: See above.
    """

    def __init__(self, palette: str, ground: Rgb, plain: Style, *, colours: bool) -> None:
        self._table = palettes.table(palette, _HUNDREDTHS)
        self._ground = ground
        self.plain = plain
        self._colours = colours
        self._styles: dict[int, Style] = {}
        self._dim: Style | None = None

    def cell(self, value: float, width: int, *, dimmed: bool = False) -> tuple[str, Style]:
        """What is drawn for a value in `width` cells: its hundredths where they fit.

        Args:
            value: 0 to 1; only 1 itself is drawn as 100, and only where that fits.
            width: Cells.
            dimmed: Whether it is under the threshold.
        """
        level = min(max(int(value * _HUNDREDTHS + 0.5), 0), _HUNDREDTHS - 1)
        number = f"{level:02d}" if level and width >= _NUMBERS_FROM else ""
        if value >= 1.0 and width > _NUMBERS_FROM:
            number = str(_HUNDREDTHS)
        if not self._colours:
            ramp = " " if dimmed else RAMP[level * len(RAMP) // _HUNDREDTHS]
            return number.center(width, ramp), self.plain
        if dimmed:
            return number.center(width), self._dimmed()
        return number.center(width), self._styles.get(level) or self._make(level)

    def change(self, value: float, width: int) -> tuple[str, Style]:
        """What is drawn for a difference of -1 to 1: signed hundredths, green up, red down."""
        level = round(value * _HUNDREDTHS)
        number = f"{level:+d}" if level and width >= _SIGN_FROM else ""
        if level and not number:
            number = "+" if level > 0 else "-"
        if not self._colours or not level:
            return number.center(width), self.plain
        share = min(1.0, 0.2 + 1.6 * abs(level) / _HUNDREDTHS)
        colour = palettes.blend(self._ground, _MORE if level > 0 else _LESS, share)
        return number.center(width), _on(colour, 0.9)

    def _dimmed(self) -> Style:
        if self._dim is None:
            colour = palettes.blend(self._ground, self._table[_HUNDREDTHS // 2], _DIMMED)
            self._dim = _on(colour, 0.35)
        return self._dim

    def under_cursor(self, text: str, style: Style) -> tuple[str, Style]:
        """What is drawn for a cell under the cursor; without colours, its number in reverse."""
        if self._colours:
            return text, style
        return text.translate(_NO_RAMP), self.plain + Style(bold=True, reverse=True)

    def _make(self, level: int) -> Style:
        share = min(1.0, level / _HUNDREDTHS / _FAINT)
        colour = palettes.blend(self._ground, self._table[level], 0.25 + 0.75 * share)
        style = self._styles[level] = _on(colour, 0.85 if level >= 10 else 0.45)
        return style


def _on(colour: Rgb, strength: float) -> Style:
    """Black or white on a colour, whichever can be read; weaker inks fade into it."""
    ink: Rgb = (0, 0, 0) if palettes.luminance(colour) > 0.5 else (255, 255, 255)
    ink = palettes.blend(colour, ink, strength)
    return Style.from_color(Color.from_rgb(*ink), Color.from_rgb(*colour))
