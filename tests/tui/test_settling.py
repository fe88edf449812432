from __future__ import annotations

import asyncio
import gc
import warnings

from textual.app import App
from textual.timer import Timer

from birdscope.tui.safe_app import SafeApp
from birdscope.tui.settling import Settling


class Timers(App[None]):
    """Keeps what is to be called instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[float, object]] = []
        self.now_s = 100.0

    def set_timer(self, delay, callback=None, **_) -> Timer:  # type: ignore[no-untyped-def, override]
        self.waiting.append((self.now_s + delay, callback))
        return object()  # type: ignore[return-value]

    def until(self, now_s: float) -> None:
        while self.waiting and self.waiting[0][0] <= now_s:
            self.now_s, call = self.waiting.pop(0)
            call()  # type: ignore[operator]
        self.now_s = now_s


def test_a_held_key_is_one_call_after_its_end() -> None:
    app, called = Timers(), []
    rest = Settling(app, 0.06, lambda: called.append(app.now_s), now_s=lambda: app.now_s)
    for number in range(60):
        app.until(100 + number / 60)
        rest.touch()
        assert len(app.waiting) == 1
    app.until(102)
    assert len(called) == 1
    assert abs(called[0] - (100 + 59 / 60 + 0.06)) < 0.01
    rest.touch()
    app.until(103)
    assert len(called) == 2


def test_what_is_cancelled_is_not_called() -> None:
    app, called = Timers(), []
    rest = Settling(app, 0.06, lambda: called.append(1), now_s=lambda: app.now_s)
    rest.touch()
    rest.cancel()
    app.until(101)
    assert not called


async def test_a_worker_cancelled_before_it_begins_leaves_no_coroutine_behind() -> None:
    begun = []

    async def work(number: int) -> None:
        begun.append(number)

    app = SafeApp("default", debug=False)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        async with app.run_test() as pilot:
            for number in range(3):
                app.run_worker(work(number), group="one", exclusive=True)
            while not begun:
                await pilot.pause()
            app.run_worker(work(3), group="one")
        await asyncio.sleep(0)
        gc.collect()
    assert begun[:1] == [2]
    assert not [one for one in told if "never awaited" in str(one.message)]
