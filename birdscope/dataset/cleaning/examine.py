"""Everything that is measured of one recording, and how it is kept in a line of JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.audio import decode
from birdscope.core.errors import AudioError
from birdscope.core.types import Recording
from birdscope.dataset.cleaning.fingerprint import Words, fingerprint, sample_hash
from birdscope.dataset.cleaning.quality import (
    Quality,
    clipped_seconds,
    measure_quality,
    silent_spans,
)
from birdscope.dataset.cleaning.settings import CleanSettings
from birdscope.dataset.cleaning.speech import RATE_HZ, Voice, find_speech
from birdscope.dataset.cut_lists import Cut

_EMPTY = Quality(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Examined:
    """What one recording is like.

    Attributes:
        recording: Its key.
        stamp: Size and time of the file, to see whether it is still the same.
        quality: Levels; all zero where nothing can be decoded.
        cuts: Speech, silence, clipping and noise; duplicates need all recordings.
        sample_hash: Of the decoded samples.
        words: The fingerprint; empty where none was wanted.
        problem: What can't be decoded; empty where all can.
    """

    recording: str
    stamp: str
    quality: Quality
    cuts: tuple[Cut, ...] = ()
    sample_hash: str = ""
    words: Words | None = None
    problem: str = ""

    def to_json(self) -> str:
        """One line."""
        body = {
            "recording": self.recording,
            "stamp": self.stamp,
            "quality": asdict(self.quality),
            "cuts": [asdict(one) for one in self.cuts],
            "sample_hash": self.sample_hash,
            "words": _packed(self.words),
            "problem": self.problem,
        }
        return json.dumps(body, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> Examined:
        """Read a line back.

        Raises:
            ValueError: the line is damaged.
        """
        try:
            body: Mapping[str, Any] = json.loads(line)
            return cls(
                recording=body["recording"],
                stamp=body["stamp"],
                quality=Quality(**body["quality"]),
                cuts=tuple(Cut(**one) for one in body["cuts"]),
                sample_hash=body["sample_hash"],
                words=_unpacked(body["words"]),
                problem=body["problem"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a line of results") from error


def stamp_of(recording: Recording) -> str:
    """Size and modification time of a file; empty where it is missing."""
    try:
        status = recording.path.stat()
    except OSError:
        return ""
    return f"{status.st_size}-{status.st_mtime_ns}"


def examine(recording: Recording, settings: CleanSettings, voice: Voice | None) -> Examined:
    """Measure one recording; one that can't be decoded gives a `problem`, no exception."""
    stamp = stamp_of(recording)
    try:
        rate_hz = decode.probe(recording.path).sample_rate_hz
        waveform, damage = decode.read_available(recording.path, sample_rate_hz=rate_hz)
        low, _ = decode.read_available(recording.path, sample_rate_hz=RATE_HZ)
    except AudioError as error:
        return Examined(recording.key, stamp, _EMPTY, problem=error.what)
    quality = measure_quality(waveform, rate_hz, settings.silence_dbfs)
    return Examined(
        recording=recording.key,
        stamp=stamp,
        quality=quality,
        cuts=(
            *_speech_cuts(recording.key, low, settings, voice),
            *_level_cuts(recording.key, waveform, rate_hz, settings),
            *_noise_cuts(recording.key, quality, settings),
        ),
        sample_hash=sample_hash(waveform) if settings.duplicates else "",
        words=fingerprint(low) if settings.duplicates else None,
        problem=damage or "",
    )


def _speech_cuts(
    key: str, low: npt.NDArray[np.float32], settings: CleanSettings, voice: Voice | None
) -> list[Cut]:
    found = find_speech(low, voice, settings) if voice is not None else ()
    return [Cut(key, _ms(start), _ms(end), "speech", round(sure, 3)) for start, end, sure in found]


def _level_cuts(
    key: str, waveform: npt.NDArray[np.float32], rate_hz: int, settings: CleanSettings
) -> list[Cut]:
    duration_s = len(waveform) / rate_hz
    silent = silent_spans(waveform, rate_hz, settings.silence_dbfs, settings.silence_shortest_s)
    clipped = clipped_seconds(waveform, rate_hz, settings.clipping_share)
    return [
        *(Cut(key, _ms(start), _ms(end), "silence") for start, end in silent),
        *(
            Cut(key, float(second), _ms(min(second + 1, duration_s)), "clipping", round(share, 3))
            for second, share in clipped
        ),
    ]


def _noise_cuts(key: str, quality: Quality, settings: CleanSettings) -> list[Cut]:
    if settings.min_snr_db is None or quality.snr_db >= settings.min_snr_db:
        return []
    if quality.duration_s <= 0:
        return []
    note = f"signal to noise {quality.snr_db:.0f} dB"
    return [Cut(key, 0.0, _ms(quality.duration_s), "noise", note=note)]


def _ms(seconds: float) -> float:
    """Whole milliseconds, as the cut list keeps them."""
    return round(seconds, 3)


def _packed(words: Words | None) -> str:
    return "" if words is None else base64.b64encode(words.astype("<u4").tobytes()).decode()


def _unpacked(text: str) -> Words | None:
    return np.frombuffer(base64.b64decode(text), "<u4").astype(np.uint32) if text else None
