"""Live input with its processes: a made input ten times as fast as the clock, fake nets."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from birdscope.core.errors import EngineError
from birdscope.engine.live_client import LiveInput
from birdscope.engine.live_messages import Kept
from birdscope.engine.live_status import LiveStatus, LiveWindow
from tests.engine.conftest import CLASSES, until
from tests.engine.fakes import expected


class Log:
    """A live input and what it told."""

    def __init__(self, live: LiveInput) -> None:
        self.live = live
        self.news: list[object] = []
        live.tell(self.news.append)

    @property
    def windows(self) -> list[LiveWindow]:
        return [one for one in self.news if isinstance(one, LiveWindow)]

    @property
    def states(self) -> list[str]:
        found = [one.state for one in self.news if isinstance(one, LiveStatus)]
        return [one for one, before in zip(found, ["", *found], strict=False) if one != before]


@pytest.fixture
async def log(engine, tmp_path: Path) -> AsyncIterator[Log]:
    live = LiveInput(
        engine, source="tests.engine.live_fakes:open_source", log_path=tmp_path / "live.log"
    )
    yield Log(live)
    live.close()


async def test_every_window_is_scored_as_it_ends(engine, ensemble, log) -> None:
    await engine.warm(ensemble(), CLASSES)
    log.live.start()
    await until(lambda: len(log.windows) >= 5)
    assert [one.number for one in log.windows[:5]] == [0, 1, 2, 3, 4]
    for one in log.windows:
        assert np.allclose(one.values, expected(one.number, 3), atol=1e-6)
    assert log.states == ["starting", "listening"]
    status = log.live.status
    assert (status.device, status.rate_hz) == ("the system's default", 48_000)
    assert (status.skipped, status.overflows) == (0, 0)
    assert status.windows == len(log.windows)


async def test_pictures_and_levels_come_from_the_process(engine, log) -> None:
    log.live.start()
    await until(lambda: log.live.status.heard_s > 8)
    cells = await log.live.picture(0, 120, 0.5, 24, "mel", 0.0, 16_000.0)
    assert (cells.shape, cells.dtype) == ((24, 120), np.float32)
    assert not np.isnan(cells[:, :16]).any()
    assert np.isnan(cells[:, -1]).all()
    assert log.live.status.levels.peak_db > -45
    assert log.windows == [], "there are no nets"


async def test_windows_wait_for_the_nets_as_long_as_their_sound_is_there(
    engine, ensemble, log
) -> None:
    log.live.start()
    await until(lambda: log.live.status.heard_s > 22)
    assert log.windows == []
    await engine.warm(ensemble(), CLASSES)
    await until(lambda: len(log.windows) >= 6)
    assert [one.number for one in log.windows[:6]] == [0, 1, 2, 3, 4, 5]
    assert log.live.status.skipped == 0


async def test_windows_give_way_to_newer_ones_while_the_nets_are_away(
    engine, ensemble, log, monkeypatch
) -> None:
    await engine.warm(ensemble(), CLASSES)
    away = asyncio.Event()
    score = engine.score_sound

    async def slow(*sound):
        await away.wait()
        return await score(*sound)

    monkeypatch.setattr(engine, "score_sound", slow)
    log.live.start()
    await until(lambda: log.live.status.skipped >= 2)
    assert log.live.status.waiting == 12
    away.set()
    await until(lambda: len(log.windows) >= 12)
    numbers = [one.number for one in log.windows]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] >= 2


async def test_killed_nets_are_healed_and_no_window_is_lost(engine, ensemble, log) -> None:
    await engine.warm(ensemble(), CLASSES)
    states = []
    engine.listen(lambda status: states.append(status.state))
    log.live.start()
    await until(lambda: len(log.windows) >= 2)
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: "restarted" in states)
    at = len(log.windows)
    await until(lambda: len(log.windows) >= at + 4)
    numbers = [one.number for one in log.windows]
    assert numbers == list(range(len(numbers)))
    assert log.live.status.skipped == 0


async def test_killed_ears_listen_again_and_the_recording_is_kept(
    engine, ensemble, log, tmp_path
) -> None:
    await engine.warm(ensemble(), CLASSES)
    log.live.start(folder=tmp_path / "recordings")
    await until(lambda: len(log.windows) >= 1)
    log.live.record(True)
    await until(lambda: log.live.status.recorded_s > 12)
    heard_s = log.live.status.heard_s
    os.kill(log.live.pid, signal.SIGKILL)
    await until(lambda: any(isinstance(one, Kept) for one in log.news))
    kept = next(one for one in log.news if isinstance(one, Kept))
    assert kept.reason == "it was left unfinished"
    assert soundfile.info(kept.path).duration > 10
    await until(lambda: log.live.status.state == "listening" and log.live.status.recording)
    assert log.states[:2] == ["starting", "listening"]
    assert "restarted" in log.states
    before = len(log.windows)
    await until(lambda: len(log.windows) > before)
    assert log.live.status.heard_s > heard_s
    numbers = [one.number for one in log.windows]
    assert numbers == sorted(set(numbers)), "the clock goes on"


async def test_ears_that_die_again_and_again_are_given_up(engine, log) -> None:
    log.live.start()
    for _ in range(3):
        pid = log.live.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda pid=pid: log.live.status.state == "failed" or log.live.pid != pid)
    assert log.live.status.state == "failed"
    assert "3 times" in log.live.status.text
    log.live.start()
    await until(lambda: log.live.status.state == "listening")


async def test_a_lost_device_is_said_and_opened_again(engine, log, tmp_path) -> None:
    gone = tmp_path / "gone"
    gone.touch()
    log.live.start(device=str(gone))
    await until(lambda: log.live.status.state == "waiting")
    assert log.live.status.text == "there is no sound input device"
    assert log.live.status.remedy == "connect one"
    with pytest.raises(EngineError, match="no ensemble"):
        await engine.score_sound(np.zeros(160_000, np.float32), 0, 1)


async def test_closing_finishes_the_recording_and_leaves_no_process(engine, log, tmp_path) -> None:
    log.live.start(folder=tmp_path)
    await until(lambda: log.live.status.state == "listening")
    log.live.record(True)
    await until(lambda: log.live.status.recorded_s > 3)
    pid, recording = log.live.pid, log.live.status.recording
    log.live.close()
    assert not psutil.pid_exists(pid)
    assert soundfile.info(recording).duration > 3
    assert log.live.status.state == "off"


async def test_another_input_begins_anew_and_nothing_of_the_old_one_comes(
    engine, ensemble, log
) -> None:
    await engine.warm(ensemble(), CLASSES)
    log.live.start()
    await until(lambda: len(log.windows) >= 2)
    log.news.clear()
    log.live.start("another")
    await until(lambda: len(log.windows) >= 2)
    assert [one.number for one in log.windows[:2]] == [0, 1]
    heard = [one.heard_s for one in log.news if isinstance(one, LiveStatus)]
    assert heard == sorted(heard)
    assert log.live.status.device == "another"


async def test_stopping_keeps_the_recording_and_the_process(engine, log, tmp_path) -> None:
    log.live.start(folder=tmp_path)
    await until(lambda: log.live.status.state == "listening")
    log.live.record(True)
    await until(lambda: log.live.status.recorded_s > 2)
    pid = log.live.pid
    log.live.stop()
    assert log.live.status.state == "off"
    await until(lambda: any(isinstance(one, Kept) for one in log.news))
    kept = next(one for one in log.news if isinstance(one, Kept))
    assert soundfile.info(kept.path).duration >= 2
    log.live.start(folder=tmp_path)
    assert log.live.status.heard_s == 0, "the sound begins anew"
    await until(lambda: log.live.status.state == "listening")
    await until(lambda: log.live.status.heard_s > 0)
    assert log.live.pid == pid
    assert log.live.status.recording is None


async def test_an_interface_that_dies_leaves_a_finished_recording(tmp_path) -> None:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from birdscope.engine.client import Engine\n"
        "from birdscope.engine.live_client import LiveInput\n"
        "async def main():\n"
        "    live = LiveInput(Engine(), source='tests.engine.live_fakes:open_source',\n"
        "                     log_path=Path(sys.argv[1]) / 'live.log')\n"
        "    live.start(folder=Path(sys.argv[1]) / 'recordings')\n"
        "    live.record(True)\n"
        "    while live.status.recorded_s < 3: await asyncio.sleep(0.02)\n"
        "    print(live.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    import sys

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), 60))
    process.kill()
    await process.wait()
    await until(lambda: not psutil.pid_exists(pid))
    (recording,) = (tmp_path / "recordings").iterdir()
    assert not recording.name.endswith(".partial.wav")
    assert soundfile.info(recording).duration > 3
