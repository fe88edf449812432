"""The spectrogram: half-block cells by the Line API, axes, playhead, zoom, a readout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from birdscope.core.units import clock, hertz
from birdscope.tui import palettes
from birdscope.tui.cell_styles import CellStyles, has_colours
from birdscope.tui.frequency import frequency_axis, labels
from birdscope.tui.painter import Marks, Painting, paint
from birdscope.tui.viewport import Viewport
from birdscope.tui.widgets.axes import GUTTER, centred, gutter_segment, time_strip
from birdscope.tui.widgets.picture_view import PictureView

if TYPE_CHECKING:
    from birdscope.tui.pictures import Provider

_WHEEL_ZOOM = 1.5


class SpectrogramView(PictureView, can_focus=True):
    """A spectrogram of one file that can be zoomed, panned, clicked and played over.

    Until the picture of a new view comes, the old one stays, stretched to it.

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

    def __init__(
        self,
        provider: Provider,
        *,
        gutter: int = GUTTER,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(provider, gutter=gutter, id=id, classes=classes)
        self._playhead_s: float | None = None
        self._painting: Painting | None = None
        self._cells: CellStyles | None = None

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
        if path != self.path:
            self._playhead_s = None
            self.selected_span = None
        super().show(path, duration_s, span)

    def view(self, viewport: Viewport) -> None:
        """Show another span of the file, and tell."""
        super().view(viewport)
        self.post_message(self.ViewChanged(self))

    def set_playhead(self, seconds: float | None) -> None:
        """Draw the playhead at a time; only the cells that change are painted again."""
        before_s, self._playhead_s = self._playhead_s, seconds
        if seconds is not None:
            following = self._viewport.following(before_s, seconds)
            if following != self._viewport:
                self.view(following)
                return
        old, new = self._playhead_column(before_s), self._playhead_column(seconds)
        if old != new:
            for column in (old, new):
                if column is not None:
                    self.refresh(Region(self._gutter + column, 0, 1, self.size.height))

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Show `factor` times less of the file (more when below 1).

        Around a time; without one, around the playhead, or the middle when it is not seen.
        """
        if around_s is None:
            middle_s = (self.view_start_s + self.view_end_s) / 2
            seen = self._viewport.holds(self._playhead_s)
            around_s = self._playhead_s if seen and self._playhead_s is not None else middle_s
        self.view(self._viewport.zoomed(factor, around_s))

    def redraw(self) -> None:
        """Draw everything again."""
        self._painting = None
        self.refresh()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters but ANSIToTruecolor: every colour here is truecolor already."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_line(self, y: int) -> Strip:
        """One line of the content: cells with their axis label, or the row of times."""
        if y >= self.cell_rows:
            return self._time_line()
        style = self.get_component_rich_style("spectrogram--axis")
        label = self._hz_labels().get(y, "")
        gutter = gutter_segment(label, self._gutter, style, "╴" if label else " ")
        return Strip.join([Strip([gutter], self._gutter), self._cells_of(y)])

    def notify_style_update(self) -> None:
        """Colours may have changed."""
        super().notify_style_update()
        self._cells = None
        self.redraw()

    def watch_palette(self) -> None:
        """Draw in the new colours."""
        self._cells = None
        self.redraw()

    def watch_window_grid(self) -> None:
        """Draw or hide the grid."""
        self.redraw()

    def watch_selected_span(self) -> None:
        """Draw the new span."""
        self.redraw()

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
        if offset is not None and offset.x >= self._gutter and self.duration_s:
            self.post_message(self.Seek(self, self.axis.time_of(offset.x - self._gutter)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the pointer."""
        event.stop()
        self.zoom(_WHEEL_ZOOM, self.axis.time_of(event.x - self._gutter))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the pointer."""
        event.stop()
        self.zoom(1 / _WHEEL_ZOOM, self.axis.time_of(event.x - self._gutter))

    def _cells_of(self, y: int) -> Strip:
        painting = self._painting
        # a new size is drawn once before its resize event is handled
        if painting is None or painting.codes.shape != (self.cell_rows, self.axis.columns):
            painting = self._paint()
        if painting is None:
            return self._message_line(y)
        column = self._playhead_column(self._playhead_s)
        if column is None:
            return painting.line(y)
        style = self.get_component_rich_style("spectrogram--playhead", partial=True)
        return painting.with_playhead(y, column, style)

    def _paint(self) -> Painting | None:
        if self._picture is None or self._path is None:
            return None
        self._painting = paint(
            self._picture,
            self.axis,
            self.cell_rows,
            self._pictures.contrast(self._path),
            Marks(self.window_grid, self.selected_span),
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

    def _hz_labels(self) -> dict[int, str]:
        return labels(frequency_axis(self.cell_rows, self.scale)) if self.duration_s else {}

    def _playhead_column(self, seconds: float | None) -> int | None:
        if seconds is None or not self._viewport.holds(seconds) or not self.duration_s:
            return None
        return min(self.axis.column_of(seconds), self.axis.columns - 1)

    def _readout(self, x: int, y: int) -> str:
        column, painting = x - self._gutter, self._painting
        if not 0 <= column < self.axis.columns or y >= self.cell_rows or painting is None:
            return ""
        seconds = self.axis.time_of(column + 0.5)
        frequency_hz = frequency_axis(self.cell_rows, self.scale).row_to_hz(y + 0.5)
        level_db = float(painting.levels_db[2 * y : 2 * y + 2, column].max())
        return f"{clock(seconds, tenths=True)}  {hertz(frequency_hz)}  {level_db:.0f} dB"
