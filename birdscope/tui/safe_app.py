"""An app whose known failures are notifications, and whose tracebacks go to a log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import WorkerFailed

from birdscope.core import paths
from birdscope.core.errors import BirdscopeError
from birdscope.tui.paced_driver import paced
from birdscope.tui.tidy_workers import TidyWorkers

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.driver import Driver
    from textual.notifications import SeverityLevel

REPEATED_S = 2.0
_PARSED = 1024
_LOG = logging.getLogger("birdscope.tui")


class SafeApp(App[None]):
    """The base of BirdscopeApp.

    Args:
        session: Name of the session, which has the log.
        debug: Whether a programming error shows its traceback.
    """

    def __init__(self, session: str, debug: bool) -> None:
        super().__init__()
        # Textual keeps 64 parsed sources, the latest used: with more of them it parses every one
        # of them anew for each new kind of widget
        self.stylesheet._parse_cache.maxsize = _PARSED
        self._workers = TidyWorkers(self)
        self.session_name = session
        self._debug_wanted = debug
        self._leaving = False
        self._told_at: dict[tuple[str, str], float] = {}

    @property
    def is_terminal_behind(self) -> bool:
        """Whether the terminal has yet to show what was painted before."""
        pace = getattr(self._driver, "pace", None)
        return pace is not None and pace.is_behind

    def get_driver_class(self) -> type[Driver]:
        """The platform's, measured."""
        return paced(super().get_driver_class())

    @property
    def log_folder(self) -> Path:
        """Where the log belongs."""
        return paths.sessions() / self.session_name

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key or a command says; a known failure is a notification."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except BirdscopeError as error:
            self.say(error)
            return True

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notification, unless the same one was shown within the last two seconds."""
        now, text = time.monotonic(), (title, message)
        recent = {one: at for one, at in self._told_at.items() if now - at < REPEATED_S}
        self._told_at = {text: now} | recent
        if text not in recent:
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def say(self, error: BirdscopeError) -> None:
        """Tell the user what failed and what to do."""
        _LOG.warning("%s", error)
        self.notify(str(error), title="That failed", severity="error", markup=False)

    async def _shutdown(self) -> None:
        self._leaving = True
        await super()._shutdown()

    def _handle_exception(self, error: Exception) -> None:
        """A worker's known failure is a notification; a programming error ends the app.

        Its traceback goes to the log, and to the screen with --debug.
        """
        if self._leaving and isinstance(error, NoMatches):
            # who leaves while a tab is being made closes it before it has its parts
            _LOG.info("closed while it was made: %s", error)
            return
        if isinstance(error, WorkerFailed) and isinstance(error.error, BirdscopeError):
            self.say(error.error)
            return
        if self._debug_wanted or self.is_headless:
            super()._handle_exception(error)
            return
        from birdscope.tui.logs import open_log

        file = open_log(self.log_folder, debug=False)
        cause = error.error if isinstance(error, WorkerFailed) else error
        _LOG.error("unexpected error", exc_info=cause)
        where = f"the traceback is in {file}" if file else "run it with --debug to see more"
        self._return_code = 1
        self.exit(return_code=1, message=f"birdscope stopped: {cause!r}\n  → {where}")
