from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.audio.files import SoundReader
from birdscope.audio.treatment import SPEEDS, Treatment, save_clip, treated
from tests.audio.conftest import Writer, noise, tone

RATE_HZ = 32_000


def played(path: Path, treatment: Treatment, start_s: float, seconds: float) -> np.ndarray:
    """The first channel of what is treated, so many seconds of it."""
    blocks, frames = [], 0
    with SoundReader(path) as sound:
        for block in treated(sound, (start_s, None), treatment):
            blocks.append(block[:, 0])
            frames += len(block)
            if frames >= seconds * RATE_HZ:
                break
    return np.concatenate(blocks)[: round(seconds * RATE_HZ)]


def level_db(wave: np.ndarray, frequency_hz: float) -> float:
    """Of a sine of that frequency."""
    phase = np.exp(-2j * np.pi * frequency_hz * np.arange(len(wave)) / RATE_HZ)
    return float(20 * np.log10(abs((wave * np.hanning(len(wave)) * phase).mean()) * 4 + 1e-9))


def test_a_loop_repeats_its_samples_exactly(sound_file: Writer) -> None:
    samples = noise(3)
    path = sound_file("a.wav", samples)
    written = soundfile.read(path, dtype="float32")[0]
    wave = played(path, Treatment(loop_s=(1.0, 1.7)), 0.5, 3.0)
    loop = written[RATE_HZ : round(1.7 * RATE_HZ)]
    expected = np.concatenate([written[RATE_HZ // 2 : RATE_HZ], *[loop] * 5])
    assert np.array_equal(wave, expected[: len(wave)])


def test_a_start_behind_the_loop_leaves_it_alone(sound_file: Writer) -> None:
    path = sound_file("a.wav", noise(3))
    assert len(played(path, Treatment(loop_s=(1.0, 1.7)), 2.0, 9.0)) == RATE_HZ


@pytest.mark.parametrize("treatment", [Treatment(), Treatment(loop_s=(1.0, 1.7))])
def test_plain_samples_stay_what_they_are(sound_file: Writer, treatment: Treatment) -> None:
    assert treatment.is_plain
    path = sound_file("a.wav", noise(2))
    written = soundfile.read(path, dtype="float32")[0]
    assert np.array_equal(
        played(path, treatment, 0.0, 1.5), written[: len(played(path, treatment, 0.0, 1.5))]
    )


@pytest.mark.parametrize(
    ("band_hz", "passes"),
    [
        ((2000, 4000), [3000]),
        ((0, 1500), [500]),
        ((5000, 16_000), [9000]),
        ((0, 16_000), [500, 3000, 9000]),
    ],
)
def test_a_band_lets_through_what_is_in_it(
    sound_file: Writer, band_hz: tuple[float, float], passes: list[int]
) -> None:
    mixed = sum(tone(hz, 2, amplitude=0.2) for hz in (500, 3000, 9000))
    wave = played(sound_file("a.wav", mixed), Treatment(band_hz=band_hz), 0.0, 2.0)[RATE_HZ // 2 :]
    for hz in (500, 3000, 9000):
        level = level_db(wave, hz)
        assert level > -15.5 if hz in passes else level < -40, (hz, level)


def test_clips_are_made_equally_loud(sound_file: Writer) -> None:
    heard = [
        played(
            sound_file(f"{amplitude}.wav", tone(1000, 2, amplitude=amplitude)),
            Treatment(normalise=True), 0.0, 2.0,
        )
        for amplitude in (0.01, 0.1, 0.9)
    ]  # fmt: skip
    loudness = [float(np.sqrt((wave**2).mean())) for wave in heard]
    assert max(loudness) / min(loudness) < 1.05
    assert (
        played(
            sound_file("none.wav", np.zeros(RATE_HZ, np.float32)), Treatment(normalise=True), 0, 1
        ).max()
        == 0
    )


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_saved_clip_is_what_would_be_heard(
    sound_file: Writer, tmp_path: Path, speed: float
) -> None:
    source = sound_file("a.ogg", tone(2000, 4))
    clip = save_clip(source, tmp_path / "clips" / "b.wav", (1.0, 3.0), Treatment(speed=speed))
    wave, rate_hz = soundfile.read(clip)
    assert rate_hz == RATE_HZ
    assert len(wave) == pytest.approx(2 / speed * RATE_HZ, abs=4)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    assert spectrum.argmax() * RATE_HZ / len(wave) == pytest.approx(2000 * speed, abs=3)


def test_the_second_heard_follows_the_loop() -> None:
    loop = Treatment(loop_s=(1.0, 3.0))
    assert loop.second_of(0.0, 0.5) == 0.5
    assert loop.second_of(0.0, 3.25) == pytest.approx(1.25)
    assert loop.second_of(2.0, 1.0 + 2.0 + 0.5) == pytest.approx(1.5)
    assert loop.second_of(4.0, 1.0) == 5.0
