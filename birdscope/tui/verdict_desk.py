"""The verdicts of the session in use: read and written in one thread, in the order of the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from birdscope.core.verdicts import Verdict
    from birdscope.session.verdicts import Counts, Verdicts
    from birdscope.tui.services import Services

ResultT = TypeVar("ResultT")


class VerdictDesk:
    """Asks the session's verdicts; whatever is awaited is on the disk when it returns.

    Args:
        services: The app's, for the session.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="verdicts")
        self._open: tuple[Path, bool, Verdicts] | None = None

    async def of(self, label: str) -> list[Verdict]:
        """The verdicts that tell of a species.

        Raises:
            SessionError: they can't be read.
        """
        return await self._run(lambda verdicts: verdicts.of(label))

    async def counts(self) -> Mapping[str, Counts]:
        """Species → how many verdicts of each answer. Raises as `of`."""
        return await self._run(lambda verdicts: verdicts.counts())

    async def put(self, verdict: Verdict) -> None:
        """Keep a verdict.

        Raises:
            SessionError: the session is read-only, or the disk refuses.
        """
        await self._run(lambda verdicts: verdicts.put(verdict))

    async def undo(self, annotator: str) -> Verdict | None:
        """Take back the last verdict of an annotator; None where there is none. Raises as `put`."""
        return await self._run(lambda verdicts: verdicts.undo(annotator))

    async def do(self, work: Callable[[Verdicts], ResultT]) -> ResultT:
        """Do something longer with the verdicts, such as an export. Raises what it raises."""
        return await self._run(work)

    async def notice(self) -> str:
        """What was wrong with the file; empty where nothing was."""
        return await self._run(lambda verdicts: verdicts.notice)

    def close(self) -> None:
        """Finish what was asked, then close the file."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    async def _run(self, work: Callable[[Verdicts], ResultT]) -> ResultT:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(self._verdicts()))

    def _verdicts(self) -> Verdicts:
        """Those of the session in use now; in the thread."""
        from birdscope.session.verdicts import Verdicts

        session = self._services.session
        wanted = (session.folder, session.read_only)
        if self._open is None or self._open[:2] != wanted:
            self._close()
            verdicts = Verdicts.open(session.folder, read_only=session.read_only)
            self._open = (*wanted, verdicts)
        return self._open[2]

    def _close(self) -> None:
        if self._open is not None:
            self._open[2].close()
            self._open = None
