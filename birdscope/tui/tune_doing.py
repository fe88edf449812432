"""Does what Tune does beyond the settings in hand, and takes all of it back again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from birdscope.core.settings import Settings
from birdscope.tui import tune_lines
from birdscope.tui.tune_deeds import Act, Deed

if TYPE_CHECKING:
    from birdscope.tui.services import Services
    from birdscope.tui.tune_feed import TuneFeed
    from birdscope.tui.tune_shelf import Shelf
    from birdscope.tui.widgets.settings_table import SettingLine

_BACK = "ctrl+z takes it back."


class Doing:
    """Saves, renames, deletes, uses; undoes and does again, one after the other.

    Args:
        owner: The widget whose workers are used.
        services: Their session uses settings.
        feed: Holds the settings in hand, and remembers what was done.
        shelf: Holds the saved ones.
        draw: Called when something has changed.
    """

    def __init__(
        self,
        owner: Widget,
        services: Services,
        feed: TuneFeed,
        shelf: Shelf,
        draw: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._services = services
        self._feed = feed
        self._shelf = shelf
        self._draw = draw
        self._turn = asyncio.Lock()

    def save(self, settings: Settings, name: str) -> None:
        """Keep the settings in hand under a name, which is theirs from now on."""
        named = settings.model_copy(update={"name": name})
        deed = Deed(
            partial(self._shelf.delete, name),
            f"{name} is not saved any more; the settings are still in hand.",
            partial(self._shelf.save, named),
            f"{name} is saved again.",
            (settings.name, name),
        )
        self._run(self._do(deed, f"Saved as {name}. {_BACK}"))

    def rename(self, name: str, new: str) -> None:
        """Give saved settings another name."""
        deed = Deed(
            partial(self._shelf.rename, new, name),
            f"{new} is {name} again.",
            partial(self._shelf.rename, name, new),
            f"{name} is {new} again.",
        )
        self._run(self._do(deed, f"{name} is now {new}. {_BACK}"))

    def delete(self, line: SettingLine) -> None:
        """Forget saved settings; their file comes back as it was."""
        name, kept = line.name, bytearray()

        async def again() -> None:
            kept[:] = await self._shelf.delete(name)

        async def back() -> None:
            await self._shelf.put_back(name, bytes(kept))

        deed = Deed(back, f"{name} is there again.", again, f"{name} is deleted again.")
        self._run(self._do(deed, f"{name} is deleted. ctrl+z brings it back."))

    def use(self, settings: Settings, lines: Sequence[SettingLine]) -> None:
        """Make settings the session's; the ensemble's own are none of its.

        Args:
            settings: Wanted.
            lines: Rows of the table: of one that does the same the name is taken.
        """
        opened = self._feed.opened
        if opened is None:
            return
        named = tune_lines.named(settings, lines)
        after = None if tune_lines.is_own(named, opened) else named
        before = self._services.session.state.settings
        if before == after:
            self._owner.notify(f"Scope and Submit use {_name(after)} already.", markup=False)
            return
        deed = Deed(
            self._using(before),
            f"Scope and Submit use {_name(before)} again.",
            self._using(after),
            f"Scope and Submit use {_name(after)} again.",
        )
        told = f"Scope and Submit use {_name(after)} now. {_BACK}"
        self._run(self._do(deed, told))

    def undo(self) -> None:
        """Take back the last change of the settings in hand, or what was last done."""
        change = self._feed.undo()
        if change is None:
            self._owner.notify("There is nothing to undo.")
        elif isinstance(change, Deed):
            self._run(self._step(change, change.back, change.said_back))

    def redo(self) -> None:
        """Do again what was taken back."""
        change = self._feed.redo()
        if change is None:
            self._owner.notify("There is nothing to do again.")
        elif isinstance(change, Deed):
            self._run(self._step(change, change.again, change.said_again))

    def _using(self, settings: Settings | None) -> Act:
        return partial(self._services.use_settings, settings)

    async def _do(self, deed: Deed, told: str) -> None:
        """Do it for the first time, and remember it."""
        async with self._turn:
            try:
                await deed.again()
                self._feed.done(deed)
            finally:
                self._draw()
        self._owner.notify(told, markup=False)

    async def _step(self, deed: Deed, act: Act, said: str) -> None:
        """Take it back, or do it again; what can't be is forgotten, lest it stay in the way."""
        async with self._turn:
            try:
                await act()
            except Exception:
                self._feed.forget(deed)
                raise
            finally:
                self._draw()
        self._owner.notify(said, markup=False)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._owner.run_worker(work, group="tune-doing", exit_on_error=False)


def _name(settings: Settings | None) -> str:
    return settings.name if settings is not None else tune_lines.OWN
