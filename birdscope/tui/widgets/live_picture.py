"""The spectrogram of a sound that does not end: its last minute, moving to the left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.reactive import reactive

from birdscope.core.errors import BirdscopeError
from birdscope.core.windows import SOUNDSCAPE_S
from birdscope.tui.pictures import Fine, Pictures, Request
from birdscope.tui.viewport import Viewport
from birdscope.tui.widgets.axes import GUTTER
from birdscope.tui.widgets.picture_look import PictureLook
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Columns = Callable[..., Awaitable[npt.NDArray[np.float32]]]

LIVE = Path("live input")
_SETTLES = 0.15


class LivePicture(PictureLook):
    """Draws the last minute up to now; `advance` says when that is.

    It moves by whole columns. While a picture is on its way the one before stays, at its time.

    Args:
        columns: `(first, columns, column_s, rows, scale, low_hz, high_hz, n_fft, overlap)` →
            dB, float32 [rows, columns], NaN where nothing is known; see `LiveInput.picture`.
        gutter: Cells left of the picture for the frequency axis.

    Attributes:
        asking: Whether a picture is on its way.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = SpectrogramView.DEFAULT_CSS.replace("SpectrogramView", "LivePicture")
    window_grid: reactive[bool] = reactive(True, repaint=False)

    class Moved(Message):
        """Another span is shown."""

        def __init__(self, start_s: float, end_s: float) -> None:
            super().__init__()
            self.start_s = start_s
            self.end_s = end_s

    def __init__(self, columns: Columns, *, gutter: int = GUTTER, id: str | None = None) -> None:
        super().__init__(_no_provider, gutter=gutter, id=id)
        self._columns_of = columns
        self._contrast = _MovingContrast(_no_provider)
        self._pictures = self._contrast
        self._heard_s = 0.0
        self.asking = False
        self._shown: Request | None = None

    def begin(self) -> None:
        """Show nothing yet: a sound begins."""
        self._picture, self._shown, self._error = None, None, ""
        self._contrast.forget()
        self._heard_s = 0.0
        self.advance(0.0)

    def advance(self, heard_s: float) -> None:
        """Show the minute up to a time, if that is another column than before."""
        self._heard_s = heard_s
        self._path = LIVE
        span = self._span()
        if (span.start_s, span.end_s) != (self.view_start_s, self.view_end_s):
            self._viewport = span
            self.redraw()
            self.post_message(self.Moved(span.start_s, span.end_s))
        self._ask()

    def on_resize(self) -> None:
        """Other columns: another span."""
        self._viewport = Viewport()
        self.advance(self._heard_s)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what is under the pointer."""
        offset = event.get_content_offset_capture(self)
        self._pointer = self._readout(offset.x, offset.y)
        self._draw_readout()

    def on_leave(self) -> None:
        """Clear the readout."""
        self._pointer = ""
        self._draw_readout()

    @property
    def column_s(self) -> float:
        """Seconds of a column."""
        return SOUNDSCAPE_S / max(self.size.width - self._gutter, 1)

    def _span(self) -> Viewport:
        """The last minute in whole columns; the first minute as long as it lasts."""
        columns = max(self.size.width - self._gutter, 1)
        first = max(self._known() - columns, 0)
        start_s, end_s = first * self.column_s, (first + columns) * self.column_s
        return Viewport(end_s, start_s, end_s)

    def _known(self) -> int:
        """Columns whose sound is there, since the beginning."""
        return int(self._heard_s / self.column_s + 1e-6)

    def _request(self) -> Request | None:
        """What is to be drawn: of the span in sight, as much as there is."""
        if self._path is None or not self.cell_rows:
            return None
        first = round(self.view_start_s / self.column_s)
        count = min(self._known() - first, self.axis.columns)
        if count <= 0:
            return None
        start_s, end_s = first * self.column_s, (first + count) * self.column_s
        fine = Fine(self.band.low_hz, self.band.high_hz, self.n_fft, self.overlap)
        return Request(LIVE, start_s, end_s, count, 2 * self.cell_rows, self.scale, fine)

    def _ask(self) -> None:
        request = self._request()
        if request is None or request == self._shown or self.asking or not self.is_attached:
            return
        self.asking = True
        self.run_worker(self._fetch(request), group="live-picture", exit_on_error=False)

    async def _fetch(self, request: Request) -> None:
        from birdscope.tui import raster

        fine, column_s = request.fine, self.column_s
        first = round(request.start_s / column_s)
        try:
            db = await self._columns_of(
                first, request.columns, column_s, request.rows, request.scale,
                fine.low_hz, fine.high_hz, fine.n_fft, fine.overlap,
            )  # fmt: skip
        except BirdscopeError as error:
            self._error = error.what
            return
        finally:
            self.asking = False
        self._error, self._shown = "", request
        self._contrast.follow(raster.contrast(db))
        self._picture = raster.Picture.of(request, db)
        self.redraw()
        self._ask()


class _MovingContrast(Pictures):
    """The dB drawn darkest and brightest, which follow what is heard without a jump."""

    _now: tuple[float, float] | None = None

    def forget(self) -> None:
        """Begin anew with the next picture."""
        self._now = None

    def follow(self, wanted: tuple[float, float]) -> None:
        """Go a part of the way to what the newest picture wants."""
        before = self._now or wanted
        low, high = (
            one + _SETTLES * (other - one) for one, other in zip(before, wanted, strict=True)
        )
        self._now = (low, high)

    def contrast(self, path: Path) -> tuple[float, float]:
        """See `Pictures.contrast`."""
        return self._now or super().contrast(path)


def _no_provider(*_: object) -> npt.NDArray[np.float32]:
    """A live picture has no file to ask."""
    raise LookupError("a live picture has no file")
