"""The user's keys as the app handles them: read after the first paint, and again when asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core import paths

if TYPE_CHECKING:
    from textual.app import SystemCommand

    from birdscope.tui.app import BirdscopeApp


class KeysDesk:
    """The keys of one app.

    Args:
        app: Its keymap is set.
    """

    def __init__(self, app: BirdscopeApp) -> None:
        self._app = app
        self._set = False

    def begin(self) -> None:
        """Read the files now and whenever another session is in use."""
        self._app.services.session_changed.subscribe(self._app, lambda session: self.reread())
        self.reread()

    def reread(self, *, asked: bool = False) -> None:
        """Read the files again."""
        self._app.run_worker(self._read(asked), group="keys", exclusive=True, exit_on_error=False)

    def commands(self) -> list[SystemCommand]:
        """What the palette offers."""
        from textual.app import SystemCommand

        return [
            SystemCommand("Keys file", "Write keys.toml, where every key can be changed",
                          self.write),
            SystemCommand("Read keys again", "Take over changes of keys.toml",
                          lambda: self.reread(asked=True)),
        ]  # fmt: skip

    def write(self) -> None:
        """Write a keys file that changes nothing yet; one that is there stays as it is."""
        self._app.run_worker(self._write(), group="keys-file", exit_on_error=False)

    async def _write(self) -> None:
        from birdscope.core.atomic import write_text
        from birdscope.tui import keymap

        path = paths.home() / keymap.FILE
        if not path.exists():
            await asyncio.to_thread(lambda: write_text(path, keymap.template()))
        text = f"→ {path}\nEdit it, then ctrl+p: Read keys again"
        self._app.notify(text, title="Keys", markup=False)

    async def _read(self, asked: bool) -> None:
        from birdscope.tui import keymap

        session: Path = self._app.services.session.folder
        found = await asyncio.to_thread(keymap.files, session)
        if not found and not self._set:
            if asked:
                self._app.notify("There is no keys.toml: ctrl+p, Keys file writes one.")
            return
        keys = await asyncio.to_thread(keymap.read, found)
        self._set = True
        self._app.set_keymap(dict(keys.keymap))
        for problem in keys.problems:
            self._app.notify(problem, title="Keys", severity="warning", timeout=15, markup=False)
        if asked and not keys.problems:
            self._app.notify(f"{len(keys.keymap)} keys changed.", title="Keys")
