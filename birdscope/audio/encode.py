"""Write recordings."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.atomic import replacing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# libsndfile's Vorbis encoder keeps a whole write on the stack: minutes in one call crash it.
_BLOCK_FRAMES = 1 << 15
# With channels it can't encode libsndfile crashes instead of refusing.
_MOST_CHANNELS = 8
_SERIAL = 0x62697264
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def write_ogg(path: Path | str, waveform: npt.NDArray[np.float32], sample_rate_hz: int) -> None:
    """Write an Ogg Vorbis file, whole or not at all; the same samples give the same bytes.

    Args:
        path: The file; its folder is made.
        waveform: [samples] or [samples, channels]; what exceeds -1…1 is clipped.
        sample_rate_hz: Frames per second.

    Raises:
        ValueError: the waveform has another shape.
        OSError: the file can't be written.
    """
    import numpy as np
    import soundfile

    channels = 1 if waveform.ndim == 1 else waveform.shape[1]
    if waveform.ndim > 2 or not 1 <= channels <= _MOST_CHANNELS:
        raise ValueError(f"expected [samples] or [samples, channels], got {waveform.shape}")
    with replacing(Path(path)) as temporary:
        with soundfile.SoundFile(
            temporary, "w", sample_rate_hz, channels, format="OGG", subtype="VORBIS"
        ) as file:
            for first in range(0, len(waveform), _BLOCK_FRAMES):
                file.write(np.clip(waveform[first : first + _BLOCK_FRAMES], -1.0, 1.0))
        temporary.write_bytes(_with_serial(temporary.read_bytes(), _SERIAL))


def _with_serial(data: bytes, serial: int) -> bytes:
    """An Ogg file with this stream number; libsndfile takes a random one each time."""
    out = bytearray(data)
    at = 0
    while at < len(out):
        size = 27 + out[at + 26] + sum(out[at + 27 : at + 27 + out[at + 26]])
        struct.pack_into("<I", out, at + 14, serial)
        struct.pack_into("<I", out, at + 22, 0)
        struct.pack_into("<I", out, at + 22, _ogg_checksum(bytes(out[at : at + size])))
        at += size
    return bytes(out)


def _ogg_checksum(page: bytes) -> int:
    """Ogg's CRC-32: zlib's polynomial, with bits unreversed and nothing inverted."""
    reversed_crc = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reversed_crc:032b}"[::-1], 2)
