"""The study lane: the newest wins, the hand goes first, and a lost process comes back."""

import asyncio
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from birdscope.core.errors import Cancelled, EngineError
from birdscope.engine.messages import Dropped
from birdscope.engine.study_client import Study
from birdscope.engine.study_desk import Desk
from birdscope.engine.study_messages import Ask, Forget
from birdscope.engine.tune_messages import OpenTuning
from tests.engine.study_fakes import Opened, Steps, Work, Wrong


@pytest.fixture
async def study(tmp_path):
    made = Study(tmp_path, "tests.engine.study_fakes:handlers")
    yield made
    made.close()


def opening(name="data"):
    return OpenTuning("soundscapes", Path("scores"), Path(name))


async def test_answers_and_is_only_a_little_behind(study):
    assert await study.ask(Work("yes")) == "yes"
    assert psutil.Process(study.pid).nice() <= psutil.Process().nice() + 2


async def test_a_newer_question_takes_the_place_of_one_that_waits(study):
    await study.ask(Work(0))
    busy = asyncio.create_task(study.ask(Work("busy", 0.3), "other"))
    await asyncio.sleep(0.05)
    asked = [asyncio.create_task(study.ask(Work(number))) for number in range(4)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, Cancelled) for one in answers[:-1])
    assert answers[-1] == 3
    assert await busy == "busy"


async def test_slots_do_not_take_each_others_place(study):
    asked = [study.ask(Work(slot, 0.01), slot) for slot in ("", "a", "b", "c")]
    assert await asyncio.gather(*asked) == ["", "a", "b", "c"]


async def test_a_quick_question_is_answered_within_a_long_one(study):
    await study.ask(Work(0))
    parts = []

    async def listen():
        async for part in study.parts(Steps(40, 0.02)):
            parts.append(part)  # noqa: PERF401 - seen while it grows

    long = asyncio.create_task(listen())
    while len(parts) < 2:
        await asyncio.sleep(0.005)
    assert await study.ask(Work("quick")) == "quick"
    assert len(parts) < 30
    await long
    assert parts == list(range(40))


async def test_a_newer_long_question_ends_the_older(study):
    older = asyncio.create_task(study.ask(Steps(1000, 0.01)))
    await asyncio.sleep(0.3)
    assert await study.ask(Steps(3)) == 2
    with pytest.raises(Cancelled):
        await older


async def test_leaving_the_iteration_ends_the_work(study):
    async for part in study.parts(Steps(10_000, 0.01)):
        if part == 2:
            break
    process = psutil.Process(study.pid)
    await asyncio.sleep(0.2)
    before = process.num_ctx_switches().voluntary
    await asyncio.sleep(0.3)
    assert process.num_ctx_switches().voluntary - before < 10


async def test_errors_say_what_is_wrong_and_the_lane_goes_on(study):
    with pytest.raises(EngineError, match="no good") as caught:
        await study.ask(Wrong("reason"))
    assert caught.value.remedy == "try another"
    with pytest.raises(EngineError, match="RuntimeError: oh"):
        await study.ask(Wrong("surprise"))
    with pytest.raises(EngineError, match="nobody answers a tuple"):
        await study.ask(())
    assert "RuntimeError: oh" in study.log_path.read_text()
    assert await study.ask(Work(1)) == 1


async def test_a_killed_process_opens_the_same_again_and_answers_what_was_asked(study):
    assert await study.ask(opening()) == ("data",)
    asked = asyncio.create_task(study.ask(Work("done", 0.4)))
    long = asyncio.create_task(study.ask(Steps(20, 0.02)))
    await asyncio.sleep(0.1)
    lost = study.pid
    os.kill(lost, signal.SIGKILL)
    assert await asked == "done"
    assert await long == 19
    assert study.pid != lost
    assert await study.ask(Opened()) == ("data",)


async def test_a_process_killed_while_idle_comes_back(study):
    await study.ask(opening("one"))
    await study.ask(opening("two"))
    os.kill(study.pid, signal.SIGKILL)
    await asyncio.sleep(0.3)
    assert await study.ask(Opened()) == ("two",)


async def test_a_question_that_kills_the_process_fails_after_three_times(study):
    with pytest.raises(EngineError, match="lost 3 times"):
        await study.ask(Wrong("end"))
    assert await study.ask(Work("on")) == "on"


async def test_closing_ends_the_process_and_open_questions(study):
    asked = asyncio.create_task(study.ask(Work(1, 0.2)))
    await asyncio.sleep(0.1)
    process = psutil.Process(study.pid)
    begun = time.perf_counter()
    study.close()
    assert time.perf_counter() - begun < 1.5
    with pytest.raises(Cancelled):
        await asked
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def desk():
    told = []
    return Desk(told.append, barriers=(OpenTuning,)), told


def test_the_hand_goes_first_but_not_past_an_opening():
    one, _ = desk()
    asks = [Ask(1, "a", Work(1)), Ask(2, "", Work(2)), Ask(3, "", opening()), Ask(4, "", Opened())]
    for ask in asks:
        one.put(ask)
    assert [one.take().token for _ in asks] == [2, 1, 3, 4]


def test_what_is_under_way_takes_turns_and_gives_way():
    one, told = desk()
    works = [
        (Ask(token, "", request), iter(())) for token, request in ((1, Steps(1)), (2, Work(1)))
    ]
    for work in works:
        one.begin(*work)
    assert one.take() == works[0]
    assert one.next_turn(works[0], done=False)
    assert one.take() == works[1]
    one.put(Ask(3, "", Steps(2)))
    assert told == [Dropped(1)]
    assert not one.next_turn(works[0], done=False)
    one.put(Forget(2))
    assert one.take().token == 3


def test_what_was_overtaken_while_it_began_is_dropped():
    one, told = desk()
    one.put(Ask(2, "", Steps(1)))
    one.begin(Ask(1, "", Steps(1)), iter(()))
    assert told == [Dropped(1)]
