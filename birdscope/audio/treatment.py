"""How a recording is played: its speed, a band of it, its loudness, a loop; for ear and file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from birdscope.audio.files import SoundReader

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Block = npt.NDArray[np.float32]

SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_BLOCK_S = 0.25
_ORDER = 6
_TARGET_LUFS = -20.0
_MOST_GAIN = 30.0
# A clip's loudness is that of its first minute: the sound must begin at once.
_HEARD_S = 60.0


@dataclass(frozen=True)
class Treatment:
    """What is done to a recording between its file and the ear.

    Attributes:
        speed: 0.25 to 2; pitch follows it, as with a tape.
        band_hz: Only these frequencies are heard; None is all.
        normalise: Whether every clip is made equally loud.
        loop_s: This span is played again and again; None plays once.
    """

    speed: float = 1.0
    band_hz: tuple[float, float] | None = None
    normalise: bool = False
    loop_s: tuple[float, float] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the samples stay what they are."""
        return self.speed == 1.0 and self.band_hz is None and not self.normalise

    def second_of(self, start_s: float, played_s: float) -> float:
        """The second of the recording that is heard after so many seconds of it, loops counted.

        >>> Treatment(loop_s=(1.0, 3.0)).second_of(2.0, 4.5)
        2.5
        """
        second = start_s + played_s
        if self.loop_s is None or second < self.loop_s[1] or start_s >= self.loop_s[1]:
            return second
        begin_s, end_s = self.loop_s
        return begin_s + (second - end_s) % (end_s - begin_s)


PLAIN = Treatment()


def treated(
    sound: SoundReader, span_s: tuple[float, float | None], treatment: Treatment
) -> Iterator[Block]:
    """A span of a recording in blocks [frames, its channels] at its rate, band and gain applied.

    The speed is left to whoever knows the rate of the ear: see `heard_rate_hz`. With a loop
    that the span reaches there is no end.

    Args:
        sound: The open recording.
        span_s: Where to begin, and to end; None is the recording's end.
        treatment: What is done.
    """
    rate_hz = sound.info.sample_rate_hz
    sieve = _Sieve(treatment.band_hz, rate_hz, sound.info.channels)
    gain = _clip_gain(sound, span_s, treatment) if treatment.normalise else 1.0
    for block in _spans(sound, span_s, treatment.loop_s):
        out = sieve.filtered(block)
        yield out * gain if gain != 1.0 else out


def heard_rate_hz(sample_rate_hz: int, treatment: Treatment) -> float:
    """The rate at which a recording's samples must be played to be heard at the speed."""
    return sample_rate_hz * treatment.speed


def save_clip(
    source: Path | str,
    target: Path | str,
    span_s: tuple[float, float | None],
    treatment: Treatment,
) -> Path:
    """Write what would be played as a 16-bit WAV file at the recording's rate; a loop once.

    Args:
        source: The recording.
        target: The file to write; its folder is made.
        span_s: Where to begin, and to end; None is the recording's end.
        treatment: What is done.

    Returns:
        The target.

    Raises:
        AudioError: the recording can't be read.
        OSError: the file can't be written.
    """
    import numpy as np
    import soundfile
    import soxr

    from birdscope.core.atomic import replacing

    once = Treatment(treatment.speed, treatment.band_hz, treatment.normalise)
    target = Path(target)
    with SoundReader(source) as sound, replacing(target) as temporary:
        info = sound.info
        stream = soxr.ResampleStream(
            heard_rate_hz(info.sample_rate_hz, once), info.sample_rate_hz, info.channels,
            dtype="float32",
        )  # fmt: skip
        with soundfile.SoundFile(
            temporary, "w", info.sample_rate_hz, info.channels, format="WAV", subtype="PCM_16"
        ) as file:
            for block in treated(sound, span_s, once):
                out = stream.resample_chunk(block) if once.speed != 1.0 else block
                file.write(np.clip(out.reshape(-1, info.channels), -1.0, 1.0))
            if once.speed != 1.0:
                rest = stream.resample_chunk(np.zeros((0, info.channels), np.float32), last=True)
                file.write(np.clip(rest.reshape(-1, info.channels), -1.0, 1.0))
    return target


class _Sieve:
    """A band-pass that goes on from block to block.

    Args:
        band_hz: What is let through; None is everything.
        rate_hz: Of the samples.
        channels: How many.
    """

    def __init__(self, band_hz: tuple[float, float] | None, rate_hz: int, channels: int):
        self._sections: Any = None
        if band_hz is None:
            return
        from scipy.signal import butter

        nyquist_hz = rate_hz / 2
        low, high = max(band_hz[0], 0.0), min(band_hz[1], nyquist_hz)
        has_low, has_high = low > 20.0, high < 0.98 * nyquist_hz
        if low >= 0.98 * nyquist_hz or not (has_low or has_high):
            return
        kind = "bandpass" if has_low and has_high else "highpass" if has_low else "lowpass"
        edges = [low, high] if kind == "bandpass" else low if has_low else high
        self._sections = butter(_ORDER, edges, kind, fs=rate_hz, output="sos")
        import numpy as np

        self._state = np.zeros((len(self._sections), 2, channels))

    def filtered(self, block: Block) -> Block:
        """The band of a block [frames, channels]."""
        if self._sections is None or not len(block):
            return block
        import numpy as np
        from scipy.signal import sosfilt

        out, self._state = sosfilt(self._sections, block, axis=0, zi=self._state)
        passed: Block = out.astype(np.float32)
        return passed


def _spans(
    sound: SoundReader, span_s: tuple[float, float | None], loop_s: tuple[float, float] | None
) -> Iterator[Block]:
    """Blocks of a span; of a loop, which the span reaches, for ever."""
    rate_hz, frames = sound.info.sample_rate_hz, sound.info.frames
    begin = round(span_s[0] * rate_hz)
    end = frames if span_s[1] is None else min(round(span_s[1] * rate_hz), frames)
    if loop_s is None or span_s[0] >= loop_s[1]:
        yield from _range(sound, begin, end)
        return
    first, past = (min(round(edge * rate_hz), frames) for edge in loop_s)
    yield from _range(sound, begin, past)
    while past > first:
        yield from _range(sound, first, past)


def _range(sound: SoundReader, begin: int, end: int) -> Iterator[Block]:
    sound.seek(begin)
    while begin < end:
        block = sound.read(min(round(_BLOCK_S * sound.info.sample_rate_hz), end - begin))
        if len(block) == 0:
            return
        begin += len(block)
        yield block


def _clip_gain(
    sound: SoundReader, span_s: tuple[float, float | None], treatment: Treatment
) -> float:
    """What makes the clip, as it will sound, as loud as all others."""
    import numpy as np

    from birdscope.audio.loudness import loudness_gain

    span_s = treatment.loop_s or span_s
    end_s = sound.info.duration_s if span_s[1] is None else span_s[1]
    end_s = min(end_s, span_s[0] + _HEARD_S)
    sieve = _Sieve(treatment.band_hz, sound.info.sample_rate_hz, sound.info.channels)
    heard = [sieve.filtered(one) for one in _spans(sound, (span_s[0], end_s), None)]
    if not heard:
        return 1.0
    wave = np.nan_to_num(np.concatenate(heard)).mean(axis=1, dtype=np.float32)
    gain = loudness_gain(wave, sound.info.sample_rate_hz, _TARGET_LUFS)
    return gain if math.isfinite(gain) and gain < _MOST_GAIN else _MOST_GAIN
