"""A microphone read as a stream, its callback called by hand: no device is needed."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
import soxr

from birdscope.audio.microphone import Microphone
from tests.audio.conftest import noise, tone


class FakeStream:
    """What sounddevice.InputStream looks like to a Microphone."""

    def __init__(self, rate_hz: int) -> None:
        self.samplerate = float(rate_hz)
        self.active = False

    def start(self) -> None:
        self.active = True

    def close(self, ignore_errors: bool = True) -> None:
        self.active = False


def opened(monkeypatch: pytest.MonkeyPatch, rate_hz: int, keep_s: float = 10.0) -> Microphone:
    microphone = Microphone(keep_s=keep_s)
    monkeypatch.setattr(microphone, "_open", lambda: FakeStream(rate_hz))
    microphone.start()
    return microphone


def bring(
    microphone: Microphone, samples: np.ndarray, block: int = 480, behind_s: float = 0.0,
    overflow: bool = False,
) -> None:  # fmt: skip
    for begin in range(0, len(samples), block):
        part = samples[begin : begin + block, None]
        seconds = len(part) / microphone.device_rate_hz
        now = SimpleNamespace(currentTime=50.0, inputBufferAdcTime=50.0 - seconds - behind_s)
        microphone._callback(part, len(part), now, SimpleNamespace(input_overflow=overflow))


def test_parts_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone, sound = opened(monkeypatch, 32_000), noise(2.0)
    parts = []
    for begin in range(0, len(sound), 5_000):
        bring(microphone, sound[begin : begin + 5_000])
        parts.append(microphone.take())
    assert np.array_equal(np.concatenate(parts), sound)
    assert len(microphone.take()) == 0
    assert microphone.lost_s == 0.0


def test_parts_of_another_rate_are_resampled_without_seams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    microphone, sound = opened(monkeypatch, 48_000), tone(3000, 2.0, rate_hz=48_000)
    parts = []
    for begin in range(0, len(sound), 7_000):
        bring(microphone, sound[begin : begin + 7_000])
        parts.append(microphone.take())
    stream = np.concatenate(parts)
    whole = soxr.resample(sound, 48_000, 32_000)
    assert len(whole) - 2_000 < len(stream) <= len(whole)
    assert np.abs(stream - whole[: len(stream)])[500:].max() < 1e-3


def test_what_was_not_taken_in_time_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone, sound = opened(monkeypatch, 32_000, keep_s=1.0), noise(2.5)
    bring(microphone, sound)
    assert np.array_equal(microphone.take(), sound[48_000:])
    assert microphone.lost_s == pytest.approx(1.5)


def test_a_sample_knows_when_it_reached_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone = opened(monkeypatch, 48_000)
    bring(microphone, noise(1.0, 48_000), behind_s=0.2)
    now = time.monotonic()
    microphone.take()
    assert microphone.captured_at(32_000) == pytest.approx(now - 0.2, abs=0.2)
    apart = microphone.captured_at(32_000) - microphone.captured_at(16_000)
    assert apart == pytest.approx(0.5)


def test_a_clock_that_knows_nothing_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone = opened(monkeypatch, 32_000)
    bring(microphone, noise(0.5), behind_s=1e6)
    assert microphone.captured_at(16_000) > time.monotonic() - 3.0
    bring(microphone, noise(0.5), behind_s=-1e6)
    assert microphone.captured_at(32_000) <= time.monotonic()


def test_overflows_are_counted_and_silence_of_the_system_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    microphone = opened(monkeypatch, 32_000)
    bring(microphone, noise(0.1), block=1600, overflow=True)
    assert microphone.overflows == 2
    monkeypatch.setattr("birdscope.audio.microphone.clock.monotonic", lambda: 9e9)
    assert microphone.silent_s > 1e6
    microphone.stop()
    assert not microphone.recording
