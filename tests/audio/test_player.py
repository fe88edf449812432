from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from birdscope.audio.decode import read
from birdscope.audio.devices import refused
from birdscope.audio.player import LATENCY_S, Player
from birdscope.core.errors import AudioDeviceError, AudioError
from tests.audio.conftest import Writer, noise, tone
from tests.audio.monitor import RATE_HZ, Heard, Monitor

pytestmark = pytest.mark.audio
# One block of the device: a quarter of its buffer.
BLOCK_S = LATENCY_S / 4


@pytest.fixture
def player(sink: str) -> Iterator[Player]:
    with Player() as player:
        yield player


def ticking(seconds: int, rate_hz: int = 32_000) -> np.ndarray:
    """A quiet tone of 1 kHz with a loud 20 ms at each half second, so that time is heard."""
    samples = tone(1000, seconds, rate_hz, amplitude=0.3)
    for tick in range(2 * seconds):
        samples[tick * rate_hz // 2 : tick * rate_hz // 2 + rate_hz // 50] *= 3
    return samples


def wait(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def watch_position(player: Player, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and positions, 100 a second, while it plays."""
    times, positions = [], []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and player.state == "playing":
        times.append(time.monotonic())
        positions.append(player.position_s)
        time.sleep(0.01)
    return np.array(times), np.array(positions)


def position_errors_s(heard: Heard, times: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Position told minus position heard, at each tick of `ticking` that was heard."""
    at = np.array([heard.at(onset) for onset in heard.onsets(0.6)])
    at = at[(at > times[0] + 0.2) & (at < times[-1])]
    told = np.interp(at, times, positions)
    return told - np.round(told * 2) / 2


def test_three_kilohertz_come_back_as_three_kilohertz(
    player: Player, sink: str, sound_file: Writer
) -> None:
    player.load(sound_file("a.ogg", tone(3000, 2)))
    monitor = Monitor(f"{sink}.monitor")
    player.play()
    wait(lambda: player.state == "stopped")
    heard = monitor.stop()
    onset = heard.onsets(0.1)[0]
    assert heard.frequency_hz(onset + 4800, onset + RATE_HZ) == pytest.approx(3000, abs=2)
    assert np.count_nonzero(heard.envelope() > 0.3) == pytest.approx(2000, abs=30)
    assert player.position_s == pytest.approx(2.0)
    assert player.underruns == 0


@pytest.mark.real
def test_a_real_recording_is_heard_as_it_is(player: Player, sink: str, calfrog32: Path) -> None:
    path = sorted((calfrog32 / "train_soundscapes").glob("MIX*.ogg"))[0]
    player.load(path)
    monitor = Monitor(f"{sink}.monitor")
    player.play(20.0, 22.5)
    wait(lambda: player.state == "stopped")
    heard = monitor.stop().samples
    expected = read(path, start_s=20.0, duration_s=2.5, sample_rate_hz=RATE_HZ).astype(np.float64)
    size = 1 << 20
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(expected, size))
    lag = int(np.fft.irfft(product, size).argmax())
    part = heard[lag : lag + len(expected)]
    assert len(part) == len(expected)
    assert np.corrcoef(part, expected)[0, 1] > 0.99


def test_the_position_is_what_is_heard(player: Player, sink: str, sound_file: Writer) -> None:
    player.load(sound_file("a.wav", ticking(5)))
    monitor = Monitor(f"{sink}.monitor")
    player.play()
    times, positions = watch_position(player, 4.5)
    errors = position_errors_s(monitor.stop(), times, positions)
    assert len(errors) >= 7
    assert np.abs(errors).max() < 0.1
    assert (np.diff(positions) >= -0.005).all()


def test_pause_is_silent_at_once_and_resume_goes_on_there(
    player: Player, sink: str, sound_file: Writer
) -> None:
    player.load(sound_file("a.wav", tone(800, 20)))
    monitor = Monitor(f"{sink}.monitor")
    player.play(3.0)
    wait(lambda: player.position_s > 3.6)
    before = time.monotonic()
    player.pause()
    assert time.monotonic() - before < 0.1
    paused_at, held_s = time.monotonic(), player.position_s
    time.sleep(0.5)
    assert (player.state, player.position_s) == ("paused", held_s)
    resumed_at = time.monotonic()
    player.resume()
    wait(lambda: player.position_s > held_s + 0.5)
    player.stop()
    heard = monitor.stop()
    loud = heard.envelope() > 0.2
    middle = [int((at - heard.begin) * 1000) for at in (paused_at, resumed_at)]
    # the monitor's clock is known to some milliseconds only
    assert not loud[middle[0] + 100 : middle[1] - 20].any()
    assert loud[middle[1] + 150 : middle[1] + 400].all()
    assert (player.state, player.position_s) == ("stopped", 0.0)


def test_seeking_is_heard_within_a_tenth_of_a_second(
    player: Player, sink: str, sound_file: Writer
) -> None:
    pieces = [tone(frequency_hz, 5) for frequency_hz in (500, 2000, 5000)]
    player.load(sound_file("a.ogg", np.concatenate(pieces)))
    monitor = Monitor(f"{sink}.monitor")
    player.play()
    seeks = []
    for position_s in (11.0, 6.0, 1.0):
        time.sleep(0.6)
        before = time.monotonic()
        player.seek(position_s)
        seeks.append(time.monotonic())
        assert seeks[-1] - before < 0.1
        assert player.position_s == pytest.approx(position_s, abs=0.05)
    time.sleep(0.6)
    player.stop()
    heard = monitor.stop()
    for at, frequency_hz in zip(seeks, (5000, 2000, 500), strict=True):
        begin = round((at - heard.begin + 0.1) * RATE_HZ)
        assert heard.frequency_hz(begin, begin + RATE_HZ // 4) == pytest.approx(frequency_hz, abs=5)


def test_seeking_while_it_stands_moves_the_position(player: Player, sound_file: Writer) -> None:
    player.load(sound_file("a.wav", noise(5)))
    player.seek(2.5)
    assert (player.state, player.position_s) == ("stopped", 2.5)
    player.seek(99)
    assert player.position_s == 5.0
    player.seek(-1)
    player.toggle()
    assert player.state == "playing"
    player.toggle()
    assert player.state == "paused"


def test_a_range_ends_where_it_should_and_says_so_once(player: Player, sound_file: Writer) -> None:
    ended: list[float] = []
    player.on_end = lambda: ended.append(player.position_s)
    player.load(sound_file("a.flac", noise(10)))
    begun = time.monotonic()
    player.play(4.0, 5.0)
    wait(lambda: bool(ended))
    assert 0.9 < time.monotonic() - begun < 1.6
    time.sleep(0.2)
    assert ended == [pytest.approx(5.0)]
    assert player.state == "stopped"
    player.play(1.0)
    time.sleep(0.2)
    player.stop()
    time.sleep(0.2)
    assert len(ended) == 1


def test_on_end_may_play_the_next_one(player: Player, sound_file: Writer) -> None:
    path = sound_file("a.wav", noise(0.3))
    turns: list[int] = []

    def again() -> None:
        turns.append(1)
        if len(turns) < 3:
            player.play(0.0)

    player.on_end = again
    player.load(path)
    player.play()
    wait(lambda: len(turns) == 3)
    assert player.problem is None


def test_volume_scales_the_sound(player: Player, sink: str, sound_file: Writer) -> None:
    player.volume = 0.25
    player.load(sound_file("a.wav", tone(1000, 1.5, amplitude=0.8)))
    monitor = Monitor(f"{sink}.monitor")
    player.play()
    wait(lambda: player.state == "stopped")
    assert np.percentile(monitor.stop().envelope(), 99) == pytest.approx(0.2, abs=0.02)
    player.volume = 7
    assert player.volume == 1.0


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 96_000])
def test_other_rates_keep_their_pitch(
    player: Player, sink: str, sound_file: Writer, rate_hz: int
) -> None:
    player.load(sound_file("a.wav", tone(1500, 1, rate_hz), rate_hz))
    monitor = Monitor(f"{sink}.monitor")
    player.play()
    wait(lambda: player.state == "stopped")
    heard = monitor.stop()
    onset = heard.onsets(0.1)[0]
    assert heard.frequency_hz(onset + 4800, onset + 40_000) == pytest.approx(1500, abs=2)


def test_a_device_that_refuses_the_rate_gets_its_own(
    player: Player, sink: str, sound_file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    open_stream = player._new_stream

    def picky(rate_hz: int, channels: int) -> object:
        opened.append(rate_hz)
        if rate_hz == 32_000:
            raise refused("output", ValueError("Invalid sample rate"))
        return open_stream(rate_hz, channels)

    monkeypatch.setattr(player, "_new_stream", picky)
    player.load(sound_file("a.wav", ticking(4)))
    monitor = Monitor(f"{sink}.monitor")
    player.play()
    times, positions = watch_position(player, 5)
    heard = monitor.stop()
    assert opened[0] == 32_000
    assert opened[1] != 32_000
    onset = heard.onsets(0.1)[0]
    assert heard.frequency_hz(onset + 2400, onset + 20_000) == pytest.approx(1000, abs=2)
    assert np.abs(position_errors_s(heard, times, positions)).max() < 0.1
    assert player.position_s == pytest.approx(4.0)


def test_switching_files_rapidly_ends_in_the_last_one(
    player: Player, sink: str, sound_file: Writer
) -> None:
    paths = [
        sound_file("a.ogg", tone(700, 3)),
        sound_file("b.wav", tone(1400, 3, 22_050), 22_050),
        sound_file("c.flac", np.stack([tone(2100, 3)] * 2, axis=1)),
    ]
    threads = threading.active_count()
    for turn in range(60):
        player.load(paths[turn % 3])
        player.play(0.01 * turn)
        time.sleep(0.004 * (turn % 4))
    monitor = Monitor(f"{sink}.monitor")
    time.sleep(1.0)
    heard = monitor.stop()
    assert heard.frequency_hz(12_000, 48_000) == pytest.approx(2100, abs=3)
    player.close()
    wait(lambda: threading.active_count() <= threads)
    player.play()
    assert player.state == "playing"


def test_damage_ends_the_sound_with_a_reason(player: Player, sound_file: Writer) -> None:
    ended = threading.Event()
    player.on_end = ended.set
    path = sound_file("a.flac", noise(4))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    player.load(path)
    player.play(1.0)
    assert ended.wait(10)
    assert isinstance(player.problem, AudioError)
    assert 1.0 < player.position_s < 3.0


def test_nothing_loaded_and_nothing_to_load(player: Player, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no recording loaded"):
        player.play()
    with pytest.raises(AudioError, match="no such file"):
        player.load(tmp_path / "none.ogg")
    assert (player.state, player.position_s, player.duration_s) == ("stopped", 0.0, 0.0)


_BUSY = "import numpy as n\na = n.random.rand(400, 400).astype('f4')\nwhile True: a @ a"


@pytest.mark.slow
def test_busy_processors_make_no_gap_and_no_drift(
    player: Player, sink: str, sound_file: Writer
) -> None:
    player.load(sound_file("a.ogg", ticking(23)))
    busy = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(2)]
    try:
        time.sleep(1.0)
        monitor = Monitor(f"{sink}.monitor")
        player.play()
        times, positions = watch_position(player, 22.0)
        player.stop()
        heard = monitor.stop()
    finally:
        for process in busy:
            process.kill()
            process.wait()
    loud = heard.envelope() > 0.15
    begin, end = np.flatnonzero(loud)[[0, -1]]
    assert end - begin > 21_000
    quiet = np.diff(np.flatnonzero(np.concatenate([[True], loud[begin:end], [True]]))) - 1
    assert quiet.max() <= BLOCK_S * 1000, f"a gap of {quiet.max()} ms"
    errors = position_errors_s(heard, times, positions)
    assert len(errors) > 35
    assert np.abs(errors).max() < 0.1
    print(
        f"longest gap {quiet.max()} ms, position off by at most {np.abs(errors).max() * 1e3:.0f} ms"
    )
    assert player.underruns == 0


def test_without_a_device_the_reason_and_a_remedy_are_given(sound_file: Writer) -> None:
    code = (
        "import sys\n"
        "from birdscope.audio.player import Player, audio_available\n"
        "from birdscope.core.errors import AudioDeviceError\n"
        "ok, line = audio_available()\n"
        "assert not ok and 'PULSE_SERVER' in line, line\n"
        "player = Player(); player.load(sys.argv[1])\n"
        "try: player.play()\n"
        "except AudioDeviceError as error: assert error.remedy; print(player.state)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(sound_file("a.wav", noise(1)))],
        env={"PULSE_SERVER": "/nowhere", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "stopped"
    assert done.stderr == ""


def test_a_device_that_vanishes_is_reported(
    player: Player, sound_file: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("birdscope.audio.playing._STALLED_S", 0.2)
    ended = threading.Event()
    player.on_end = ended.set
    player.load(sound_file("a.wav", noise(20)))
    player.play()
    wait(lambda: player.position_s > 0.2)
    player._stream.abort()
    assert ended.wait(5)
    assert isinstance(player.problem, AudioDeviceError)
    player.play(1.0)
    wait(lambda: player.position_s > 1.2)
