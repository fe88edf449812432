"""The drawing of a spectrogram: half-block cells, axes, what lies over and below the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from rich.segment import Segment
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from birdscope.audio.boxes import Box
from birdscope.tui import palettes
from birdscope.tui.cell_styles import CellStyles, has_colours
from birdscope.tui.frequency import labels
from birdscope.tui.overlays import Curve, Kind, Outline, SpanMark, bar_lines, mark_line
from birdscope.tui.painter import Layer, Marks, Painting, paint
from birdscope.tui.short_names import cut
from birdscope.tui.tone import Tone
from birdscope.tui.widgets.axes import centred, gutter_segment, playhead_segment, time_strip
from birdscope.tui.widgets.picture_view import PictureView

_LEAST_PICTURE = 5
_TALL = 14
_MARK_STYLES: dict[Kind | None, str] = {
    "label": "spectrogram--label",
    "detection": "spectrogram--detection",
    "yes": "spectrogram--yes",
    "no": "spectrogram--no",
    "maybe": "spectrogram--maybe",
    None: "spectrogram--axis",
}


class PictureDrawing(PictureView):
    """A picture with axes, playhead, cursor, box, and strips below it.

    The strips are, from the top: the waveform, a curve, marks. A low view drops them.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "spectrogram--axis",
        "spectrogram--playhead",
        "spectrogram--empty",
        "spectrogram--box",
        "spectrogram--cursor",
        "spectrogram--wave",
        "spectrogram--curve",
        "spectrogram--label",
        "spectrogram--detection",
        "spectrogram--yes",
        "spectrogram--no",
        "spectrogram--maybe",
    }

    palette: reactive[str] = reactive(palettes.DEFAULT, repaint=False)
    tone: reactive[Tone] = reactive(Tone(), repaint=False)
    window_grid: reactive[bool] = reactive(False, repaint=False)
    selected_span: reactive[tuple[float, float] | None] = reactive(None, repaint=False)

    _playhead_s: float | None = None
    _cursor: tuple[float, float] | None = None
    _box: Box | None = None
    _curve: Curve | None = None
    _marks: tuple[SpanMark, ...] = ()
    _painting: Painting | None = None
    _cells: CellStyles | None = None
    _layer: Layer | None = None
    _strip_lines: list[list[tuple[str, str]]] | None = None

    def set_curve(self, times_s: Sequence[float], values: Sequence[float], name: str = "") -> None:
        """Show values over time below the picture, such as the probability of a species.

        Args:
            times_s: Middles of the steps, ascending, evenly apart; none hides the strip.
            values: 0 to 1, one for each; NaN is a gap.
            name: For the gutter.
        """
        curve = Curve(tuple(times_s), tuple(values), name) if len(times_s) else None
        self._take_strips(curve, self._marks)

    def set_marks(self, marks: Sequence[SpanMark]) -> None:
        """Show labels, detections and verdicts below the picture; none hides the strip."""
        self._take_strips(self._curve, tuple(marks))

    @property
    def strip_rows(self) -> int:
        """Lines between the picture and the axis of time."""
        return sum(self._strip_heights())

    def redraw(self) -> None:
        """Draw everything again."""
        self._painting = self._strip_lines = None
        self.refresh()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters but ANSIToTruecolor: every colour here is truecolor already."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_line(self, y: int) -> Strip:
        """One line of the content: cells with their axis label, a strip, or the row of times."""
        layer = self._find_layer()
        rows, columns = layer.shape
        if y >= self.size.height - 1:
            return self._time_line()
        if y >= rows:
            return self._strip_line(y - rows)
        label = layer.labels.get(y, "")
        gutter = gutter_segment(label, self._gutter, layer.axis, "╴" if label else " ")
        return Strip([gutter, *self._cells_of(y)], self._gutter + columns)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint again; what lies over the picture may have moved."""
        self._layer = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """All lines; what lies over them is found once."""
        self._layer = None
        return super().render_lines(crop)

    def render_parts(self, region: Region) -> list[list[Segment]]:
        """The lines of a region of the content, cut to its columns."""
        layer, painting, left = self._find_layer(), self._painting, self._gutter
        if painting is None or region.x < left or layer.shape != painting.codes.shape:
            self._layer = None
            return [list(self._line_part(y, region)) for y in region.line_range]
        first, past, rows = region.x - left, region.right - left, layer.shape[0]
        return [
            painting.part(y, first, past, layer.on_line(y))
            if y < rows
            else list(self._line_part(y, region))
            for y in region.line_range
        ]

    def _line_part(self, y: int, region: Region) -> Strip:
        return self.render_line(y).crop(region.x, region.right)

    def notify_style_update(self) -> None:
        """Colours may have changed."""
        super().notify_style_update()
        self._cells = None
        self.redraw()

    def watch_palette(self) -> None:
        """Draw in the new colours."""
        self._cells = None
        self.redraw()

    def watch_tone(self) -> None:
        """Draw in the new brightness."""
        self.redraw()

    def watch_window_grid(self) -> None:
        """Draw or hide the grid."""
        self.redraw()

    def watch_selected_span(self) -> None:
        """Draw the new span; only the columns that change are painted again."""
        painting, rows = self._painting, self.cell_rows
        if painting is None or not rows or painting.codes.shape != (rows, self.axis.columns):
            self.redraw()
            return
        for column in painting.mark(self._lines_over(), self.axis):
            self.refresh(Region(self._gutter + column, 0, 1, rows))
        self.refresh(Region(0, self.size.height - 1, self.size.width, 1))

    def _wave_shares(self) -> Sequence[float] | None:
        """Heights of the waveform's columns, 0 to 1; None without a waveform."""
        return None

    def _take_strips(self, curve: Curve | None, marks: tuple[SpanMark, ...]) -> None:
        if (curve, marks) == (self._curve, self._marks):
            return
        before = self.strip_rows
        self._curve, self._marks = curve, marks
        self.redraw()
        if self.strip_rows != before:
            self._ask()

    def _strip_heights(self) -> tuple[int, int, int]:
        """Lines of waveform, curve and marks; the least important goes first."""
        room = self.size.height - 1 - _LEAST_PICTURE
        tall = self.size.height >= _TALL
        marks = min(bool(self._marks), max(room, 0))
        curve = min((1 + tall) * (self._curve is not None), max(room - marks, 0))
        wave = min((1 + tall) * self._has_wave(), max(room - marks - curve, 0))
        return wave, curve, marks

    def _has_wave(self) -> bool:
        return False

    def _cells_of(self, y: int) -> Strip:
        painting = self._painting
        # a new size is drawn once before its resize event is handled
        layer = self._find_layer()
        if painting is None or painting.codes.shape != layer.shape:
            painting = self._paint()
        return painting.line_under(y, layer.on_line(y)) if painting else self._message_line(y)

    def _find_layer(self) -> Layer:
        """What lies over the picture now."""
        if self._layer is None:
            axis, rows = self.axis, self.cell_rows
            outline = None
            if self._box is not None and rows:
                outline = Outline.of(self._box, axis, self.frequencies)
            names = ("box", "playhead", "cursor")
            box, playhead, cursor = (
                self.get_component_rich_style(f"spectrogram--{name}", partial=True)
                for name in names
            )
            self._layer = Layer(
                (rows, axis.columns),
                (outline, box),
                (self._playhead_column(self._playhead_s), playhead),
                (self._cursor_cell(), cursor),
                self.get_component_rich_style("spectrogram--axis"),
                self._hz_labels(),
            )
        return self._layer

    def _paint(self) -> Painting | None:
        if self._picture is None or self._path is None or not self.cell_rows:
            return None
        self._painting = paint(
            self._picture,
            self.axis,
            self.cell_rows,
            self._pictures.contrast(self._path),
            self._lines_over(),
            self._styles(),
            self.tone,
            self.band.axis(2 * self.cell_rows, self.scale),
        )
        return self._painting

    def _lines_over(self) -> Marks:
        return Marks(self.window_grid, self.selected_span)

    def _styles(self) -> CellStyles:
        if self._cells is None:
            accent = self.get_component_styles("spectrogram--playhead").color.rgb
            empty = self.get_component_rich_style("spectrogram--empty")
            colours = has_colours(self.app.console, self.app.no_color)
            self._cells = CellStyles(self.palette, accent, empty, colours=colours)
        return self._cells

    def _message_line(self, y: int) -> Strip:
        text = self._error or ("…" if self.is_loading_picture else "")
        style = self.get_component_rich_style("spectrogram--empty")
        width = self.axis.columns
        return centred(text if y == self.cell_rows // 2 else "", width, style)

    def _time_line(self) -> Strip:
        axis, style = self.axis, self.get_component_rich_style("spectrogram--axis")
        if not self.duration_s:
            return Strip.blank(self.size.width, style)
        accent = self.get_component_rich_style("spectrogram--playhead")
        marks = Marks(span=self.selected_span)
        return time_strip(
            axis,
            self._gutter,
            style,
            marker=self._playhead_column(self._playhead_s),
            marker_style=accent,
            span=marks.span_range(axis) if marks.span else None,
            span_style=accent,
        )

    def _strip_line(self, number: int) -> Strip:
        """A line below the picture, with the playhead."""
        if self._strip_lines is None:
            self._strip_lines = self._make_strips()
        if number >= len(self._strip_lines):
            return Strip.blank(self.size.width, self.rich_style)
        cells = [
            Segment(text, self.get_component_rich_style(name))
            for text, name in self._strip_lines[number]
        ]
        column = self._playhead_column(self._playhead_s)
        if column is not None:
            style = self.get_component_rich_style("spectrogram--playhead", partial=True)
            whole = Strip(cells)
            at = self._gutter + column
            under = next(iter(whole.crop(at, at + 1)))
            mark = "│" if under.text == " " else under.text
            over = Strip([playhead_segment(under, mark, style)], 1)
            return Strip.join([whole.crop(0, at), over, whole.crop(at + 1)])
        return Strip(Segment.simplify(cells))

    def _make_strips(self) -> list[list[tuple[str, str]]]:
        """All lines below the picture as (text, component class)."""
        wave, curve, marks = self._strip_heights()
        lines = []
        if wave:
            shares = self._wave_shares()
            heights = [0.0] * self.axis.columns if shares is None else list(shares)
            lines += self._bars(heights, wave, "wave", "spectrogram--wave")
        if curve and self._curve is not None:
            values = self._curve.columns(self.axis)
            lines += self._bars(values, curve, self._curve.name, "spectrogram--curve")
        if marks:
            drawn = mark_line(self._marks, self.axis)
            line = [(character, _MARK_STYLES[kind]) for character, kind in drawn]
            lines.append([(" " * self._gutter, "spectrogram--axis"), *line])
        return lines

    def _bars(
        self, shares: Sequence[float], rows: int, name: str, component: str
    ) -> list[list[tuple[str, str]]]:
        empty = " " * self._gutter
        room = self._gutter - 1
        shown = f"{cut(name, room) if len(name) > room else name:>{room}} " if room > 0 else ""
        return [
            [(shown if number == rows - 1 else empty, "spectrogram--axis"), (text, component)]
            for number, text in enumerate(bar_lines(shares, rows))
        ]

    def _hz_labels(self) -> dict[int, str]:
        return labels(self.frequencies) if self.duration_s and self.cell_rows else {}

    def _playhead_column(self, seconds: float | None) -> int | None:
        if seconds is None or not self._viewport.holds(seconds) or not self.duration_s:
            return None
        return min(self.axis.column_of(seconds), self.axis.columns - 1)

    def _cursor_cell(self) -> tuple[int, int] | None:
        """Column and line of the keyboard's cursor; None while out of sight."""
        if self._cursor is None or not self.duration_s:
            return None
        column = self.axis.column_of(self._cursor[0])
        y = int(self.frequencies.hz_to_row(self._cursor[1]) // 1)
        seen = 0 <= column < self.axis.columns and 0 <= y < self.cell_rows
        return (column, y) if seen else None

    def _refresh_box(self, box: Box | None) -> None:
        """Paint the cells under a box's outline again."""
        if box is None or not self.duration_s or not self.cell_rows:
            return
        outline = Outline.of(box, self.axis, self.frequencies)
        columns, rows, left = self.axis.columns, self.cell_rows, self._gutter
        first, past = max(outline.left, 0), min(outline.right + 1, columns)
        top, bottom = max(outline.top, 0), min(outline.bottom, rows - 1)
        for y in {outline.top, outline.bottom}:
            if 0 <= y < rows and past > first:
                self.refresh(Region(left + first, y, past - first, 1))
        for column in {outline.left, outline.right}:
            if 0 <= column < columns and bottom >= top:
                self.refresh(Region(left + column, top, 1, bottom - top + 1))
