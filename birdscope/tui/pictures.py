"""Pictures of sound: asked from a provider in a thread, kept, the newest request first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.tui.raster import Picture

    Provider = Callable[[Path, float, float, int, int, str], npt.NDArray[np.float32]]

_KEPT = 48


class Request(NamedTuple):
    """What a picture is made of; times in seconds, rows and columns in picture points."""

    path: Path
    start_s: float
    end_s: float
    columns: int
    rows: int
    scale: str


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

        picture = raster.Picture(
            request.path, request.start_s, request.end_s, self._provider(*request)
        )
        with self._lock:
            self._kept[request] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            self._contrast.setdefault(request.path, raster.contrast(picture.db))
        return picture

    def contrast(self, path: Path) -> tuple[float, float]:
        """The dB drawn darkest and brightest: a file's first picture sets them for all."""
        return self._contrast.get(path, (-80.0, 0.0))
