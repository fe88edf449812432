from __future__ import annotations

import math

import numpy as np
import pytest

from birdscope.audio.live_levels import FLOOR_DB, LevelMeter
from tests.audio.conftest import tone


def test_a_sine_has_its_peak_and_its_mean() -> None:
    levels = LevelMeter().take(tone(1000, 1.0, amplitude=0.5))
    assert levels.peak_db == pytest.approx(-6.02, abs=0.01)
    assert levels.mean_db == pytest.approx(-9.03, abs=0.01)
    assert levels.held_db == levels.peak_db
    assert (levels.clipped, levels.clipped_ago_s, levels.silent_s) == (0, math.inf, 0.0)


def test_the_peak_is_held_and_then_falls() -> None:
    meter, quiet = LevelMeter(), np.full(3200, 1e-4, np.float32)
    meter.take(np.full(3200, 0.5, np.float32))
    held = [meter.take(quiet).held_db for _ in range(30)]
    assert held[13] == pytest.approx(-6.02, abs=0.01)
    assert held[16] < -6.1
    falls = -np.diff(held[16:26])
    assert falls == pytest.approx(2.0, abs=0.01)
    assert meter.take(np.full(3200, 0.9, np.float32)).held_db == pytest.approx(-0.92, abs=0.01)


def test_clipping_is_counted_and_its_age_told() -> None:
    meter, sound = LevelMeter(), np.zeros(32_000, np.float32)
    sound[16_000:16_003] = (1.0, -1.0, 0.9995)
    levels = meter.take(sound)
    assert levels.clipped == 3
    assert levels.clipped_ago_s == pytest.approx(0.5, abs=0.001)
    levels = meter.take(np.zeros(32_000, np.float32))
    assert levels.clipped == 3
    assert levels.clipped_ago_s == pytest.approx(1.5, abs=0.001)


def test_digital_silence_is_told_from_a_quiet_place() -> None:
    meter = LevelMeter()
    meter.take(np.zeros(64_000, np.float32))
    levels = meter.take(np.zeros(32_000, np.float32))
    assert levels.silent_s == pytest.approx(3.0)
    assert levels.peak_db == levels.mean_db == FLOOR_DB
    assert meter.take(np.full(320, 1e-5, np.float32)).silent_s == 0.0
