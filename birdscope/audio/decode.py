"""Recordings as waveforms: any window at any rate, without reading more than that window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from birdscope.audio.encode import write_ogg
from birdscope.audio.files import AudioInfo, SoundReader, ends_early, probe
from birdscope.core.errors import AudioError
from birdscope.core.windows import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["AudioInfo", "Channel", "blocks", "probe", "read", "read_available", "write_ogg"]

Channel = Literal["first", "mean"]
# Frames of the lower rate that soxr's HQ filter needs on each side of a window so that the
# window equals the same part of the whole file resampled (to 1e-6).
_FILTER_FRAMES = 1024
_CHUNK_FRAMES = 1 << 19
# An MP3 without a length tag declares up to two coded frames too many.
_MP3_SLACK_FRAMES = 2 * 1152


def read(
    path: Path | str,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    channel: Channel = "first",
) -> npt.NDArray[np.float32]:
    """Decode a window of a recording.

    A window equals, sample by sample, the same slice of the whole file decoded and resampled.

    Args:
        path: The recording.
        start_s: Where the window begins.
        duration_s: Its length; None reads to the end.
        sample_rate_hz: Rate of the result (soxr, quality HQ).
        channel: The first channel, or the mean of all.

    Returns:
        float32 [samples] in about -1…1; shorter than asked where the recording ends,
        empty past its end.

    Raises:
        AudioError: missing, not sound, empty, or damaged inside the window.
    """
    with SoundReader(path) as sound:
        span = _Span.of(sound.info, start_s, duration_s, sample_rate_hz)
        return _resampled(_Strict(sound, channel), span)


def read_available(
    path: Path | str,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    channel: Channel = "first",
) -> tuple[npt.NDArray[np.float32], str | None]:
    """Decode what can be decoded of a damaged recording; see `read`.

    Returns:
        The waveform, with zeros where the data are damaged and the rest in its place (MP3
        has no clock: what follows damage may come early); and a sentence that says what is
        missing, or None for a file without damage.

    Raises:
        AudioError: nothing at all can be decoded.
    """
    with SoundReader(path) as sound:
        span = _Span.of(sound.info, start_s, duration_s, sample_rate_hz)
        try:
            waveform, warning = _resampled(_Strict(sound, channel), span), None
        except AudioError:
            lenient = _Lenient(Path(path), channel)
            waveform = _resampled(lenient, span)
            warning = lenient.warning(sound.info)
    if warning is None and ends_early(path):
        warning = f"the file is cut off; {sound.info.duration_s:.1f} s can be decoded"
    return waveform, warning


def blocks(
    path: Path | str,
    block_s: float,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    channel: Channel = "first",
) -> Iterator[npt.NDArray[np.float32]]:
    """The waveform of `read` in consecutive blocks; only one is in memory at a time.

    Yields:
        float32 [round(block_s · sample_rate_hz)]; the last one may be shorter.

    Raises:
        AudioError: see `read`; after the blocks before the damage.
    """
    with SoundReader(path) as sound:
        whole = _Span.of(sound.info, start_s, duration_s, sample_rate_hz)
        fetch = _Strict(sound, channel)
        for part in whole.split(max(1, round(block_s * sample_rate_hz))):
            yield _resampled(fetch, part)


@dataclass(frozen=True)
class _Span:
    """Output samples `first` to `last` of a file resampled by the ratio `up` / `down`."""

    first: int
    last: int
    frames: int
    rate_in_hz: int
    rate_out_hz: int

    @classmethod
    def of(cls, info: AudioInfo, start_s: float, duration_s: float | None, rate_hz: int) -> _Span:
        if start_s < 0 or (duration_s is not None and duration_s < 0):
            raise ValueError(f"a window can't begin or end before 0 ({start_s}, {duration_s})")
        total = math.floor(info.frames * rate_hz / info.sample_rate_hz + 0.5)
        first = min(round(start_s * rate_hz), total)
        last = total if duration_s is None else min(total, first + round(duration_s * rate_hz))
        return cls(first, last, info.frames, info.sample_rate_hz, rate_hz)

    def split(self, samples: int) -> Iterator[_Span]:
        for first in range(self.first, self.last, samples):
            last = min(first + samples, self.last)
            yield _Span(first, last, self.frames, self.rate_in_hz, self.rate_out_hz)

    def source(self) -> tuple[int, int, int]:
        """Frames of the file to decode (begin, end), and output samples to drop in front.

        The begin is one where input and output frames coincide, so that the filter's phase
        is that of the whole file.
        """
        if self.rate_in_hz == self.rate_out_hz:
            return self.first, self.last, 0
        common = math.gcd(self.rate_in_hz, self.rate_out_hz)
        up, down = self.rate_out_hz // common, self.rate_in_hz // common
        margin = math.ceil(_FILTER_FRAMES * max(1.0, down / up))
        begin = max(0, (self.first * down // up - margin) // down * down)
        end = min(self.frames, math.ceil(self.last * down / up) + margin)
        return begin, end, self.first - begin // down * up


class _Fetch(Protocol):
    def __call__(self, begin: int, end: int) -> npt.NDArray[np.float32]: ...


def _resampled(fetch: _Fetch, span: _Span) -> npt.NDArray[np.float32]:
    import numpy as np

    begin, end, skip = span.source()
    length = span.last - span.first
    if length <= 0:
        return np.zeros(0, np.float32)
    native = fetch(begin, end)
    if span.rate_in_hz == span.rate_out_hz:
        return native
    import soxr

    out = soxr.resample(native, span.rate_in_hz, span.rate_out_hz, quality="HQ")
    out = out[skip : skip + length]
    # soxr may round the length down by a sample at the end of the file
    return np.ascontiguousarray(np.pad(out, (0, length - len(out))), dtype=np.float32)


class _Strict:
    """Frames of one channel; any damage is an error."""

    def __init__(self, sound: SoundReader, channel: Channel):
        self._sound = sound
        self._channel = channel

    def __call__(self, begin: int, end: int) -> npt.NDArray[np.float32]:
        import numpy as np

        out = np.zeros(end - begin, np.float32)
        self._sound.seek(begin)
        filled = 0
        while filled < len(out):
            block = self._sound.read(min(_CHUNK_FRAMES, len(out) - filled))
            if len(block) == 0:
                break
            out[filled : filled + len(block)] = pick(block, self._channel)
            filled += len(block)
        self._check(out, begin, filled)
        return out

    def _check(self, out: npt.NDArray[np.float32], begin: int, filled: int) -> None:
        import numpy as np

        info, path = self._sound.info, self._sound.path
        slack = _MP3_SLACK_FRAMES if "MPEG" in info.format else 0
        if filled < len(out) - slack:
            decoded_s = (begin + filled) / info.sample_rate_hz
            raise AudioError(
                f"only {decoded_s:.1f} s of {info.duration_s:.1f} s can be decoded",
                path=path,
                remedy="copy or download the file again",
            )
        if not np.isfinite(out.sum(dtype=np.float64)):
            raise AudioError(
                "holds samples that are not numbers (NaN or infinite)",
                path=path,
                remedy="convert it again from its source",
            )


class _Lenient:
    """Frames of one channel in blocks of a second; zeros where a block can't be decoded."""

    def __init__(self, path: Path, channel: Channel):
        self._path = path
        self._channel = channel
        self._missing = 0
        self._decoded = 0

    def __call__(self, begin: int, end: int) -> npt.NDArray[np.float32]:
        import numpy as np

        out = np.zeros(end - begin, np.float32)
        sound = SoundReader(self._path)
        try:
            second = sound.info.sample_rate_hz
            for first in range(begin, end, second):
                last = min(first + second, end)
                try:
                    sound.seek(first)
                    self._fill(out[first - begin : last - begin], sound)
                except AudioError:
                    # libsndfile stays in its error state: go on with a fresh decoder
                    sound.close()
                    sound = SoundReader(self._path)
                    self._missing += last - first
        finally:
            sound.close()
        if self._decoded == 0:
            raise AudioError(
                "nothing in it can be decoded",
                path=self._path,
                remedy="copy or download the file again",
            )
        return out

    def _fill(self, target: npt.NDArray[np.float32], sound: SoundReader) -> None:
        import numpy as np

        block = pick(sound.read(len(target)), self._channel)
        good = np.isfinite(block)
        target[: len(block)] = np.where(good, block, 0)
        self._decoded += int(good.sum())
        self._missing += len(target) - int(good.sum())

    def warning(self, info: AudioInfo) -> str:
        missing_s = self._missing / info.sample_rate_hz
        return f"the file is damaged; {missing_s:.1f} s of {info.duration_s:.1f} s are silence"


def pick(block: npt.NDArray[np.float32], channel: Channel) -> npt.NDArray[np.float32]:
    """One channel of float32 [frames, channels]: float32 [frames]."""
    if channel == "first" or block.shape[1] == 1:
        return block[:, 0]
    mean: npt.NDArray[np.float32] = block.mean(axis=1)
    return mean
