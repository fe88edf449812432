"""Send the terminal the cells that changed and no others.

Textual's partial updates begin each changed line at the left edge of the widget and make the
whole line anew, so that a playhead of one column costs its half of a spectrogram: hundreds of
kilobytes a second over SSH. They also make every widget within the smallest rectangle around
all changes, covered ones too, which is most of what a step in a long list takes. Here both ends
are cut, only the lines that changed are made, of the widgets that are seen there, and a widget
that can make a few cells of a line is asked for just these. `tests/tui/test_exact_updates.py`
holds what this takes from inside Textual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, cast, runtime_checkable

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

_MOST_CELLS = 256
Span = tuple[int, int]
"""Cells of a line: the first column, and the one past the last."""


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
    """Parts of lines."""

    def __init__(self, parts: list[Part]) -> None:
        super().__init__([], [], [])
        self.parts = parts

    def render_segments(self, console: Console) -> str:
        """Escape sequences and text, part by part."""
        out: list[str] = []
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
        changed = [one.intersection(self.size.region) for one in self._dirty_regions]
        self._dirty_regions.clear()
        parts = sorted(self._topmost(self._regions_to_spans(changed)), key=lambda one: one[1::-1])
        parts += [part for widget, region in small for part in _parts(widget, region)]
        return ExactUpdate(parts) if parts else None

    def lines(self, region: Region) -> list[Strip]:
        """What is seen in a region of the screen, line by line."""
        lines: dict[int, list[Part]] = {y: [] for y in region.line_range}
        for part in self._topmost([(y, region.x, region.right) for y in region.line_range]):
            lines[part.y].append(part)
        return [
            Strip.join([part.strip for part in sorted(parts, key=lambda one: one.x)])
            for parts in lines.values()
        ]

    def take_changed(self) -> list[Region]:
        """Where the screen changed since the last update; it counts as painted."""
        small, self._small = self._small, []
        changed = [
            *(one.intersection(self.size.region) for one in self._dirty_regions),
            *(region.translate(widget.region.offset) for widget, region in small),
        ]
        self._dirty_regions.clear()
        return [one for one in changed if one]

    def _topmost(self, spans: Iterable[tuple[int, int, int]]) -> Iterator[Part]:
        """What is seen in spans of lines (y, first, past); what is covered is not even made."""
        bare: dict[int, list[Span]] = {}
        for y, first, past in spans:
            bare.setdefault(y, []).append((first, past))
        for widget, (region, clip) in self.visible_widgets.items():
            if not bare:
                return
            seen = region.intersection(clip)
            cells = {
                y: found
                for y in seen.line_range
                if (found := _within(bare.get(y, []), seen.x, seen.right))
            }
            if not cells:
                continue
            top, past = min(cells), max(cells) + 1
            wanted = Region(seen.x, top, seen.width, past - top)
            strips = widget.render_lines(wanted.translate(-region.offset))
            for y, found in cells.items():
                for left, right in found:
                    yield Part(left, y, strips[y - top].crop(left - seen.x, right - seen.x))
                bare[y] = _without(bare[y], seen.x, seen.right)
                if not bare[y]:
                    del bare[y]

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


def _within(spans: list[Span], first: int, past: int) -> list[Span]:
    """What of the spans lies between two columns."""
    cut = ((max(left, first), min(right, past)) for left, right in spans)
    return [(left, right) for left, right in cut if left < right]


def _without(spans: list[Span], first: int, past: int) -> list[Span]:
    """What of the spans lies outside two columns."""
    sides = ((left, min(right, first), max(left, past), right) for left, right in spans)
    cut = [part for one in sides for part in (one[:2], one[2:])]
    return [(left, right) for left, right in cut if left < right]


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
