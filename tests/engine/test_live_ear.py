"""What listens, with a source and a clock of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile

from birdscope.audio.recorder import Recorder
from birdscope.engine.live_ear import DEAD_S, RETRY_S, LiveEar
from birdscope.engine.live_messages import (
    Heard,
    Kept,
    NotRecorded,
    Opened,
    Waits,
    WindowHeard,
    WindowMissed,
)
from tests.engine.live_fakes import RATE_HZ, FakeSource, numbered

WINDOW = 5 * RATE_HZ
MessageT = TypeVar("MessageT")


class Listening:
    """An ear, its source, and what it said."""

    def __init__(self, folder: Path | None = None, margin_s: float = 0.0, first: int = 0) -> None:
        self.source = FakeSource()
        self.said: list[object] = []
        self.ear = LiveEar(
            self.source, self.said.append, folder, margin_s, first, lambda: self.source.now
        )
        self.ear.tick()

    def hear(self, samples: np.ndarray, block: int = 2560) -> None:
        for begin in range(0, len(samples), block):
            self.source.bring(samples[begin : begin + block])
            self.ear.tick()

    def all(self, kind: type[MessageT]) -> list[MessageT]:
        return [one for one in self.said if isinstance(one, kind)]


def test_windows_come_as_they_end_with_their_time() -> None:
    listening = Listening()
    assert listening.all(Opened) == [Opened("fake", 48_000, 0.0)]
    listening.hear(numbered(4)[: 4 * WINDOW - 1])
    windows = listening.all(WindowHeard)
    assert [one.number for one in windows] == [0, 1, 2]
    for number, one in enumerate(windows):
        assert (one.index, one.n_windows, len(one.waveform)) == (0, 1, WINDOW)
        assert one.waveform == pytest.approx(number / 100)
        assert one.ended_at == pytest.approx(100 + 5 * (number + 1))
    listening.hear(np.zeros(1))
    assert len(listening.all(WindowHeard)) == 4


def test_a_window_brings_the_sound_around_it_that_the_nets_hear() -> None:
    listening = Listening(margin_s=2.5)
    listening.hear(numbered(3)[: 2 * WINDOW + WINDOW // 2 - 1])
    assert [one.number for one in listening.all(WindowHeard)] == [0]
    listening.hear(np.full(2, 0.02, np.float32))
    first, second = listening.all(WindowHeard)
    assert (first.index, first.n_windows, len(first.waveform)) == (0, 2, 240_000)
    assert (second.index, second.n_windows, len(second.waveform)) == (1, 3, 400_000)
    parts = second.waveform[[0, WINDOW, 2 * WINDOW, -1]]
    assert parts == pytest.approx([0.0, 0.01, 0.02, 0.02])
    assert second.ended_at == pytest.approx(110.0), "the window's end, not its margin's"


def test_windows_wait_until_it_is_known_what_the_nets_hear() -> None:
    listening = Listening()
    listening.ear.margin_s = None
    listening.hear(np.tile(numbered(1) + 0.01, 21), block=32_000)
    assert listening.all(WindowHeard) == []
    missed = [one.number for one in listening.all(WindowMissed)]
    assert missed == [0, 1, 2], "105 s were heard, 90 s are kept"
    listening.ear.margin_s = 2.5
    listening.hear(np.full(100, 0.01, np.float32))
    windows = listening.all(WindowHeard)
    assert [one.number for one in windows] == list(range(4, 20))
    assert len(windows[5].waveform) == 400_000


def test_it_tells_levels_and_lost_sound() -> None:
    listening = Listening()
    listening.source.overflows = 2
    listening.hear(np.full(3200, 0.5, np.float32), block=3200)
    heard = listening.all(Heard)[-1]
    assert heard.heard_s == pytest.approx(0.1)
    assert heard.levels.peak_db == pytest.approx(-6.02, abs=0.01)
    assert (heard.overflows, heard.recording) == (2, None)


def test_without_an_input_it_says_so_and_tries_again() -> None:
    source, said = FakeSource(), []
    source.there = False
    ear = LiveEar(source, said.append, now=lambda: source.now)
    ear.tick()
    assert said == [Waits("there is no sound input device", "connect one")]
    ear.tick()
    assert source.starts == 1
    source.now += RETRY_S + 0.01
    source.there = True
    ear.tick()
    assert isinstance(said[-1], Opened)


@pytest.mark.parametrize("how", ["ends", "brings nothing"])
def test_a_lost_input_keeps_the_recording_and_goes_on_with_a_whole_window(
    tmp_path: Path, how: str
) -> None:
    listening = Listening(tmp_path)
    sound = numbered(4)
    listening.hear(sound[: WINDOW // 2])
    listening.ear.record(True)
    listening.hear(sound[WINDOW // 2 : WINDOW + 6400])
    if how == "ends":
        listening.source.recording = False
    else:
        listening.source.silent_s = DEAD_S + 0.1
    listening.ear.tick()
    kept = listening.all(Kept)[-1]
    assert (kept.reason, kept.duration_s) == ("the input was lost", pytest.approx(5.2))
    assert soundfile.read(kept.path)[0] == pytest.approx(sound[: WINDOW + 6400], abs=1e-6)
    assert "lost" in listening.all(Waits)[-1].text

    listening.source.now += RETRY_S + 0.01
    listening.ear.tick()
    assert listening.all(Opened)[-1].from_s == 10.0, "window 1 has a gap: it is left out"
    before_s = listening.source.now
    listening.hear(np.full(WINDOW, 0.07, np.float32))
    window = listening.all(WindowHeard)[-1]
    assert (window.number, [one.number for one in listening.all(WindowHeard)]) == (2, [0, 2])
    assert window.waveform == pytest.approx(0.07)
    assert window.ended_at == pytest.approx(before_s + 5)
    listening.ear.close()
    last = listening.all(Kept)[-1]
    assert last.path != kept.path
    assert soundfile.read(last.path)[0] == pytest.approx(0.07, abs=1e-6)


def test_a_recording_begins_with_the_present_window_and_ends_when_told(tmp_path: Path) -> None:
    listening = Listening(tmp_path)
    sound = numbered(3)
    listening.hear(sound[: WINDOW + 64_000])
    listening.ear.record(True)
    heard = listening.all(Heard)[-1]
    assert heard.recording is not None
    assert heard.recorded_s == pytest.approx(2.0)
    assert soundfile.info(heard.recording.with_suffix(".partial.wav")).duration == 2.0
    listening.hear(sound[WINDOW + 64_000 : 2 * WINDOW])
    listening.ear.record(False)
    kept = listening.all(Kept)[-1]
    assert (kept.path, kept.reason) == (heard.recording, "")
    assert soundfile.read(kept.path)[0] == pytest.approx(sound[WINDOW : 2 * WINDOW], abs=1e-6)
    assert listening.all(Heard)[-1].recording is None


def test_sound_that_was_not_taken_in_time_costs_its_window() -> None:
    listening = Listening()
    listening.hear(numbered(2)[: WINDOW + 3200])
    listening.source.lost_s = 1.5
    listening.hear(np.full(WINDOW, 0.09, np.float32))
    assert [one.number for one in listening.all(WindowHeard)] == [0, 2]
    assert listening.all(WindowHeard)[-1].waveform == pytest.approx(0.09)


def test_where_nothing_may_be_written_or_the_disk_refuses_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = Listening(None)
    listening.ear.record(True)
    assert "session" in listening.all(NotRecorded)[-1].text

    listening = Listening(tmp_path)
    listening.ear.record(True)
    listening.hear(np.full(6400, 0.1, np.float32), block=6400)

    def full(self: Recorder, samples: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Recorder, "write", full)
    listening.hear(np.full(6400, 0.1, np.float32), block=6400)
    assert listening.all(NotRecorded)[-1].text == "can't record: No space left on device"
    kept = listening.all(Kept)[-1]
    assert kept.reason == "the disk refused"
    assert soundfile.info(kept.path).frames == 6400
    assert listening.all(Heard)[-1].recording is None


def test_a_full_file_is_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = Listening(tmp_path)
    listening.hear(numbered(1)[: WINDOW - 6400])
    monkeypatch.setattr(Recorder, "full", property(lambda one: one.frames >= WINDOW))
    listening.ear.record(True)
    listening.hear(np.full(12_800, 0.5, np.float32), block=6400)
    assert "another one goes on" in listening.all(Kept)[-1].reason
    assert listening.all(Heard)[-1].recording not in (None, listening.all(Kept)[-1].path)


def test_it_goes_on_where_a_lost_process_was_and_rescues_its_recording(tmp_path: Path) -> None:
    left = Recorder(tmp_path / "live_20260101_000000.wav")
    left.write(np.zeros(100, np.float32))
    listening = Listening(tmp_path, first=7)
    listening.ear.rescue()
    assert listening.all(Kept)[-1].path == tmp_path / "live_20260101_000000.wav"
    listening.hear(np.full(WINDOW, 0.3, np.float32))
    assert [one.number for one in listening.all(WindowHeard)] == [7]
    assert listening.all(Heard)[-1].heard_s == 40.0


def test_memory_does_not_grow() -> None:
    listening = Listening()
    listening.hear(np.zeros(200 * RATE_HZ, np.float32), block=32_000)
    kept = listening.ear.tape.end - listening.ear.tape.begin
    listening.hear(np.zeros(200 * RATE_HZ, np.float32), block=32_000)
    assert listening.ear.tape.end - listening.ear.tape.begin == kept == 90 * RATE_HZ
