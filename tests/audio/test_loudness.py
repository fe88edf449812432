from __future__ import annotations

import math

import numpy as np
import pytest

from birdscope.audio.loudness import loudness_gain, loudness_lufs

RATE = 32_000
TIME = np.arange(10 * RATE) / RATE


def tone(frequency_hz: float, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * TIME)).astype(np.float32)


def test_the_standards_reference_tone() -> None:
    assert loudness_lufs(tone(997), RATE) == pytest.approx(-3.01, abs=0.02)
    assert loudness_lufs(tone(997, 0.1), RATE) == pytest.approx(-23.01, abs=0.02)


def test_the_measure_weights_as_the_standard_at_any_rate() -> None:
    # the standard's curve: +4 dB for high tones, about −1.1 dB at 100 Hz, against 1 kHz +0.7
    for rate in (16_000, 32_000, 48_000):
        time = np.arange(4 * rate) / rate
        high = loudness_lufs(np.sin(2 * np.pi * 6000 * time).astype(np.float32), rate)
        low = loudness_lufs(np.sin(2 * np.pi * 100 * time).astype(np.float32), rate)
        assert high == pytest.approx(-3.70 + 4.0, abs=0.2)
        assert low == pytest.approx(-3.70 - 1.1, abs=0.2)


def test_pauses_do_not_count() -> None:
    paused = tone(997, 0.1)
    paused[3 * RATE :] = 0
    assert loudness_lufs(paused, RATE) == pytest.approx(-23.0, abs=0.3)


def test_a_gain_reaches_the_target_or_stops_at_the_peak() -> None:
    wave = tone(997, 0.01)
    gain = loudness_gain(wave, RATE, -23.0)
    assert loudness_lufs(gain * wave, RATE) == pytest.approx(-23.0, abs=0.05)
    wave[RATE] = 0.9
    assert loudness_gain(wave, RATE, -23.0) * 0.9 == pytest.approx(0.99)


def test_silence_and_short_sounds() -> None:
    assert loudness_lufs(np.zeros(RATE, np.float32), RATE) == -math.inf
    assert loudness_gain(np.zeros(RATE, np.float32), RATE, -23.0) == 1.0
    assert loudness_gain(np.zeros(0, np.float32), RATE, -23.0) == 1.0
    assert loudness_lufs(tone(997)[: RATE // 10], RATE) == pytest.approx(-3, abs=1)
