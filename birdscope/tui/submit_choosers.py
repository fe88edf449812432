"""How the choices of the tab Submit are changed: a list or a line for each."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.tui.screens.choose_one import AskPath, Choice, ChooseOne
from birdscope.tui.submit_plan import Part, stamp
from birdscope.tui.submit_precision import EXACT, FAST

if TYPE_CHECKING:
    from birdscope.tui.submit_facts import Facts


class Choosers:
    """Opens a chooser, and gives the facts what was chosen.

    Args:
        owner: The widget whose app and workers are used.
        facts: Hold the choices.
    """

    def __init__(self, owner: Widget, facts: Facts) -> None:
        self._owner = owner
        self._facts = facts

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

        computing, cpu = self._facts.plan.computing, cpu_features()
        problem = ""
        if computing.backend == "torch":
            problem = "torch runs the nets here: always exact"
        elif cpu.known and not cpu.bfloat16:
            problem = "this CPU has no bfloat16"
        choices = [
            Choice("exact", "float32, as torch"),
            Choice("fast", "bfloat16: compare it with p first", problem),
        ]
        names = [EXACT, FAST]

        def take(number: int | None) -> None:
            if number is not None and not choices[number].problem:
                self._facts.compute_in(names[number])

        place = names.index(computing.precision)
        self._owner.app.push_screen(ChooseOne("Precision", choices, place), take)

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
