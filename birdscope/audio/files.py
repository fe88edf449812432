"""Open a recording, say what is wrong with it if that fails, and seek to the exact sample."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from birdscope.core.errors import AudioError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# After a seek libsndfile's Vorbis decoder starts without the overlap of the block before,
# its MP3 decoder without the bit reservoir: the first samples are wrong in up to a third of
# all seeks (libsndfile 1.2.2). Decoding from one longest Vorbis block (8192) earlier gives
# the same samples as a whole decode.
PREROLL_FRAMES = 8192
# A gap in an Ogg stream shows only as a wrong position after a read: read in steps that are
# shorter than a gap worth hearing.
_OGG_STEP_FRAMES = 1 << 14
_UNKNOWN_FRAMES = 1 << 60
_DOWNLOAD_AGAIN = "copy or download the file again, or remove it from the dataset"


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says.

    Attributes:
        duration_s: Length in seconds.
        sample_rate_hz: Frames per second.
        channels: Samples per frame.
        frames: Length in frames.
        format: Container and coding, e.g. `OGG VORBIS`.
    """

    duration_s: float
    sample_rate_hz: int
    channels: int
    frames: int
    format: str


def probe(path: Path | str) -> AudioInfo:
    """Read a header.

    Raises:
        AudioError: the file is missing, not readable, empty, or not sound.
    """
    with SoundReader(path) as sound:
        return sound.info


class SoundReader:
    """An open recording with sample-exact seeks.

    Raises:
        AudioError: see `probe`; `read` raises it where the data are damaged.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self._file = _open(self.path)
        self.info = AudioInfo(
            duration_s=self._file.frames / self._file.samplerate,
            sample_rate_hz=self._file.samplerate,
            channels=self._file.channels,
            frames=self._file.frames,
            format=f"{self._file.format} {self._file.subtype}",
        )
        self._ogg = self._file.format == "OGG"
        self._mpeg = "MPEG" in self._file.subtype
        self._last_page_start: int | None = None
        self._position = 0

    def seek(self, frame: int) -> None:
        """Make `frame` the next one read.

        Raises:
            AudioError: the data before it are damaged.
        """
        frame = min(max(0, frame), self.info.frames)
        if frame == self._position:
            return
        if self._mpeg:
            self._position = frame
            return
        begin = self._safe_start(frame) if self._ogg else frame
        try:
            self._file.seek(begin)
        except _failures() as error:
            raise _damaged(self.path, begin / self.info.sample_rate_hz, error) from None
        self._position = begin
        while self._position < frame:
            if len(self.read(min(frame - self._position, 1 << 16))) == 0:
                raise _damaged(self.path, self._position / self.info.sample_rate_hz, None)

    def read(self, frames: int) -> npt.NDArray[np.float32]:
        """The next frames as float32 [n, channels] in -1…1; n < frames only at the end.

        Raises:
            AudioError: the data are damaged here.
        """
        if not self._ogg or frames <= _OGG_STEP_FRAMES:
            return self._read_step(frames)
        import numpy as np

        out = np.empty((frames, self.info.channels), np.float32)
        filled = 0
        while filled < frames:
            block = self._read_step(min(_OGG_STEP_FRAMES, frames - filled))
            if len(block) == 0:
                break
            out[filled : filled + len(block)] = block
            filled += len(block)
        return out[:filled]

    def _read_step(self, frames: int) -> npt.NDArray[np.float32]:
        at_s = self._position / self.info.sample_rate_hz
        try:
            if self._mpeg:
                return self._read_mpeg(frames)
            block = self._file.read(frames, dtype="float32", always_2d=True)
            after = self._file.tell()
        except _failures() as error:
            raise _damaged(self.path, at_s, error) from None
        if self._ogg and len(block) and after != self._position + len(block):
            raise _damaged(self.path, at_s, None)
        self._position += len(block)
        result: npt.NDArray[np.float32] = block
        return result

    def _read_mpeg(self, frames: int) -> npt.NDArray[np.float32]:
        """Decode MP3 with its pre-roll in one call: soundfile seeks after every read."""
        begin = max(0, self._position - PREROLL_FRAMES)
        skip = self._position - begin
        self._file.seek(begin)
        block = self._file.read(skip + frames, dtype="float32", always_2d=True)[skip:]
        self._position += len(block)
        result: npt.NDArray[np.float32] = block
        return result

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> SoundReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _safe_start(self, frame: int) -> int:
        """Where to begin decoding so that `frame` comes out exact.

        Seeks into the last Ogg page land off by what its end trims away (libsndfile 1.2.2),
        so those begin in the page before it.
        """
        if self._last_page_start is None:
            self._last_page_start = _last_page_start(self.path)
        return max(0, min(frame, self._last_page_start) - PREROLL_FRAMES)


def ends_early(path: Path | str) -> bool:
    """Whether an Ogg or WAV file is cut off: inside a page, or before its declared end.

    libsndfile takes the last whole page, or what is there, for all and says nothing.
    """
    tail, head, size = _tail(Path(path))
    if head[:4] == b"RIFF":
        declared: int = struct.unpack_from("<I", head, 4)[0]
        return 0 < declared < 0xFFFF_FF00 and declared + 8 > size + 1
    if head[:4] != b"OggS":
        return False
    pages = _pages(tail)
    return not pages or pages[-1].end != len(tail) or not pages[-1].is_last


def _open(path: Path) -> Any:
    import soundfile

    _check_is_file(path)
    try:
        file = soundfile.SoundFile(path)
    except _failures() as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise AudioError(
            f"is not sound that can be decoded ({reason})",
            path=path,
            remedy="use ogg, wav, flac or mp3; if it should be one of these, "
            "download the file again",
        ) from None
    if not 0 < file.frames < _UNKNOWN_FRAMES or file.samplerate <= 0:
        file.close()
        raise AudioError("holds no sound (0 frames)", path=path, remedy=_DOWNLOAD_AGAIN)
    return file


def _check_is_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioError("is a folder, not a recording", path=path, remedy="name a file in it")
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioError("is empty (0 bytes)", path=path, remedy=_DOWNLOAD_AGAIN)
    except FileNotFoundError:
        raise AudioError(
            "there is no such file", path=path, remedy="check the path, or scan the dataset"
        ) from None
    except PermissionError:
        raise AudioError("may not be read", path=path, remedy="check its permissions") from None
    except OSError as error:
        raise AudioError(f"can't be read: {error.strerror}", path=path) from error


def _failures() -> tuple[type[Exception], ...]:
    import soundfile

    return (soundfile.SoundFileError, RuntimeError, OSError, ValueError)


def _damaged(path: Path, at_s: float, error: Exception | None) -> AudioError:
    reason = f" ({str(getattr(error, 'error_string', error)).rstrip('.')})" if error else ""
    return AudioError(f"is damaged near {at_s:.1f} s{reason}", path=path, remedy=_DOWNLOAD_AGAIN)


@dataclass(frozen=True)
class _Page:
    """An Ogg page: its granule position (frames up to its end) and where its bytes end."""

    granule: int
    end: int
    is_last: bool


def _tail(path: Path) -> tuple[bytes, bytes, int]:
    """The bytes of the last three Ogg pages (65,307 each at most), the first 8, the size."""
    with path.open("rb") as file:
        head = file.read(8)
        size = file.seek(0, 2)
        file.seek(max(0, size - 3 * 65_307))
        return file.read(), head, size


def _pages(data: bytes) -> list[_Page]:
    """The Ogg pages that begin in `data`; one that is cut off ends past the data."""
    found = []
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        flags, granule = struct.unpack_from("<BQ", data, at + 5)
        segments = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + data[at + 26] + sum(segments)
        if end > len(data):
            found.append(_Page(granule, len(data) + 1, False))
            break
        found.append(_Page(granule, end, bool(flags & 4)))
        at = data.find(b"OggS", end)
    return found


def _last_page_start(path: Path) -> int:
    """The first frame of an Ogg file's last page; 0 where there is only one page of sound."""
    granules = [page.granule for page in _pages(_tail(path)[0]) if page.granule < 1 << 63]
    return granules[-2] if len(granules) >= 2 else 0
