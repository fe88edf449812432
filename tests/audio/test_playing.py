from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from birdscope.audio.playing import Playing
from birdscope.audio.ring import Ring


def _playing(frames: int = 0, finished: bool = False) -> tuple[Playing, SimpleNamespace]:
    stream = SimpleNamespace(time=100.0, samplerate=1000, latency=0.3)
    ring = Ring(5000, 1)
    ring.write(np.ones((frames, 1), np.float32))
    return Playing(SimpleNamespace(ring=ring, finished=finished), stream, 7.0), stream


def _fill(playing: Playing, heard_at: float, frames: int = 100, gain: float = 1.0) -> np.ndarray:
    out = np.full((frames, 1), 9.0, np.float32)
    playing.fill(out, heard_at, False, gain)
    return out[:, 0]


def test_the_position_follows_what_is_heard_not_what_was_copied() -> None:
    playing, stream = _playing(1000)
    assert playing.position_s() == 7.0
    for block in range(4):
        _fill(playing, 100.3 + 0.1 * block)
    assert playing.position_s() == 7.0
    stream.time = 100.45
    assert playing.position_s() == pytest.approx(7.15)
    stream.time = 109.0
    assert playing.position_s() == pytest.approx(7.4)


def test_missing_sound_is_silence_counted_and_not_a_jump() -> None:
    playing, stream = _playing(150)
    _fill(playing, 100.0)
    assert _fill(playing, 100.1).tolist() == [1.0] * 50 + [0.0] * 50
    assert playing.underruns == 1
    playing.feeder.ring.write(np.ones((300, 1), np.float32))
    _fill(playing, 100.2)
    stream.time = 100.19
    assert playing.position_s() == pytest.approx(7.15)
    stream.time = 100.25
    assert playing.position_s() == pytest.approx(7.20)


def test_the_end_is_when_the_last_frame_was_heard() -> None:
    playing, stream = _playing(150, finished=True)
    _fill(playing, 100.0)
    assert not playing.is_over()
    _fill(playing, 100.1)
    assert playing.underruns == 0
    assert not playing.is_over()
    stream.time = 100.16
    assert not playing.is_over()
    stream.time = 100.21
    assert playing.is_over()


def test_a_device_without_a_clock_is_taken_at_its_latency() -> None:
    playing, stream = _playing(500)
    _fill(playing, 0.0)
    stream.time = 100.35
    assert playing.position_s() == pytest.approx(7.05)


def test_a_change_of_volume_is_spread_over_a_block() -> None:
    playing, _ = _playing(500)
    assert (_fill(playing, 100.0, gain=0.5) == 0.5).all()
    ramp = _fill(playing, 100.1, gain=0.0)
    assert ramp[0] == 0.5
    assert ramp[-1] == 0.0
    assert (np.diff(ramp) < 0).all()
