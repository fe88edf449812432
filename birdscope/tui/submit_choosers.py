"""How the choices of the tab Submit are changed: a list or a line for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from birdscope.tui.screens.choose_one import AskPath, Choice, ChooseOne
from birdscope.tui.submit_parts import Part
from birdscope.tui.submit_plan import stamp
from birdscope.tui.submit_precision import INT8, NAMES, choices

if TYPE_CHECKING:
    from birdscope.tui.submit_facts import Facts


class Choosers:
    """Opens a chooser, and gives the facts what was chosen.

    Args:
        owner: The widget whose app and workers are used.
        facts: Hold the choices.
        calibrate: Starts the job that makes 8-bit nets.
    """

    def __init__(
        self, owner: Widget, facts: Facts, calibrate: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self._owner = owner
        self._facts = facts
        self._calibrate = calibrate

    def change(self, key: str) -> None:
        """Ask for another split, ensemble, stack, precision or file."""
        if key == "split":
            self._choose_part()
        elif key == "ensemble":
            self._owner.run_worker(self._choose_ensemble(), exit_on_error=False)
        elif key == "settings":
            self._owner.run_worker(self._choose_stack(), exit_on_error=False)
        elif key == "precision":
            self._choose_precision()
        elif key == "file":
            self._ask_path()

    def _choose_part(self) -> None:
        parts, current = self._facts.plan.parts, self._facts.plan.part
        if not parts:
            return

        def take(number: int | None) -> None:
            if number is not None:
                self._facts.choose(part=parts[number])

        choices = [Choice(one.text, _remark(one)) for one in parts]
        place = parts.index(current) if current in parts else None
        self._owner.app.push_screen(ChooseOne("Part of the dataset", choices, place), take)

    def _choose_precision(self) -> None:
        from birdscope.core.cpu import cpu_features
        from birdscope.core.int8 import can_calibrate

        computing = self._facts.plan.computing
        offered = choices(computing, cpu_features(), nncf=can_calibrate())

        def take(number: int | None) -> None:
            if number is None or offered[number].problem:
                return
            if NAMES[number] == INT8 and self._facts.plan.computing.calibrated is None:
                self._offer_calibration()
            else:
                self._facts.compute_in(NAMES[number])

        place = NAMES.index(computing.precision)
        self._owner.app.push_screen(ChooseOne("Precision", offered, place), take)

    def _offer_calibration(self) -> None:
        """8-bit nets have to be made first: ask whether to."""
        offered = [
            Choice("calibrate it now", "a job of minutes: 300 windows of up to 100 recordings"),
            Choice("not now"),
        ]

        def take(number: int | None) -> None:
            if number == 0:
                self._facts.compute_in(INT8)
                self._owner.run_worker(self._calibrate(), exit_on_error=False)

        self._owner.app.push_screen(ChooseOne("int8 is not calibrated yet", offered), take)

    async def _choose_ensemble(self) -> None:
        from birdscope.tui.screens.choose_ensemble import ChooseEnsemble

        def take(path: Path | None) -> None:
            if path is not None:
                self._facts.choose(ensemble_path=path, ensemble=None)

        files = await asyncio.to_thread(self._facts.ensemble_files)
        chooser = ChooseEnsemble(files, self._facts.describe, self._facts.plan.ensemble_path)
        self._owner.app.push_screen(chooser, take)

    async def _choose_stack(self) -> None:
        stacks = await asyncio.to_thread(self._facts.stacks)
        choices = [Choice(one.name, str(one.path or ""), problem) for one, problem in stacks]
        plain = [one for one, _ in stacks]
        current = self._facts.plan.stack

        def take(number: int | None) -> None:
            if number is not None:
                self._facts.choose(stack=plain[number])

        place = plain.index(current) if current in plain else None
        self._owner.app.push_screen(ChooseOne("Post-processing", choices, place), take)

    def _ask_path(self) -> None:
        plan = self._facts.plan

        def take(path: Path | None) -> None:
            if path is not None:
                self._facts.choose(out=path)

        shown = plan.out or plan.default_out(stamp(time.time()))
        self._owner.app.push_screen(AskPath("Write to", shown, self._facts.wrong_path), take)


def _remark(part: Part) -> str:
    return "what Kaggle asks for" if part.split == "test_soundscapes" else "for debugging"
