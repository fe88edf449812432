"""Modal screens: what lies below them is dimmed line by line, and painted once at the opening."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.screen import ModalScreen, ScreenResultType
from textual.strip import Strip

from birdscope.tui.exact_updates import ExactCompositor
from birdscope.tui.settled import SettledScreen

# A spectrogram at 160×48 has some thousand pairs of colours.
_STYLES = 1 << 15


# Textual takes styles from the first base alone.
class Dialog(ModalScreen[ScreenResultType], SettledScreen[ScreenResultType]):
    """The base of birdscope's modal screens.

    Textual paints a modal screen when it is laid out empty, again when its parts have come and
    again when it is told that it is on top, each time with all that lies below, and all of it for
    every playhead that moves down there. Here it is painted once its messages have settled, and
    then the cells that changed. `tests/tui/test_dialog.py` holds what this takes from inside
    Textual.
    """

    _opening = True
    _is_told = False

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lies below, dimmed."""
        stack = self.app.screen_stack
        place = stack.index(self) if self in stack else 0
        color = self.styles.background
        below = stack[place - 1]._compositor if place else None
        if color.a == 1 or not isinstance(below, ExactCompositor):
            return super().render_lines(crop)
        return [_dimmed(strip, color) for strip in below.lines(crop)]

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """It is on top; Textual then has it painted whole."""
        self._is_told = True

    def _on_timer_update(self) -> None:
        self._opening = not self._is_told
        super()._on_timer_update()

    def _compositor_refresh(self) -> None:
        if self._opening and self is self.app.screen:
            return
        super()._compositor_refresh()


def _dimmed(strip: Strip, color: Color) -> Strip:
    segments = [
        Segment(text, dimmed_style(style or Style.null(), color)) for text, style, _ in strip
    ]
    return Strip(segments, strip.cell_length)


@lru_cache(_STYLES)
def dimmed_style(style: Style, color: Color) -> Style:
    """A style under a translucent colour, without links.

    Args:
        style: Of some cells.
        color: Lies over them.
    """
    bare = style.clear_meta_and_links()
    if color.a == 0:
        return bare
    return bare + Style.from_color(
        *(
            None if one is None else (Color.from_rich_color(one) + color).rich_color
            for one in (bare.color, bare.bgcolor)
        )
    )
