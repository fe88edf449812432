"""The recipe in hand: asked of the study lane, changed key by key, checked against the data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from birdscope.core import paths
from birdscope.core.errors import BirdscopeError, Cancelled

if TYPE_CHECKING:
    from birdscope.engine.study_client import Study
    from birdscope.engine.train_messages import DataFound, FormRow, RecipeEntry
    from birdscope.tui.services import Services

FIRST = "small-cpu"
_PAUSE_S = 0.3


class TrainFeed:
    """What is known of recipes, of the one in hand, and of the dataset under it.

    Args:
        owner: The widget whose workers are used.
        services: The app's.
        changed: Called when something is to be drawn anew.

    Attributes:
        entries: Every recipe.
        source: The recipe in hand; empty before one is read.
        changes: Dotted key → value as it was typed.
        rows: The form.
        problem: Why there is no form; empty where there is one.
        typing_problem: Why what is being typed can't be taken.
        found: Data and estimate; None before they are looked up.
        data_problem: Why they can't be.
        checking: Whether they are being looked up.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self.entries: tuple[RecipeEntry, ...] = ()
        self.source = ""
        self.changes: dict[str, str] = {}
        self.rows: tuple[FormRow, ...] = ()
        self.problem = ""
        self.typing_problem = ""
        self.found: DataFound | None = None
        self.data_problem = ""
        self.checking = False

    @property
    def study(self) -> Study:
        """The app's study lane."""
        return self._services.study

    @property
    def name(self) -> str:
        """Of the recipe in hand, as changed."""
        return next((one.text for one in self.rows if one.key == "name"), "")

    @property
    def runs_folder(self) -> Path:
        """Where this session's runs are."""
        return self._services.session.folder / "runs"

    @property
    def speeds_folder(self) -> Path:
        """Where measured speeds are kept."""
        return self._services.session.folder / "speeds"

    @property
    def own_folder(self) -> Path:
        """Where own recipes are kept."""
        return self._services.session.folder / "recipes"

    def look(self) -> None:
        """List the recipes again, and look the data up."""
        self._run(self._look(), "train-list")

    def choose(self, source: str) -> None:
        """Take another recipe in hand, without changes."""
        if source != self.source:
            self.take(source, {})

    def take(self, source: str, changes: dict[str, str]) -> None:
        """Take a recipe with changes in hand."""
        self.source, self.changes = source, changes
        self.typing_problem = ""
        self._run(self._read(), "train-form")

    async def set(self, key: str, text: str | None) -> bool:
        """Give a key a value, or the recipe's own; False where it can't be taken."""
        changes = {one: value for one, value in self.changes.items() if one != key}
        if text is not None:
            changes[key] = text
        try:
            rows = await self._form(self.source, changes)
        except Cancelled:
            return False
        except BirdscopeError as error:
            self.typing_problem = _short(error)
            self._changed()
            return False
        unchanged = {one.key for one in rows if not one.is_changed}
        kept = {one: value for one, value in changes.items() if one not in unchanged}
        self.changes, self.rows, self.typing_problem = kept, rows, ""
        self._changed()
        self.check()
        return True

    def try_out(self, key: str, text: str) -> None:
        """Say what is wrong with a value while it is typed; an empty key ends that."""
        self._run(self._try_out(key, text), "train-typing")

    def check(self) -> None:
        """Look up data and estimate, once nothing changes for a moment."""
        self._run(self._check(), "train-check")

    async def save_own(self, name: str) -> Path:
        """Keep the recipe in hand under a name of its own.

        Raises:
            BirdscopeError: it can't be written.
        """
        from birdscope.engine.train_messages import SaveRecipe

        path = self.own_folder / f"{name}.toml"
        await self.study.ask(SaveRecipe(self.source, dict(self.changes), path, name))
        await self._list()
        self.take(str(path), {})
        return path

    async def freeze(self, path: Path) -> None:
        """Write the recipe in hand down whole, for a run.

        Raises:
            BirdscopeError: it can't be written.
        """
        from birdscope.engine.train_messages import SaveRecipe

        await self.study.ask(SaveRecipe(self.source, dict(self.changes), path))

    async def _look(self) -> None:
        try:
            await self._list()
        except Cancelled:
            return
        except BirdscopeError as error:
            self.problem = str(error)
            self._changed()
            return
        known = [one.source for one in self.entries if not one.problem]
        if not self.source and known:
            first = FIRST if FIRST in known else known[0]
            self.take(first, {})
        else:
            self.check()
        self._changed()

    async def _list(self) -> None:
        from birdscope.engine.train_messages import ListRecipes

        folders = (self.own_folder, paths.models() / "recipes")
        self.entries = await self.study.ask(ListRecipes(folders))  # type: ignore[assignment]

    async def _read(self) -> None:
        self.found = None
        try:
            self.rows = await self._form(self.source, self.changes)
            self.problem = ""
        except Cancelled:
            return
        except BirdscopeError as error:
            self.rows, self.problem = (), str(error)
        self._changed()
        self.check()

    async def _try_out(self, key: str, text: str) -> None:
        problem = ""
        if key:
            try:
                await self._form(self.source, {**self.changes, key: text}, "typing")
            except Cancelled:
                return
            except BirdscopeError as error:
                problem = _short(error)
        self.typing_problem = problem
        self._changed()

    async def _form(
        self, source: str, changes: dict[str, str], slot: str = ""
    ) -> tuple[FormRow, ...]:
        from birdscope.engine.train_messages import ReadForm

        return await self.study.ask(ReadForm(source, dict(changes)), slot)  # type: ignore[return-value]

    async def _check(self) -> None:
        from birdscope.engine.train_messages import CheckData

        catalog = self._services.catalog
        if catalog is None or not self.rows:
            self.found, self.checking = None, False
            return
        self.checking = True
        self._changed()
        await asyncio.sleep(_PAUSE_S)
        wanted = CheckData(
            self.source, dict(self.changes), catalog.root, self.runs_folder, self.speeds_folder
        )
        try:
            self.found = await self.study.ask(wanted)  # type: ignore[assignment]
            self.data_problem = ""
        except Cancelled:
            return
        except BirdscopeError as error:
            self.found, self.data_problem = None, str(error)
        self.checking = False
        self._changed()

    def _run(self, work: Coroutine[Any, Any, None], group: str) -> None:
        self._owner.run_worker(work, group=group, exclusive=True, exit_on_error=False)


def _short(error: BirdscopeError) -> str:
    """What is wrong, without where and how to mend it: the form shows that."""
    return str(error).split("\n")[0]
