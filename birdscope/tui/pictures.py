"""Pictures of sound: asked from a provider in a thread, kept, the newest request first.

A view that moved by whole columns is put together from what is known; only the columns that
came into sight are asked for. So panning costs what it shows, at any length of file.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from birdscope.tui.frequency import F_MAX_HZ, F_MIN_HZ

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.tui.raster import Picture

_KEPT_BYTES = 24_000_000
_SAME_COLUMN = 0.01


class Fine(NamedTuple):
    """How a picture is made beyond the usual.

    Attributes:
        low_hz: Lower edge.
        high_hz: Upper edge.
        n_fft: Samples of a window; None fits it to the columns.
        overlap: Share of a window that the next one covers.
        sampled: Whether columns are heard in a few places only, as those of long spans are.
    """

    low_hz: float = F_MIN_HZ
    high_hz: float = F_MAX_HZ
    n_fft: int | None = None
    overlap: float = 0.5
    sampled: bool = False


USUAL = Fine()


class Provider(Protocol):
    """Makes pictures; slow.

    `fine` is given only where it differs from the usual.
    """

    def __call__(
        self, path: Path, start_s: float, end_s: float, columns: int, rows: int, scale: str, /
    ) -> npt.NDArray[np.float32]:
        """DB, float32 [rows, columns], row 0 the highest frequency."""


class Request(NamedTuple):
    """What a picture is made of; times in seconds, rows and columns in picture points."""

    path: Path
    start_s: float
    end_s: float
    columns: int
    rows: int
    scale: str
    fine: Fine = USUAL

    @property
    def column_s(self) -> float:
        """Seconds of a column."""
        return (self.end_s - self.start_s) / self.columns

    def is_like(self, other: Request) -> bool:
        """Whether both have the same raster but for their span."""
        same = self.path == other.path and self[4:] == other[4:]
        return same and abs(self.column_s / other.column_s - 1) < _SAME_COLUMN / self.columns


class Pictures:
    """The pictures of one view.

    Args:
        provider: Makes the dB of a Request; slow.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._kept: OrderedDict[Request, Picture] = OrderedDict()
        self._contrast: dict[Path, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def get(self, request: Request) -> Picture | None:
        """A picture that is there already."""
        with self._lock:
            picture = self._kept.get(request)
            if picture is not None:
                self._kept.move_to_end(request)
            return picture

    def make(self, request: Request) -> Picture:
        """Ask the provider and keep the answer. Blocks; raises what the provider raises."""
        from birdscope.tui import raster

        db = self._from_neighbour(request)
        picture = raster.Picture.of(request, self._ask(request) if db is None else db)
        with self._lock:
            self._kept[request] = picture
            while self.bytes_kept > _KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
            self._contrast.setdefault(request.path, raster.contrast(picture.db))
        return picture

    def contrast(self, path: Path) -> tuple[float, float]:
        """The dB drawn darkest and brightest: a file's first picture sets them for all."""
        return self._contrast.get(path, (-80.0, 0.0))

    @property
    def bytes_kept(self) -> int:
        """Memory of the pictures."""
        return sum(one.db.nbytes for one in self._kept.values())

    def _ask(self, request: Request) -> npt.NDArray[np.float32]:
        usual = request.fine == USUAL
        # providers of tests and of other rasters know the usual only
        return self._provider(*request[:6], **({} if usual else {"fine": request.fine}))

    def _from_neighbour(self, request: Request) -> npt.NDArray[np.float32] | None:
        """A picture from one that shows much of the same, and what that lacks."""
        found = self._neighbour(request)
        if found is None:
            return None
        import numpy as np

        from birdscope.audio.spectrogram import WHOLE_S

        is_long = request.end_s - request.start_s > WHOLE_S
        db, shift = found
        width = request.columns
        new = range(width - shift, width) if shift > 0 else range(-shift)
        lacking = self._ask(
            request._replace(
                start_s=request.start_s + new.start * request.column_s,
                end_s=request.start_s + new.stop * request.column_s,
                columns=len(new),
                # a part is made as the whole was, or there would be a seam
                fine=request.fine._replace(sampled=True) if is_long else request.fine,
            )
        )
        parts = [db[:, shift:], lacking] if shift > 0 else [lacking, db[:, :shift]]
        return np.concatenate(parts, axis=1)

    def _neighbour(self, request: Request) -> tuple[npt.NDArray[np.float32], int] | None:
        """A kept picture that lacks less than the whole, and by how many columns it is off."""
        best: tuple[npt.NDArray[np.float32], int] | None = None
        with self._lock:
            for other, picture in self._kept.items():
                if not request.is_like(other):
                    continue
                shift = (request.start_s - other.start_s) / request.column_s
                columns = round(shift)
                if abs(shift - columns) > _SAME_COLUMN or other.columns != request.columns:
                    continue
                if 0 < abs(columns) < min(request.columns, abs(best[1]) if best else 1 << 30):
                    best = picture.db, columns
        return best
