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

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, cast, runtime_checkable

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from birdscope.tui.cell_styles import CellSegment

_MOST_CELLS = 256
Span = tuple[int, int]
"""Cells of a line: the first column, and the one past the last."""


@runtime_checkable
class DrawsParts(Protocol):
    """A widget that draws a few cells of its lines without the rest of them."""

    def render_parts(self, region: Region) -> Sequence[Sequence[Segment]]:
        """The lines of a region of the content, cut to its columns."""


class Part(NamedTuple):
    """Some cells of one line of the screen."""

    x: int
    y: int
    strip: Strip


class Cells(NamedTuple):
    """A few cells of one line of the screen, without what a strip keeps of itself."""

    x: int
    y: int
    segments: Sequence[Segment]


class ExactUpdate(ChopsUpdate):
    """Parts of lines."""

    def __init__(self, parts: list[Part], cells: Sequence[Cells] = ()) -> None:
        super().__init__([], [], [])
        self.parts = parts
        self.cells = cells

    def render_segments(self, console: Console) -> str:
        """Escape sequences and text, part by part."""
        out = [f"{_to(one.x, one.y)}{_strip_text(one.strip, console)}" for one in self.parts]
        out += [f"{_to(one.x, one.y)}{_text(one.segments, console)}" for one in self.cells]
        return "".join(out)


class WholeUpdate(LayoutUpdate):
    """All lines of the screen."""

    def render_segments(self, console: Console) -> str:
        """Escape sequences and text, line by line."""
        x = self.region.x
        lines = enumerate(self.strips, self.region.y)
        return "\n".join(
            _to(x, y) + "".join([_strip_text(strip, console) for strip in line])
            for y, line in lines
        )


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

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Everything."""
        whole = super().render_full_update(simplify)
        return WholeUpdate(whole.strips, whole.region)

    def render_partial_update(self) -> ExactUpdate | None:
        """What changed since the last update; None for nothing."""
        small, self._small = self._small, []
        changed = [one.intersection(self.size.region) for one in self._dirty_regions]
        self._dirty_regions.clear()
        parts = sorted(self._topmost(self._regions_to_spans(changed)), key=lambda one: one[1::-1])
        cells = [line for widget, region in small for line in _cells(widget, region)]
        return ExactUpdate(parts, cells) if parts or cells else None

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


def _cells(widget: Widget, region: Region) -> list[Cells]:
    """A region of a widget, in its own coordinates, as cells of the screen."""
    filters, (_, background) = widget.get_line_filters(), widget.background_colors
    x, y = region.translate(widget.region.offset).offset
    lines = cast(DrawsParts, widget).render_parts(region.translate(-widget.content_offset))
    for one in filters:
        lines = [one.apply(list(segments), background) for segments in lines]
    return [Cells(x, y + number, segments) for number, segments in enumerate(lines)]


def _to(x: int, y: int) -> str:
    """The cursor's way to a cell."""
    return f"\x1b[{y + 1};{x + 1}H"


def _strip_text(strip: Strip, console: Console) -> str:
    """What `Strip.render` gives and keeps, found faster for cells of a picture."""
    if strip._render_cache is None:
        strip._render_cache = _text(strip._segments, console)
    return strip._render_cache


def _text(segments: Sequence[Segment], console: Console) -> str:
    """Escape sequences and text of a line's segments."""
    colours = console._color_system or ColorSystem.TRUECOLOR
    render = Strip.render_style
    return "".join(
        [
            (one.sequence or _kept(one, colours))
            if type(one) is CellSegment
            else (render(one.style, one.text, colours) if one.style is not None else one.text)
            for one in segments
        ]
    )


def _kept(cell: CellSegment, colours: ColorSystem) -> str:
    """A cell's escape sequences, made once."""
    cell.sequence = Strip.render_style(cell.style or Style.null(), cell.text, colours)
    return cell.sequence
