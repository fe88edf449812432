import asyncio
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from birdscope.core.errors import Cancelled, EngineError
from birdscope.core.paths import PROJECT
from birdscope.core.settings import Settings
from birdscope.engine.messages import Blended
from birdscope.engine.status import WindowsWanted
from birdscope.session.live_scores import LiveScores
from birdscope.session.session import scores_folder
from tests.engine.conftest import CLASSES, until
from tests.engine.fakes import CHECKPOINTS, expected


def wanted(path, order=tuple(range(12)), **more):
    return WindowsWanted(path.name, path, 12, tuple(order), **more)


async def test_warms_with_progress_and_predicts_in_the_order_asked(engine, ensemble, numbered):
    seen = []
    engine.listen(lambda status: seen.append((status.state, status.text, status.total)))
    loaded = await engine.warm(ensemble(load_s=0.05), CLASSES)
    assert loaded.checkpoints == CHECKPOINTS
    assert loaded.classes == CLASSES
    assert ("warming", "loading a0", 2) in seen
    assert engine.status.state == "ready"

    results = await engine.predict_recording(wanted(numbered(), (7, 8, 0)))
    assert [one.index for one in results] == [7, 8, 0]
    for one in results:
        assert np.allclose(one.values, expected(one.index, 3), atol=1e-6)
    assert engine.status.state == "ready"
    states = [state for state, _, _ in seen]
    assert states.index("starting") < states.index("warming") < states.index("ready")
    assert "busy" in states


async def test_it_is_idle_without_an_ensemble_and_tells_what_loading_warned_of(engine, ensemble):
    engine.start()
    await until(lambda: engine.status.state == "idle")
    loaded = await engine.warm(ensemble(warning="a0 does not know 2 of 3 classes"), CLASSES)
    assert loaded.warnings == ("a0 does not know 2 of 3 classes",)


async def test_the_same_ensemble_is_warm_at_once(engine, ensemble):
    path = ensemble(load_s=0.3)
    first, second = await asyncio.gather(engine.warm(path, CLASSES), engine.warm(path, CLASSES))
    begun = time.perf_counter()
    third = await engine.warm(path, CLASSES)
    assert time.perf_counter() - begun < 0.05
    assert first == second == third


async def test_a_newer_request_wins_and_the_stale_one_ends(engine, ensemble, numbered):
    await engine.warm(ensemble(window_s=0.1), CLASSES)
    path = numbered()
    older = asyncio.create_task(engine.predict_recording(wanted(path)))
    await asyncio.sleep(0.25)
    begun = time.perf_counter()
    newer = await engine.predict_recording(wanted(path, (11,)))
    waited = time.perf_counter() - begun
    assert [one.index for one in newer] == [11]
    assert waited < 0.5, "it waits for one window at most"
    assert 1 <= len(await older) < 12


async def test_leaving_the_iteration_stops_the_work(engine, ensemble, numbered, tmp_path):
    await engine.warm(ensemble(window_s=0.05), CLASSES)
    path = numbered()
    async for _ in engine.predict_windows(wanted(path, session_folder=tmp_path, dataset="d")):
        break
    await asyncio.sleep(0.3)
    folder = scores_folder(tmp_path, "d", engine.loaded.fingerprint)
    values = LiveScores.open(folder).read(path.name, path)
    assert np.isfinite(values[0, :, 0]).sum() <= 3
    assert engine.status.state == "ready"


async def test_a_request_made_while_loading_waits_for_it(engine, ensemble, numbered):
    warming = asyncio.create_task(engine.warm(ensemble(load_s=0.4), CLASSES))
    await asyncio.sleep(0.05)
    results = await engine.predict_recording(wanted(numbered(), (2,)))
    assert [one.index for one in results] == [2]
    await warming


async def test_another_ensemble_takes_the_place_of_one_still_loading(engine, ensemble):
    slow = asyncio.create_task(engine.warm(ensemble("slow", load_s=1.0), CLASSES))
    await until(lambda: engine.status.text == "loading a0")
    other = ensemble("other")
    loaded = await engine.warm(other, CLASSES)
    assert loaded.path == other
    with pytest.raises(Cancelled):
        await slow


async def test_results_are_kept_and_not_computed_again(engine, ensemble, numbered, tmp_path):
    await engine.warm(ensemble(window_s=0.05), CLASSES)
    path = numbered()
    asked = wanted(path, (3, 4), session_folder=tmp_path / "s", dataset="data")
    first = await engine.predict_recording(asked)
    assert all(one.seconds > 0 for one in first)
    again = await engine.predict_recording(asked)
    assert all(one.seconds == 0 for one in again)

    folder = scores_folder(tmp_path / "s", "data", engine.loaded.fingerprint)
    kept = await engine.questions.recall(path.name, path, folder)
    assert kept.values.shape == (3, 12, 3)
    assert np.isnan(kept.values[:, 0]).all()
    assert np.array_equal(kept.values[:, 3], first[0].values)
    assert kept.classes == CLASSES
    assert await engine.questions.recall("other.wav", path, folder) is None


async def test_a_session_that_cannot_be_written_still_shows(engine, ensemble, numbered, tmp_path):
    (tmp_path / "full").write_text("a file where the session should be")
    await engine.warm(ensemble(), CLASSES)
    asked = wanted(numbered(), (3,), session_folder=tmp_path / "full", dataset="data")
    (window,) = await engine.predict_recording(asked)
    assert np.array_equal(window.values, expected(3, len(CLASSES)))


async def test_a_killed_worker_is_noticed_healed_and_goes_on(engine, ensemble, numbered, tmp_path):
    mark = tmp_path / "died"
    seen = []
    engine.listen(lambda status: seen.append((status.state, status.text)))
    await engine.warm(ensemble(die_at=5, die_mark=mark), CLASSES)
    before = engine.pid
    results = await engine.predict_recording(wanted(numbered()))
    assert sorted(one.index for one in results) == list(range(12))
    assert len({one.index for one in results}) == len(results)
    assert mark.exists()
    assert engine.pid != before
    assert any(state == "restarted" and "signal 9" in text for state, text in seen)
    assert engine.status.state == "ready"


async def test_a_worker_killed_while_idle_is_warm_again(engine, ensemble, numbered):
    await engine.warm(ensemble(), CLASSES)
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.status.state == "restarted")
    await until(lambda: engine.status.state == "ready")
    assert len(await engine.predict_recording(wanted(numbered(), (1,)))) == 1


async def test_a_worker_that_always_dies_is_given_up_with_a_remedy(engine, ensemble):
    with pytest.raises(EngineError, match="3 times") as caught:
        await engine.warm(ensemble("deadly", crash_on_load=True), CLASSES)
    assert "engine.log" in caught.value.remedy
    assert engine.status.state == "failed"
    assert (await engine.warm(ensemble("good"), CLASSES)).classes == CLASSES


async def test_a_load_error_reaches_the_user_and_the_engine_lives(engine, ensemble, numbered):
    with pytest.raises(EngineError) as caught:
        await engine.warm(ensemble("broken", missing=True), CLASSES)
    assert caught.value.remedy == "put the files there"
    assert engine.status.state == "failed"
    assert "no weights" in engine.status.text
    with pytest.raises(EngineError, match="no ensemble"):
        await engine.predict_recording(wanted(numbered()))
    await engine.warm(ensemble("good"), CLASSES)
    assert engine.status.state == "ready"


async def test_an_unreadable_recording_fails_alone(engine, ensemble, numbered, tmp_path):
    await engine.warm(ensemble(), CLASSES)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"nothing")
    with pytest.raises(EngineError) as caught:
        await engine.predict_recording(wanted(broken, (0,)))
    assert caught.value.path == broken
    assert engine.status.state == "ready"
    assert len(await engine.predict_recording(wanted(numbered(), (0,)))) == 1


async def test_blend_is_asked_of_the_quick_lane(engine):
    values = np.full((3, 4, 3), np.nan, np.float32)
    for index in (0, 1):
        values[:, index] = expected(index, 3)
    weights = {"a": 0.25, "b": 0.75}
    blended = await engine.questions.blend(values, CHECKPOINTS, weights, Settings())
    a, b = values[:2, 0].mean(axis=0), values[2, 0]
    assert np.allclose(blended.probabilities[0], 0.25 * a + 0.75 * b, atol=1e-6)
    assert np.isnan(blended.probabilities[2:]).all()
    assert blended.members == ("a", "b")
    assert np.allclose(blended.member_probabilities[1, 0], b)


async def test_two_may_ask_for_a_description_and_only_the_newest_blend_counts(engine, tmp_path):
    missing = tmp_path / "none.toml"
    engine.start()
    both = await asyncio.gather(*[engine.questions.describe(missing) for _ in range(2)])
    assert both[0] == both[1]

    large = np.zeros((3, 4000, 200), np.float32)
    weights = {"a": 0.25, "b": 0.75}
    asked = [
        asyncio.create_task(engine.questions.blend(large, CHECKPOINTS, weights, Settings()))
        for _ in range(4)
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert any(isinstance(one, Cancelled) for one in answers)
    assert any(isinstance(one, Blended) for one in answers)


async def test_a_lost_quick_lane_comes_back(engine, tmp_path):
    missing = tmp_path / "none.toml"
    assert (await engine.questions.describe(missing)).problem
    os.kill(engine.questions.pid, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await engine.questions.describe(missing)).problem


async def test_close_leaves_no_process(engine, ensemble):
    await engine.warm(ensemble(), CLASSES)
    pids = [engine.pid, engine.questions.pid]
    engine.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert engine.status.state == "off"


async def test_processes_are_polite(engine, ensemble):
    await engine.warm(ensemble(), CLASSES)
    worker = psutil.Process(engine.pid)
    assert worker.nice() >= 10
    os.kill(engine.pid, signal.SIGINT)
    await asyncio.sleep(0.1)
    assert worker.is_running(), "Ctrl+C in the terminal is not for it"


ORPHAN = """
import asyncio, sys
from pathlib import Path
from birdscope.engine.client import Engine

async def main():
    engine = Engine(loader="tests.engine.fakes:load", log_folder=Path(sys.argv[2]))
    await engine.warm(Path(sys.argv[1]), ("one",))
    print(engine.pid, engine.questions.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_processes_leave_when_their_parent_is_killed(ensemble, tmp_path):
    command = [sys.executable, "-c", ORPHAN, str(ensemble()), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, text=True) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    _, alive = psutil.wait_procs([psutil.Process(p) for p in pids if psutil.pid_exists(p)], 5)
    assert not alive


def test_the_client_imports_nothing_heavy():
    code = (
        "import sys; import birdscope.engine.client, birdscope.session.session; "
        "heavy = {'torch', 'timm', 'pandas', 'scipy', 'sklearn'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0
