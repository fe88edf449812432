"""Loop, speed, band and device, as they are heard through a null sink."""

from __future__ import annotations

import time

import numpy as np
import pytest

from birdscope.audio.devices import output_devices
from birdscope.audio.player import Player
from birdscope.audio.treatment import Treatment
from birdscope.core.errors import AudioDeviceError
from tests.audio.conftest import Writer, tone
from tests.audio.monitor import RATE_HZ, Heard, Monitor
from tests.audio.test_player import player, wait

__all__ = ["player"]
pytestmark = pytest.mark.audio


def heard_for(player: Player, sink: str, seconds: float) -> Heard:
    """Play on and listen."""
    monitor = Monitor(f"{sink}.monitor")
    if player.state != "playing":
        player.play()
    time.sleep(seconds)
    player.pause()
    return monitor.stop()


def test_a_loop_is_heard_again_and_again(player: Player, sink: str, sound_file: Writer) -> None:
    silence = np.zeros(9600, np.float32)
    samples = np.concatenate([silence, tone(1000, 0.1), silence, tone(4000, 1.0)])
    player.load(sound_file("a.wav", samples))
    player.treat(Treatment(loop_s=(0.1, 0.6)))
    heard = heard_for(player, sink, 2.6)
    onsets = np.array(heard.onsets(0.2, apart_s=0.2)) / RATE_HZ
    assert len(onsets) >= 4
    assert np.diff(onsets) == pytest.approx(0.5, abs=0.01)
    assert 0.1 <= player.position_s <= 0.6


def test_half_speed_is_an_octave_lower_and_the_position_knows(
    player: Player, sink: str, sound_file: Writer
) -> None:
    player.load(sound_file("a.wav", tone(2000, 4)))
    player.treat(Treatment(speed=0.5))
    player.play()
    wait(lambda: player.position_s > 0)
    begun, position_s = time.monotonic(), player.position_s
    heard = heard_for(player, sink, 1.5)
    passed_s = time.monotonic() - begun
    assert player.position_s - position_s == pytest.approx(passed_s / 2, abs=0.15)
    onset = heard.onsets(0.1)[0]
    assert heard.frequency_hz(onset + 4800, onset + 48_000) == pytest.approx(1000, abs=3)


def test_only_the_band_is_heard(player: Player, sink: str, sound_file: Writer) -> None:
    player.load(sound_file("a.wav", tone(500, 3, amplitude=0.6) + tone(5000, 3, amplitude=0.2)))
    player.play()
    wait(lambda: player.position_s > 0.1)
    player.treat(Treatment(band_hz=(3000.0, 8000.0)))
    wait(lambda: player.position_s > 0.8)
    heard = heard_for(player, sink, 1.0)
    onset = heard.onsets(0.05)[0]
    assert heard.frequency_hz(onset + 4800, onset + 33_600) == pytest.approx(5000, abs=3)
    assert np.percentile(heard.envelope(), 99) == pytest.approx(0.2, abs=0.02)


def test_another_device_goes_on_there(player: Player, sound_file: Writer) -> None:
    player.load(sound_file("a.wav", tone(500, 3)))
    player.play()
    wait(lambda: player.position_s > 0.2)
    names = [name for _, name in output_devices()]
    assert player.device_name in names
    player.use_device("pulse")
    assert player.state == "playing"
    wait(lambda: player.position_s > 0.5)
    with pytest.raises(AudioDeviceError, match="no sound output device called 'cellar'"):
        player.use_device("cellar")
    assert player.device == "pulse"
