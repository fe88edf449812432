from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.audio import recorder as recorders
from birdscope.audio.recorder import Recorder, rescue
from tests.audio.conftest import noise

GROWS = """
import sys, time
from pathlib import Path
import numpy as np
from birdscope.audio.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]))
while True:
    recorder.write(np.full(3200, 0.25, np.float32))
    time.sleep(0.01)
"""


def test_it_can_be_read_after_every_block_and_gets_its_name_at_the_end(tmp_path: Path) -> None:
    recorder, sound = Recorder(tmp_path / "new" / "a.wav"), noise(1.0)
    for number, begin in enumerate(range(0, 32_000, 8_000), start=1):
        recorder.write(sound[begin : begin + 8_000])
        assert soundfile.info(recorder.unfinished).frames == number * 8_000
    assert not recorder.path.exists()
    path = recorder.finish()
    assert (path, recorder.duration_s) == (tmp_path / "new" / "a.wav", 1.0)
    read, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == 32_000
    assert np.abs(read - sound).max() < 1.5e-7
    assert [one.name for one in path.parent.iterdir()] == ["a.wav"]


def test_what_exceeds_full_scale_is_clipped(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.wav")
    recorder.write(np.float32([1.5, -1.5, 0.0]))
    read, _ = soundfile.read(recorder.finish())
    assert read == pytest.approx([1.0, -1.0, 0.0], abs=1e-6)


def test_a_killed_process_leaves_a_file_that_is_rescued(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", GROWS, str(tmp_path / "a.wav")])
    unfinished = tmp_path / "a.partial.wav"
    deadline = time.monotonic() + 60
    while not unfinished.exists() or unfinished.stat().st_size < 50_000:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    read, _ = soundfile.read(unfinished)
    assert len(read) > 15_000
    assert read == pytest.approx(0.25, abs=1e-6)
    assert rescue(tmp_path) == [tmp_path / "a.wav"]
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == len(read)
    assert rescue(tmp_path) == []


def test_no_file_is_ever_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"mine")
    recorder = Recorder(tmp_path / "a.wav")
    recorder.write(np.zeros(10, np.float32))
    assert recorder.finish() == tmp_path / "a-2.wav"
    assert (tmp_path / "a.wav").read_bytes() == b"mine"


def test_a_file_is_full_before_its_header_can_not_count_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(tmp_path / "a.wav")
    recorder.write(np.zeros(32_000, np.float32))
    assert not recorder.full
    monkeypatch.setattr(recorders, "_MOST_BYTES", 61 * 32_000 * 3 - 1)
    assert recorder.full
