"""The session's saved settings as Tune keeps them: read and written in threads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.session.saved_settings import SavedEntry, SavedSettings
    from birdscope.tui.services import Services


class Shelf:
    """What is saved, as of the last look.

    Args:
        services: Their session is meant.

    Attributes:
        entries: By name; also those that can't be read.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self.entries: tuple[SavedEntry, ...] = ()

    async def look(self) -> None:
        """Read the folder again."""
        self.entries = await asyncio.to_thread(lambda: self._saved().list())

    async def save(self, settings: Settings, *, replace: bool = False) -> None:
        """Keep settings under their own name.

        Raises:
            UsageError: the name can't be used, or is taken.
            SessionError: nothing can be written.
        """
        await asyncio.to_thread(lambda: self._saved().save(settings, replace=replace))
        await self.look()

    async def rename(self, name: str, new: str) -> None:
        """Give settings another name. Raises as `save`."""
        await asyncio.to_thread(lambda: self._saved().rename(name, new))
        await self.look()

    async def delete(self, name: str) -> bytes:
        """Forget settings; gives what `put_back` needs. Raises as `save`."""
        body = await asyncio.to_thread(lambda: self._saved().delete(name))
        await self.look()
        return body

    async def put_back(self, name: str, body: bytes) -> None:
        """Bring deleted settings back as they were. Raises as `save`."""
        await asyncio.to_thread(lambda: self._saved().put_back(name, body))
        await self.look()

    def wrong_name(self, name: str) -> str:
        """Why settings can't be called so; empty where they can."""
        from birdscope.postprocess.baselines import NAMES
        from birdscope.session.names import fits_a_file

        if not name.strip():
            return "type a name"
        if not fits_a_file(name):
            return "use letters, digits, spaces and . + - _, beginning with a letter or digit"
        if name in NAMES:
            return "settings of this name are always there: choose another one"
        if name in [one.name for one in self.entries]:
            return "this name is taken: choose another one"
        return ""

    def free_name(self, name: str) -> str:
        """A name like this one that can be used."""
        if not self.wrong_name(name):
            return name
        number = 2
        while self.wrong_name(f"{name} {number}"):
            number += 1
        return f"{name} {number}"

    def _saved(self) -> SavedSettings:
        from birdscope.session.saved_settings import SavedSettings

        session = self._services.session
        return SavedSettings(session.folder, read_only=session.read_only)
