"""Record to a file block by block, so that whatever happens, what was heard can be read."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.atomic import sync_folder
from birdscope.core.windows import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

UNFINISHED = ".partial.wav"
_BYTES = 3
# A WAV file counts its bytes in 32 bits: 12 hours at 32 kHz.
_MOST_BYTES = 4_200_000_000
_SYNC_S = 5.0


class Recorder:
    """Writes one channel at 32 kHz as a 24-bit WAV file.

    While it grows it is called `<name>.partial.wav`, and its header is right after every
    block: a copy, or what a killed process leaves, opens like any other. `finish` gives it its
    name.

    Args:
        path: The file that is made, ending in .wav.

    Raises:
        OSError: it can't be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unfinished = path.with_name(path.stem + UNFINISHED)
        self.frames = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        # without a buffer of its own: what is written is the system's, whoever dies
        self._file = open(self.unfinished, "xb", buffering=0)  # noqa: SIM115 (open for hours)
        self._write_all(_header(0))
        self._unsynced = 0

    @property
    def duration_s(self) -> float:
        """Seconds written."""
        return self.frames / SAMPLE_RATE_HZ

    @property
    def full(self) -> bool:
        """Whether another minute would be too much for one file."""
        return (self.frames + 60 * SAMPLE_RATE_HZ) * _BYTES > _MOST_BYTES

    def write(self, samples: npt.NDArray[np.float32]) -> None:
        """Append float32 [samples]; what exceeds -1…1 is clipped.

        Raises:
            OSError: the disk refuses; what was written before can be read.
        """
        import numpy as np

        most = (1 << (8 * _BYTES - 1)) - 1
        whole = np.rint(np.clip(samples, -1.0, 1.0) * np.float64(most)).astype("<i4")
        self._write_all(whole.view(np.uint8).reshape(-1, 4)[:, :_BYTES].tobytes())
        self.frames += len(samples)
        self._file.seek(0)
        self._write_all(_header(self.frames))
        self._file.seek(0, os.SEEK_END)
        self._unsynced += len(samples)
        if self._unsynced > _SYNC_S * SAMPLE_RATE_HZ:
            os.fsync(self._file.fileno())
            self._unsynced = 0

    def finish(self) -> Path:
        """Close the file and give it its name.

        Raises:
            OSError: the disk refuses; the unfinished file stays.
        """
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
        return _named(self.unfinished, self.path)

    def _write_all(self, data: bytes) -> None:
        """A disk that is almost full takes a part before it refuses."""
        rest = memoryview(data)
        while len(rest):
            rest = rest[self._file.write(rest) :]


def _header(frames: int) -> bytes:
    """The header of a WAV file of so many frames; its 44 bytes are written at once."""
    size, rate_hz = frames * _BYTES, SAMPLE_RATE_HZ
    form = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
    coding = (b"fmt ", 16, 1, 1, rate_hz, rate_hz * _BYTES, _BYTES, 8 * _BYTES)
    return form + struct.pack("<4sIHHIIHH", *coding) + struct.pack("<4sI", b"data", size)


def rescue(folder: Path) -> list[Path]:
    """Give files that a killed process left unfinished their names; the files."""
    return [
        _named(one, one.with_name(one.name.removesuffix(UNFINISHED) + ".wav"))
        for one in sorted(folder.glob(f"*{UNFINISHED}"))
    ]


def _named(unfinished: Path, path: Path) -> Path:
    """Rename, and never over another file."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    unfinished.rename(free)
    sync_folder(free.parent)
    return free
