"""Record to a file block by block, so that whatever happens, what was heard can be read."""

from __future__ import annotations

import os
import wave
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
        self._wave: wave.Wave_write = wave.open(self._file, "wb")  # noqa: SIM115 (as well)
        self._wave.setnchannels(1)
        self._wave.setsampwidth(_BYTES)
        self._wave.setframerate(SAMPLE_RATE_HZ)
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
        self._wave.writeframes(whole.view(np.uint8).reshape(-1, 4)[:, :_BYTES].tobytes())
        self.frames += len(samples)
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
            self._wave.close()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
        return _named(self.unfinished, self.path)


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
