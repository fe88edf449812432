"""How well `birdscope clean` finds speech: espeak-ng mixed into real recordings.

`python -m benchmarks voice` puts three sentences by three voices into recordings of
../shared/data at known places and ratios, and counts by seconds: recall is the share of
speech that is found, precision the share of what is found that is speech (within the padding
that is added on purpose). Clean recordings tell how much is found where nobody speaks.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks._claim import Absent, Claim, require, shared
from birdscope.audio import decode
from birdscope.dataset.cleaning.settings import CleanSettings
from birdscope.dataset.cleaning.spans import bridged, runs
from birdscope.dataset.cleaning.speech import RATE_HZ, SileroVoice, Voice, find_speech

Wave = npt.NDArray[np.float32]
SENTENCES = (
    ("en-gb", "Recorded at six in the morning beside the river, two birds calling."),
    ("en-us+f3", "This is recording number forty two, a wren in the undergrowth."),
    ("es+m3", "Grabación de las seis de la mañana, en la reserva, con lluvia."),
)
SNRS_DB = (20, 10, 5, 0, -5)
DATASETS = ("calfrog32", "esc10clef")
# A baby that cries, a person who sneezes: voices, so no place to count false alarms.
HUMAN = ("crybab", "sneeze")
_RATE_NATIVE_HZ = 32_000
_STEP_S = 0.01
_QUIET_DB = -35.0
_PAUSE_S = 0.5
_PAD_S = 0.2


@dataclass(frozen=True)
class Seconds:
    """Seconds of speech, of what was found, and of both; `found_near` allows the padding."""

    speech: float = 0.0
    found: float = 0.0
    hit: float = 0.0
    found_near: float = 0.0

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(
            self.speech + other.speech,
            self.found + other.found,
            self.hit + other.hit,
            self.found_near + other.found_near,
        )

    @property
    def recall(self) -> float:
        """Share of the speech that is found."""
        return self.hit / self.speech

    @property
    def precision(self) -> float:
        """Share of what is found that is speech, or at most 0.2 s from it."""
        return self.found_near / self.found if self.found else float("nan")


def claims() -> Iterator[Claim]:
    """Recall and precision for each ratio, then false alarms on clean recordings."""
    voices = spoken()
    voice = SileroVoice()
    settings = CleanSettings()
    clean = backgrounds()
    for snr_db in SNRS_DB:
        total = Seconds()
        for number, background in enumerate(clean):
            mixed, speech = mix(background, voices[number % len(voices)], snr_db, number)
            total += compare(mixed, speech, voice, settings)
        bars = {20: 0.9, 10: 0.9}
        bar = bars.get(snr_db)
        yield Claim(
            f"speech at {snr_db:+d} dB: recall, precision ({len(clean)} recordings, "
            f"{total.speech:.0f} s of speech)",
            f"{total.recall:.3f}, {total.precision:.3f}",
            f"> {bar}" if bar else "",
            min(total.recall, total.precision) > bar if bar else None,
        )
    yield from false_alarms(voice, settings)


def false_alarms(voice: Voice, settings: CleanSettings) -> Iterator[Claim]:
    """What is found in recordings as they are."""
    for name in DATASETS:
        seconds = found = 0.0
        for path in _files(name, every=6):
            waveform, _ = decode.read_available(path, sample_rate_hz=RATE_HZ)
            seconds += len(waveform) / RATE_HZ
            found += sum(end - start for start, end, _ in find_speech(waveform, voice, settings))
        text = f"found in {seconds:.0f} s of {name} without speech"
        yield Claim(text, f"{found:.1f} s ({found / seconds:.1%})", "< 5%", found < 0.05 * seconds)


def spoken() -> list[Wave]:
    """The sentences, float32 [samples] at 32 kHz.

    Raises:
        Absent: espeak-ng is not installed.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise Absent("espeak-ng is not installed (Debian package espeak-ng)")
    waves = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (voice, text) in enumerate(SENTENCES):
            path = Path(scratch) / f"{number}.wav"
            subprocess.run([program, "-v", voice, "-s", "150", "-w", path, text], check=True)
            waves.append(decode.read(path, sample_rate_hz=_RATE_NATIVE_HZ))
    return waves


def backgrounds(every: int = 12) -> list[Wave]:
    """Real recordings of at least 4 s, repeated to 12 s: float32 [samples] at 32 kHz."""
    out = []
    for name in DATASETS:
        for path in _files(name, every):
            waveform, _ = decode.read_available(path, sample_rate_hz=_RATE_NATIVE_HZ)
            if len(waveform) >= 4 * _RATE_NATIVE_HZ:
                out.append(np.resize(waveform, 12 * _RATE_NATIVE_HZ))
    return out


def _files(name: str, every: int) -> list[Path]:
    root = require(shared("data", name)) / "train_audio"
    files = sorted(path for path in root.glob("*/*.ogg") if path.parent.name not in HUMAN)
    return files[::every]


def mix(
    background: Wave, speech: Wave, snr_db: float, seed: int
) -> tuple[Wave, npt.NDArray[np.bool_]]:
    """Speech put into a background at 32 kHz.

    Returns:
        float32 [samples] at 32 kHz, and bool [steps of 10 ms]: where somebody speaks; pauses
        of up to half a second belong to it.
    """
    talking = _talking(speech)
    start = int(np.random.default_rng(seed).integers(0, len(background) - len(speech)))
    start -= start % round(_STEP_S * _RATE_NATIVE_HZ)
    under = background[start : start + len(speech)]
    active = np.repeat(talking, round(_STEP_S * _RATE_NATIVE_HZ))[: len(speech)]
    level = np.mean(np.square(speech[: len(active)][active], dtype=np.float64))
    noise = max(float(np.mean(np.square(under, dtype=np.float64))), 1e-8)
    gain = np.sqrt(noise * 10 ** (snr_db / 10) / level)
    mixed = background.copy()
    mixed[start : start + len(speech)] += np.float32(gain) * speech
    peak = float(np.abs(mixed).max())
    where = np.zeros(round(len(background) / _RATE_NATIVE_HZ / _STEP_S), bool)
    first = round(start / _RATE_NATIVE_HZ / _STEP_S)
    where[first : first + len(talking)] = talking
    return (mixed / max(1.0, peak)).astype(np.float32), where


def _talking(speech: Wave) -> npt.NDArray[np.bool_]:
    """Steps of 10 ms within 35 dB of the loudest, short pauses filled."""
    step = round(_STEP_S * _RATE_NATIVE_HZ)
    whole = speech[: len(speech) // step * step].reshape(-1, step)
    power = np.mean(np.square(whole, dtype=np.float64), axis=1)
    loud = power > power.max() * 10 ** (_QUIET_DB / 10)
    mask = np.zeros(len(loud), bool)
    for first, last in bridged(runs(loud), _PAUSE_S / _STEP_S):
        mask[first:last] = True
    return mask


def compare(
    mixed: Wave, speech: npt.NDArray[np.bool_], voice: Voice, settings: CleanSettings
) -> Seconds:
    """Find speech in a mixture and count seconds."""
    import soxr

    low = soxr.resample(mixed, _RATE_NATIVE_HZ, RATE_HZ)
    return count(find_speech(low, voice, settings), speech)


def count(spans: Sequence[tuple[float, float, float]], speech: npt.NDArray[np.bool_]) -> Seconds:
    """Spans in seconds against bool [steps of 10 ms]."""
    found = np.zeros(len(speech), bool)
    for start, end, _ in spans:
        found[round(start / _STEP_S) : round(end / _STEP_S)] = True
    near = np.zeros(len(speech), bool)
    pad = round(_PAD_S / _STEP_S)
    for first, last in runs(speech):
        near[max(0, first - pad) : last + pad] = True
    values = (speech, found, speech & found, found & near)
    return Seconds(*(float(one.sum()) * _STEP_S for one in values))
