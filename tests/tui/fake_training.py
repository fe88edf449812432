"""A study lane without a process: real answers about training, or made-up ones for pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from birdscope.core.errors import EngineError
from birdscope.engine import train_messages as messages
from birdscope.engine.study import Study as Desk
from birdscope.engine.study import handlers


class InlineStudy:
    """Answers by the lane's own handlers, in a thread."""

    def __init__(self) -> None:
        self.desk, self.table = Desk(), handlers()
        self.asked: list[object] = []

    def close(self) -> None:
        """Nothing to end."""

    async def ask(self, request: object, slot: str = "") -> Any:
        self.asked.append(request)
        return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: object) -> Any:
        value = self.table[type(request)](self.desk, request)
        if isinstance(value, Iterator):
            value = [one for one in value if one is not None][-1]
        return value


ENTRIES = (
    messages.RecipeEntry("/x/mine.toml", "mine", "Mine.", False, ("small",), (), 5, 2),
    messages.RecipeEntry("/x/odd.toml", "odd", built_in=False, problem="unknown key 'epocs'"),
    messages.RecipeEntry("small-cpu", "small-cpu", "A tiny net.", True, (), (), 40, 4),
    messages.RecipeEntry("student", "student", "Rounds.", True, (), ("round 0", "round 1"), 60, 5),
)
ROWS = (
    ("name", "run", "name", "small-cpu", "", ()),
    ("folds", "run", "folds", "4", "own guess: every fourth clip held out", ()),
    ("data.context_s", "data", "context_s", "5.0", "mission text: 5 s windows", ()),
    ("data.crop", "data", "crop", "random", "", ("random", "energy", "hop")),
    ("loss.kind", "loss", "kind", "bce_focal", "mission text", ("bce", "focal", "bce_focal")),
    ("optim.epochs", "optim", "epochs", "40", "measured: validation still rose at 30", ()),
    ("optim.learning_rate", "optim", "learning_rate", "0.004", "measured: 0.911", ()),
)
CHECK = messages.DataCheck(
    dataset="tiny",
    clips=361,
    left_out=("train_audio/a/x.ogg: there is no such file",),
    classes=32,
    class_counts={f"c{number}": max(1, 60 - 5 * number) for number in range(31)},
    rare=("c9",),
    without_clips=("c31",),
    fold_clips=(89, 90, 88, 89),
    everywhere=5,
    epoch_samples=472,
    pool=3,
    findings=(
        messages.Finding("ok", "31 of 32 classes are held out and scored"),
        messages.Finding("note", "leak: 2 × the same author in several folds: A, B"),
        messages.Finding("ok", "no identical file is in two folds"),
    ),
)
ESTIMATE = messages.Estimate(3228.0, 1649.0, 462.0, "rests on real steps measured (cpu)")


class FakeTraining:
    """Made-up recipes and data, always the same.

    Args:
        problem: Why recipes can't be listed; empty where they can.
    """

    def __init__(self, problem: str = "") -> None:
        self.problem = problem

    def close(self) -> None:
        """Nothing to end."""

    async def ask(self, request: object, slot: str = "") -> Any:
        await asyncio.sleep(0)
        if isinstance(request, messages.ListRecipes):
            if self.problem:
                raise EngineError(self.problem, remedy="mend it")
            return ENTRIES
        if isinstance(request, messages.ReadForm):
            return tuple(_row(row, request.changes) for row in ROWS)
        if isinstance(request, messages.CheckData):
            return messages.DataFound(CHECK, ESTIMATE)
        raise EngineError(f"nobody answers a {type(request).__name__}")


def _row(row: tuple[Any, ...], changes: Any) -> messages.FormRow:
    key, group, name, text, source, choices = row
    now = changes.get(key, text)
    by = "changed here" if key in changes else "small-cpu" if source else "default"
    about = f"What {name} means."
    return messages.FormRow(key, group, name, now, text, by, source, choices, "number ≥ 1", about)
