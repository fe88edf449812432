"""Send the terminal the cells that changed and no others.

Textual's partial updates begin each changed line at the left edge of the widget and make the
whole line anew, so that a playhead of one column costs its half of a spectrogram: hundreds of
kilobytes a second over SSH. Here both ends are cut, and a widget that can make a few cells of
a line is asked for just these. `tests/tui/test_exact_updates.py` holds what this takes from
inside Textual.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, cast, runtime_checkable

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

_MOST_CELLS = 256


@runtime_checkable
class DrawsParts(Protocol):
    """A widget that draws a few cells of its lines without the rest of them."""

    def render_parts(self, region: Region) -> list[Strip]:
        """The lines of a region of the content, cut to its columns."""


class Part(NamedTuple):
    """Some cells of one line of the screen."""

    x: int
    y: int
    strip: Strip


class ExactUpdate(ChopsUpdate):
    """A partial update cut to its spans at both ends, and parts of lines."""

    parts: list[Part]

    def render_segments(self, console: Console) -> str:
        """Escape sequences and text, line by line."""
        out: list[str] = []
        for y, first, past in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                left, right = max(start, first), min(end, past)
                if strip is None or left >= right:
                    continue
                out.append(Control.move_to(left, y).segment.text)
                out.append(strip.crop(left - start, right - start).render(console))
        for part in self.parts:
            out.append(Control.move_to(part.x, part.y).segment.text)
            out.append(part.strip.render(console))
        return "".join(out)


class ExactCompositor(Compositor):
    """Textual's compositor with exact partial updates."""

    def __init__(self) -> None:
        super().__init__()
        self._small: list[tuple[Widget, Region]] = []

    def update_widgets(self, widgets: set[Widget]) -> None:
        """Take what is to be painted again; small regions apart."""
        for widget in widgets:
            if isinstance(widget, DrawsParts):
                for region in [
                    one for one in widget._repaint_regions if self._is_easy(widget, one)
                ]:
                    widget._repaint_regions.discard(region)
                    self._small.append((widget, region))
        super().update_widgets(widgets)

    def render_partial_update(self) -> ExactUpdate | None:
        """What changed since the last update; None for nothing."""
        small, self._small = self._small, []
        update = super().render_partial_update()
        parts = [part for widget, region in small for part in _parts(widget, region)]
        if update is None and not parts:
            return None
        exact = (
            ExactUpdate(update.chops, update.spans, update.chop_ends)
            if update is not None
            else ExactUpdate([], [], [])
        )
        exact.parts = parts
        return exact

    def _is_easy(self, widget: Widget, region: Region) -> bool:
        """Whether a region is small, all content, and nothing lies over it."""
        if region.area > _MOST_CELLS or widget.opacity < 1 or widget not in self.visible_widgets:
            return False
        place, clip = self.visible_widgets[widget]
        content = Region(*widget.content_offset, *widget.content_size)
        on_screen = region.translate(place.offset)
        if not (content.contains_region(region) and clip.contains_region(on_screen)):
            return False
        return all(
            next(one for one, seen, _ in self.layers_visible[y] if seen.overlaps(on_screen))
            is widget
            for y in on_screen.line_range
        )


def _parts(widget: Widget, region: Region) -> list[Part]:
    """A region of a widget, in its own coordinates, as cells of the screen."""
    filters, (_, background) = widget.get_line_filters(), widget.background_colors
    x, y = region.translate(widget.region.offset).offset
    strips = cast(DrawsParts, widget).render_parts(region.translate(-widget.content_offset))
    parts = []
    for number, strip in enumerate(strips):
        for one in filters:
            strip = strip.apply_filter(one, background)
        parts.append(Part(x, y + number, strip))
    return parts
