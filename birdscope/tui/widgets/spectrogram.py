"""The spectrogram: half-block cells by the Line API, axes, playhead, zoom, a readout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from birdscope.core.errors import BirdscopeError
from birdscope.core.units import clock, hertz
from birdscope.tui import palettes
from birdscope.tui.cell_styles import CellStyles, has_colours
from birdscope.tui.frequency import SCALES, frequency_axis, labels
from birdscope.tui.painter import Marks, Painting, paint
from birdscope.tui.pictures import Pictures, Request
from birdscope.tui.timeline import TimeAxis
from birdscope.tui.widgets.axes import GUTTER, centred, gutter_segment, time_strip

if TYPE_CHECKING:
    from birdscope.tui.pictures import Provider
    from birdscope.tui.raster import Picture

_SHORTEST_VIEW_S = 0.25


class SpectrogramView(Widget, can_focus=True):
    """A spectrogram of one file that can be zoomed, panned, clicked and played over.

    Data comes from a provider that runs in a thread; until it answers, the old picture stays,
    stretched to the new view.

    Args:
        provider: `(path, start_s, end_s, columns, rows, scale)` → dB, float32 [rows, columns].
        gutter: Cells left of the picture for the frequency axis.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "spectrogram--axis",
        "spectrogram--playhead",
        "spectrogram--empty",
    }
    DEFAULT_CSS = """
    SpectrogramView {
        width: 1fr;
        height: 1fr;
        & > .spectrogram--axis { color: $text-muted; }
        & > .spectrogram--playhead { color: $accent; text-style: bold; }
        & > .spectrogram--empty { color: $text-muted; }
    }
    """

    palette: reactive[str] = reactive(palettes.DEFAULT, repaint=False)
    scale: reactive[str] = reactive(SCALES[0], repaint=False)
    window_grid: reactive[bool] = reactive(False, repaint=False)
    selected_span: reactive[tuple[float, float] | None] = reactive(None, repaint=False)

    class Seek(Message):
        """The user clicked at a time."""

        def __init__(self, view: SpectrogramView, seconds: float) -> None:
            super().__init__()
            self.view = view
            self.seconds = seconds

        @property
        def control(self) -> SpectrogramView:
            """The view that was clicked."""
            return self.view

    class ViewChanged(Message):
        """Another span of time is shown."""

        def __init__(self, view: SpectrogramView) -> None:
            super().__init__()
            self.view = view
            self.start_s = view.view_start_s
            self.end_s = view.view_end_s

        @property
        def control(self) -> SpectrogramView:
            """The view that changed."""
            return self.view

    class Arrived(Message, bubble=False):
        """A picture, or the reason why there is none; posted by the worker thread."""

        def __init__(self, request: Request, error: str = "") -> None:
            super().__init__()
            self.request = request
            self.error = error

    def __init__(
        self,
        provider: Provider,
        *,
        gutter: int = GUTTER,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._pictures = Pictures(provider)
        self._gutter = gutter
        self._path: Path | None = None
        self._duration_s = self._start_s = self._end_s = 0.0
        self._playhead_s: float | None = None
        self._picture: Picture | None = None
        self._loading: Request | None = None
        self._error = ""
        self._painting: Painting | None = None
        self._cells: CellStyles | None = None

    @property
    def path(self) -> Path | None:
        """The file on show."""
        return self._path

    @property
    def duration_s(self) -> float:
        """Length of the file on show."""
        return self._duration_s

    @property
    def view_start_s(self) -> float:
        """Time at the left edge."""
        return self._start_s

    @property
    def view_end_s(self) -> float:
        """Time at the right edge."""
        return self._end_s

    @property
    def error(self) -> str:
        """Why there is no picture; empty where there is one."""
        return self._error

    @property
    def gutter_width(self) -> int:
        """Cells left of the picture; may be set."""
        return self._gutter

    @gutter_width.setter
    def gutter_width(self, cells: int) -> None:
        if cells != self._gutter:
            self._gutter = cells
            self._redraw()
            self._ask()

    @property
    def axis(self) -> TimeAxis:
        """The time axis as drawn now."""
        columns = max(self.size.width - self._gutter, 1)
        return TimeAxis(self._start_s, max(self._end_s, self._start_s + 1e-6), columns)

    @property
    def is_loading_picture(self) -> bool:
        """Whether a picture is on its way."""
        return self._loading is not None

    def show(
        self,
        path: Path | None,
        duration_s: float = 0.0,
        span: tuple[float, float] | None = None,
    ) -> None:
        """Show a file; None empties the view.

        Args:
            path: The file.
            duration_s: Its length in seconds.
            span: Start and end of what is seen, in seconds; None shows all.
        """
        if path != self._path:
            self._picture, self._error = None, ""
            self._playhead_s = None
            self.selected_span = None
        self._path, self._duration_s = path, duration_s
        self._set_view(*(span or (0.0, duration_s)))

    def show_error(self, path: Path, text: str) -> None:
        """Say why a file has no picture."""
        self._path, self._picture, self._error = path, None, text
        self._duration_s = self._start_s = self._end_s = 0.0
        self._redraw()

    def set_playhead(self, seconds: float | None) -> None:
        """Draw the playhead at a time; only the cells that change are painted again."""
        before_s, self._playhead_s = self._playhead_s, seconds
        if seconds is not None and self._must_follow(before_s, seconds):
            start_s = seconds - 0.05 * self.axis.span_s
            self._set_view(start_s, start_s + self.axis.span_s)
            return
        old, new = self._playhead_column(before_s), self._playhead_column(seconds)
        if old != new:
            for column in (old, new):
                if column is not None:
                    self.refresh(Region(self._gutter + column, 0, 1, self.size.height))

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Show `factor` times less of the file (more when below 1)."""
        centre_s = around_s if around_s is not None else self._focus_s()
        span_s = max(self.axis.span_s / factor, _SHORTEST_VIEW_S)
        share = (centre_s - self._start_s) / self.axis.span_s
        self._set_view(centre_s - share * span_s, centre_s + (1 - share) * span_s)

    def pan(self, share: float) -> None:
        """Move by a share of what is seen."""
        step_s = share * self.axis.span_s
        self._set_view(self._start_s + step_s, self._end_s + step_s)

    def reset_view(self) -> None:
        """Show the whole file."""
        self._set_view(0.0, self._duration_s)

    def show_span(self, start_s: float, end_s: float) -> None:
        """Show a span of the file."""
        self._set_view(start_s, end_s)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters but ANSIToTruecolor: every colour here is truecolor already."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_line(self, y: int) -> Strip:
        """One line of the content: cells with their axis label, or the row of times."""
        axis_style = self.get_component_rich_style("spectrogram--axis")
        if y >= self._cell_rows:
            return self._time_line()
        label = self._hz_labels().get(y, "")
        gutter = gutter_segment(label, self._gutter, axis_style, "╴" if label else " ")
        return Strip.join([Strip([gutter], self._gutter), self._cells_of(y)])

    def on_resize(self) -> None:
        """Ask for a picture of the new size."""
        self._redraw()
        self._ask()

    def notify_style_update(self) -> None:
        """Colours may have changed."""
        super().notify_style_update()
        self._cells = None
        self._redraw()

    def watch_palette(self) -> None:
        """Draw in the new colours."""
        self._cells = None
        self._redraw()

    def watch_window_grid(self) -> None:
        """Draw or hide the grid."""
        self._redraw()

    def watch_selected_span(self) -> None:
        """Draw the new span."""
        self._redraw()

    def watch_scale(self) -> None:
        """Ask for the other scale."""
        self._picture = None
        self._redraw()
        self._ask()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what is under the pointer."""
        offset = event.get_content_offset(self)
        self.border_subtitle = self._readout(*offset) if offset is not None else ""

    def on_leave(self) -> None:
        """Clear the readout."""
        self.border_subtitle = ""

    def on_click(self, event: events.Click) -> None:
        """Seek."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.x >= self._gutter and self._duration_s:
            self.post_message(self.Seek(self, self.axis.time_of(offset.x - self._gutter)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the pointer."""
        event.stop()
        self.zoom(1.5, self.axis.time_of(event.x - self._gutter))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the pointer."""
        event.stop()
        self.zoom(1 / 1.5, self.axis.time_of(event.x - self._gutter))

    def on_spectrogram_view_arrived(self, message: Arrived) -> None:
        """Take the picture if it is still wanted; ask on if the view has moved meanwhile."""
        self._loading = None
        wanted = self._wanted()
        if wanted is None or wanted.path != message.request.path:
            self._ask()
            return
        self._error = message.error
        self._picture = self._pictures.get(message.request) or self._picture
        self._redraw()
        if wanted != message.request:
            self._ask()

    @property
    def _cell_rows(self) -> int:
        return max(self.size.height - 1, 0)

    def _set_view(self, start_s: float, end_s: float) -> None:
        span_s = min(max(end_s - start_s, 0.0), self._duration_s)
        start_s = min(max(start_s, 0.0), max(self._duration_s - span_s, 0.0))
        self._start_s, self._end_s = start_s, start_s + span_s
        self._redraw()
        self._ask()
        self.post_message(self.ViewChanged(self))

    def _wanted(self) -> Request | None:
        if self._path is None or self._end_s <= self._start_s or not self._cell_rows:
            return None
        columns, rows = self.axis.columns, 2 * self._cell_rows
        return Request(self._path, self._start_s, self._end_s, columns, rows, self.scale)

    def _ask(self) -> None:
        wanted = self._wanted()
        if wanted is None or not self.is_attached:
            return
        if (picture := self._pictures.get(wanted)) is not None:
            self._picture, self._error = picture, ""
            self._redraw()
        elif self._loading is None:
            self._loading = wanted
            work = partial(self._make_picture, wanted)
            self.run_worker(work, thread=True, group="spectrogram", exit_on_error=False)

    def _make_picture(self, request: Request) -> None:
        try:
            self._pictures.make(request)
            self.post_message(self.Arrived(request))
        except BirdscopeError as error:
            self.post_message(self.Arrived(request, error.what))
        except Exception as error:
            self.log.error(error)
            self.post_message(self.Arrived(request, f"no picture: {error}"))

    def _redraw(self) -> None:
        self._painting = None
        self.refresh()

    def _cells_of(self, y: int) -> Strip:
        painting = self._painting
        # a new size is drawn once before its resize event is handled
        if painting is None or painting.codes.shape != (self._cell_rows, self.axis.columns):
            painting = self._paint()
        if painting is None:
            return self._message_line(y)
        column = self._playhead_column(self._playhead_s)
        if column is None:
            return painting.line(y)
        return painting.with_playhead(
            y, column, self.get_component_rich_style("spectrogram--playhead", partial=True)
        )

    def _paint(self) -> Painting | None:
        if self._picture is None or self._path is None:
            return None
        marks = Marks(self.window_grid, self.selected_span)
        self._painting = paint(
            self._picture,
            self.axis,
            self._cell_rows,
            self._pictures.contrast(self._path),
            marks,
            self._styles(),
        )
        return self._painting

    def _styles(self) -> CellStyles:
        if self._cells is None:
            accent = self.get_component_styles("spectrogram--playhead").color.rgb
            empty = self.get_component_rich_style("spectrogram--empty")
            colours = has_colours(self.app.console, self.app.no_color)
            self._cells = CellStyles(self.palette, accent, empty, colours=colours)
        return self._cells

    def _message_line(self, y: int) -> Strip:
        text = self._error or ("…" if self._loading is not None else "")
        style = self.get_component_rich_style("spectrogram--empty")
        return centred(text if y == self._cell_rows // 2 else "", self.axis.columns, style)

    def _time_line(self) -> Strip:
        axis, style = self.axis, self.get_component_rich_style("spectrogram--axis")
        if not self._duration_s:
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

    def _hz_labels(self) -> dict[int, str]:
        return labels(frequency_axis(self._cell_rows, self.scale)) if self._duration_s else {}

    def _playhead_column(self, seconds: float | None) -> int | None:
        if seconds is None or not self._start_s <= seconds <= self._end_s or not self._duration_s:
            return None
        return min(self.axis.column_of(seconds), self.axis.columns - 1)

    def _must_follow(self, before_s: float | None, seconds: float) -> bool:
        """Whether the playhead has just run out of the view at the right."""
        seen_before = before_s is not None and self._start_s <= before_s <= self._end_s
        step_s = seconds - before_s if before_s is not None else 0.0
        return seen_before and seconds > self._end_s and step_s < 1.0 < self._duration_s

    def _focus_s(self) -> float:
        """What zooming keeps in place: the playhead in sight, else the middle."""
        if self._playhead_column(self._playhead_s) is not None:
            return self._playhead_s or 0.0
        return (self._start_s + self._end_s) / 2

    def _readout(self, x: int, y: int) -> str:
        column, painting = x - self._gutter, self._painting
        if not 0 <= column < self.axis.columns or y >= self._cell_rows or painting is None:
            return ""
        seconds = self.axis.time_of(column + 0.5)
        frequency_hz = frequency_axis(self._cell_rows, self.scale).row_to_hz(y + 0.5)
        level_db = float(painting.levels_db[2 * y : 2 * y + 2, column].max())
        return f"{clock(seconds, tenths=True)}  {hertz(frequency_hz)}  {level_db:.0f} dB"
