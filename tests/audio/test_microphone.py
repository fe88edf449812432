from __future__ import annotations

import time

import numpy as np
import pytest

from birdscope.audio.devices import device_info, input_devices, refused
from birdscope.audio.microphone import Microphone
from birdscope.audio.player import Player
from tests.audio.conftest import Writer, tone

pytestmark = pytest.mark.audio


def _strongest_hz(samples: np.ndarray, rate_hz: int = 32_000) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    return float(spectrum.argmax() * rate_hz / (1 << 18))


@pytest.mark.parametrize("refuses", [False, True])
def test_what_sounds_is_recorded(
    sink: str, sound_file: Writer, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    microphone = Microphone(keep_s=5)
    if refuses:
        open_stream = microphone._new_stream

        def picky(rate_hz: int) -> object:
            if rate_hz == 32_000:
                raise refused("input", ValueError("Invalid sample rate"))
            return open_stream(rate_hz)

        monkeypatch.setattr(microphone, "_new_stream", picky)
    with Player() as player, microphone:
        player.load(sound_file("a.wav", tone(3000, 6, amplitude=0.5)))
        player.play()
        time.sleep(2.5)
        assert microphone.recording
        latest = microphone.latest(1.0)
        level = microphone.level()
        begin_s = microphone.recorded_s - 1.5
        window = microphone.read(begin_s, 1.0)
    assert latest.dtype == np.float32
    assert len(latest) == pytest.approx(32_000, abs=2)
    assert _strongest_hz(latest) == pytest.approx(3000, abs=3)
    assert np.abs(latest).max() == pytest.approx(0.5, abs=0.05)
    assert level.peak == pytest.approx(0.5, abs=0.05)
    assert not level.clipping
    assert window is not None
    assert len(window) == pytest.approx(32_000, abs=2)
    assert microphone.overflows == 0


def test_clipping_is_noticed_and_forgotten(sink: str, sound_file: Writer) -> None:
    with Player() as player, Microphone() as microphone:
        player.load(sound_file("a.wav", np.sign(tone(200, 3)).astype(np.float32)))
        player.play()
        time.sleep(1.0)
        assert microphone.level().clipping
        player.stop()
        time.sleep(0.4)
        microphone.level()
        time.sleep(0.3)
        assert not microphone.level().clipping


def test_windows_that_are_not_there(sink: str) -> None:
    microphone = Microphone(keep_s=0.5)
    assert len(microphone.latest(1.0)) == 0
    with microphone:
        assert microphone.read(0.0, 5.0) is None
        time.sleep(1.5)
        assert microphone.read(0.0, 0.2) is None
        assert microphone.read(-1.0, 0.2) is None
        assert len(microphone.latest(10.0)) == 16_000
    assert not microphone.recording
    assert len(microphone.latest(0.5)) == 16_000


def test_inputs_are_found_by_the_names_that_are_listed(sink: str) -> None:
    names = input_devices()
    assert names
    for name in names:
        assert device_info("input", name)["max_input_channels"] > 0
    with Microphone(device=names[0]) as microphone:
        deadline = time.monotonic() + 20
        while len(microphone.take()) == 0:
            assert time.monotonic() < deadline, "nothing comes"
            time.sleep(0.05)
        assert microphone.overflows == 0
