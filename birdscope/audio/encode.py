"""Write recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.atomic import replacing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# libsndfile's Vorbis encoder keeps a whole write on the stack: minutes in one call crash it.
_BLOCK_FRAMES = 1 << 15


def write_ogg(path: Path | str, waveform: npt.NDArray[np.float32], sample_rate_hz: int) -> None:
    """Write an Ogg Vorbis file, whole or not at all.

    Args:
        path: The file; its folder is made.
        waveform: [samples] or [samples, channels]; what exceeds -1…1 is clipped.
        sample_rate_hz: Frames per second.

    Raises:
        OSError: the file can't be written.
    """
    import numpy as np
    import soundfile

    channels = 1 if waveform.ndim == 1 else waveform.shape[1]
    with (
        replacing(Path(path)) as temporary,
        soundfile.SoundFile(
            temporary, "w", sample_rate_hz, channels, format="OGG", subtype="VORBIS"
        ) as file,
    ):
        for first in range(0, len(waveform), _BLOCK_FRAMES):
            file.write(np.clip(waveform[first : first + _BLOCK_FRAMES], -1.0, 1.0))
