from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soxr

from birdscope.audio import decode
from birdscope.dataset.cleaning.quality import (
    clipped,
    clipped_seconds,
    measure_quality,
    silent_spans,
)

RATE = 32_000
RNG = np.random.default_rng(5)
NOISE = RNG.normal(size=4 * RATE).astype(np.float32)
TIME = np.arange(4 * RATE) / RATE


def test_levels_of_a_sine() -> None:
    sine = (0.5 * np.sin(2 * np.pi * 3000 * TIME)).astype(np.float32)
    quality = measure_quality(sine, RATE)
    assert quality.duration_s == 4
    assert quality.peak == pytest.approx(0.5, abs=1e-3)
    assert quality.rms_dbfs == pytest.approx(-9.03, abs=0.01)
    assert quality.clipped_share == quality.silent_share == 0


@pytest.mark.parametrize("ratio_db", [0, 10, 20, 40])
def test_signal_to_noise_follows_the_true_ratio(ratio_db: float) -> None:
    calls = (TIME % 1 < 0.3) * np.sin(2 * np.pi * 4000 * TIME) * np.sqrt(2)
    mixed = calls * 10 ** (ratio_db / 20) + NOISE
    quality = measure_quality((0.001 * mixed).astype(np.float32), RATE)
    assert quality.snr_db == pytest.approx(ratio_db, abs=2)


def test_nothing_at_all() -> None:
    assert measure_quality(np.zeros(0, np.float32), RATE).duration_s == 0
    assert measure_quality(np.zeros(RATE, np.float32), RATE).silent_share == 1


def test_clipped_sound_is_found_after_lossy_coding(tmp_path: Path) -> None:
    decode.write_ogg(tmp_path / "clip.ogg", overdriven(), RATE)
    found = clipped_seconds(decode.read(tmp_path / "clip.ogg"), RATE, 0.02)
    assert [second for second, _ in found] == [2, 3]


def test_clipped_sound_is_found_at_a_lower_level() -> None:
    found = clipped_seconds(0.6 * overdriven(), RATE, 0.02)
    assert [second for second, _ in found] == [2, 3]


def overdriven() -> npt.NDArray[np.float32]:
    """Noise below 4 kHz, quiet for two seconds, then four times too loud for full scale."""
    low = soxr.resample(soxr.resample(NOISE, RATE, 8000), 8000, RATE)
    low /= np.abs(low).max()
    low[2 * RATE :] *= 4
    return np.clip(low, -1, 1)


def test_loud_clean_sound_is_not_clipped() -> None:
    whistle = np.sin(2 * np.pi * (2000 + 500 * TIME) * TIME).astype(np.float32)
    assert not clipped(whistle).any()
    assert clipped(np.clip(3 * whistle, -1, 1)).mean() > 0.3
    assert not clipped(np.clip(3 * whistle, -1, 1) * 0.1).any()


def test_silence_is_a_span() -> None:
    wave = 0.1 * NOISE
    wave[RATE : 3 * RATE + RATE // 2] = 0
    assert silent_spans(wave, RATE, -80, 2.0) == ((pytest.approx(1), pytest.approx(3.5)),)
    assert silent_spans(wave, RATE, -80, 3.0) == ()
