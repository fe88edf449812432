"""What a spectrogram shows: a file, a span of it, and the picture that fits, from a thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from birdscope.audio.axes import FrequencyAxis
from birdscope.core.errors import BirdscopeError
from birdscope.tui.band import Band
from birdscope.tui.frequency import SCALES
from birdscope.tui.pictures import Fine, Pictures, Request
from birdscope.tui.timeline import TimeAxis
from birdscope.tui.viewport import Viewport
from birdscope.tui.widgets.axes import GUTTER

if TYPE_CHECKING:
    from birdscope.tui.pictures import Provider
    from birdscope.tui.raster import Picture


class PictureView(Widget):
    """The base of the spectrogram: everything but the drawing.

    One picture is asked for at a time; when it comes and the view has moved on, the newest
    view is asked for next. After a pan the picture of the next one is made ahead.

    Args:
        provider: `(path, start_s, end_s, columns, rows, scale)` → dB, float32 [rows, columns].
        gutter: Cells left of the picture.
    """

    scale: reactive[str] = reactive(SCALES[0], repaint=False)
    band: reactive[Band] = reactive(Band(), repaint=False)
    n_fft: reactive[int | None] = reactive(None, repaint=False)
    overlap: reactive[float] = reactive(0.5, repaint=False)

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
        self._viewport = Viewport()
        self._picture: Picture | None = None
        self._wanted: Request | None = None
        self._ahead = 0.0
        self._error = ""

    @property
    def path(self) -> Path | None:
        """The file on show."""
        return self._path

    @property
    def duration_s(self) -> float:
        """Length of the file on show."""
        return self._viewport.duration_s

    @property
    def view_start_s(self) -> float:
        """Time at the left edge."""
        return self._viewport.start_s

    @property
    def view_end_s(self) -> float:
        """Time at the right edge."""
        return self._viewport.end_s

    @property
    def is_loading_picture(self) -> bool:
        """Whether a picture is on its way."""
        return self._wanted is not None

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
            self.redraw()
            self._ask()

    @property
    def axis(self) -> TimeAxis:
        """The time axis as drawn now."""
        columns = max(self.size.width - self._gutter, 1)
        return TimeAxis(self.view_start_s, max(self.view_end_s, self.view_start_s + 1e-6), columns)

    @property
    def frequencies(self) -> FrequencyAxis:
        """The frequency axis as drawn now, in lines."""
        return self.band.axis(self.cell_rows, self.scale)

    @property
    def strip_rows(self) -> int:
        """Lines between the picture and the axis of time."""
        return 0

    @property
    def cell_rows(self) -> int:
        """Lines of the picture; the last line of the widget is the axis of time."""
        return max(self.size.height - 1 - self.strip_rows, 0)

    def redraw(self) -> None:
        """Draw everything again."""
        self.refresh()

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
        self._path = path
        whole = Viewport.whole(duration_s)
        self.view(whole if span is None else whole.at(*span))

    def show_error(self, path: Path, text: str) -> None:
        """Say why a file has no picture."""
        self.show(None)
        self._path, self._error = path, text
        self.redraw()

    def view(self, viewport: Viewport) -> None:
        """Show another span of the file."""
        self._viewport, self._ahead = viewport, 0.0
        self.redraw()
        self._ask()

    def reset_view(self) -> None:
        """Show the whole file and all frequencies."""
        self.band = Band()
        self.view(Viewport.whole(self.duration_s))

    def show_span(self, start_s: float, end_s: float) -> None:
        """Show a span of the file."""
        self.view(self._viewport.at(start_s, end_s))

    def pan(self, share: float) -> None:
        """Move by a share of what is seen, in whole columns."""
        columns = self.axis.columns
        whole = round(share * columns) or (1 if share > 0 else -1)
        self.view(self._viewport.panned(whole / columns))
        self._ahead = whole / columns
        self._look_ahead()

    def on_resize(self) -> None:
        """Ask for a picture of the new size."""
        self.redraw()
        self._ask()

    def watch_scale(self) -> None:
        """Ask for the other scale; till it comes the old picture is bent to it."""
        self.redraw()
        self._ask()

    def watch_band(self) -> None:
        """Ask for the other frequencies."""
        self.redraw()
        self._ask()

    def watch_n_fft(self) -> None:
        """Ask for a picture of other windows."""
        self._ask()

    def watch_overlap(self) -> None:
        """Ask for a picture of more or fewer windows."""
        self._ask()

    def on_picture_view_arrived(self, message: Arrived) -> None:
        """Take the picture if its file is still shown; ask on if the view has moved."""
        self._wanted = None
        if message.request == self._request_of(self._next_view()):
            # made ahead: nobody looks there yet
            self._ask()
            return
        if message.request.path == self._path:
            self._error = message.error
            self._picture = self._pictures.get(message.request) or self._picture
            self.redraw()
        if not (message.error and message.request == self._request()):
            self._ask()
        self._look_ahead()

    def _next_view(self) -> Viewport | None:
        """What another pan would show; None where the last move was no pan, or at an end."""
        view = self._viewport.panned(self._ahead) if self._ahead else self._viewport
        return view if view != self._viewport else None

    def _look_ahead(self) -> None:
        """Make the picture of the next pan while nothing else is made."""
        request = self._request_of(self._next_view())
        if request is not None and self._wanted is None and self._pictures.get(request) is None:
            self._make(request)

    def _request(self) -> Request | None:
        """What would fit the view exactly."""
        return self._request_of(self._viewport)

    def _request_of(self, view: Viewport | None) -> Request | None:
        if self._path is None or view is None or not self.cell_rows:
            return None
        if view.end_s <= view.start_s:
            return None
        columns, rows = self.axis.columns, 2 * self.cell_rows
        fine = Fine(self.band.low_hz, self.band.high_hz, self.n_fft, self.overlap)
        return Request(self._path, view.start_s, view.end_s, columns, rows, self.scale, fine)

    def _ask(self) -> None:
        request = self._request()
        if request is None or not self.is_attached:
            return
        if (picture := self._pictures.get(request)) is not None:
            if picture is not self._picture:
                self._picture, self._error = picture, ""
                self.redraw()
        elif self._wanted is None:
            self._make(request)

    def _make(self, request: Request) -> None:
        self._wanted = request
        work = partial(self._make_picture, request)
        self.run_worker(work, thread=True, group="spectrogram", exit_on_error=False)

    def _make_picture(self, request: Request) -> None:
        """In a worker thread."""
        try:
            self._pictures.make(request)
            self.post_message(self.Arrived(request))
        except BirdscopeError as error:
            self.post_message(self.Arrived(request, error.what))
        except Exception as error:
            # a damaged file must never leave the view waiting
            self.log.error(error)
            self.post_message(self.Arrived(request, f"no picture: {error}"))
