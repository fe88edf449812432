"""The sessions as the app handles them: open one, change to another, begin one, archive one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from birdscope.core import paths
from birdscope.tui.resume import Resume
from birdscope.tui.widgets.tab_strip import TabStrip

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.session.session import Session
    from birdscope.tui.app import BirdscopeApp

_NOT_KEPT = "Places, settings and live predictions of this window are not kept"
_JOBS_ARE = "; jobs you start are"


class SessionDesk:
    """Changes the session in use.

    Args:
        app: Its services hold the session.
        debug: Whether the log tells everything.
    """

    def __init__(self, app: BirdscopeApp, *, debug: bool) -> None:
        self._app = app
        self._debug = debug
        self._resume: Resume | None = None
        self._opened = asyncio.Event()

    @property
    def log_folder(self) -> Path:
        """Where the log belongs: another process's session is left alone."""
        session = self._app.services.session
        return paths.cache() if session.notice else session.folder

    async def open(self) -> None:
        """Open the session that was asked for, and remember from now on."""
        services = self._app.services
        await asyncio.to_thread(lambda: services.session)
        self._resume = Resume(self._app)
        self._resume.begin()
        self._opened.set()
        await self._present(services.session)

    async def come_back_to_browse(self, catalog: Catalog) -> None:
        """Lead Browse to where the session was in a dataset that was opened."""
        await self._opened.wait()
        if self._resume is not None:
            self._resume.come_back_to_browse(catalog)

    async def come_back(self, catalog: Catalog) -> None:
        """Lead the other panes there."""
        await self._opened.wait()
        if self._resume is not None:
            self._resume.come_back(catalog)

    def save_now(self) -> None:
        """Write what has changed."""
        if self._resume is not None:
            self._resume.save_now()

    def choose(self) -> None:
        """Let the user choose a session."""
        from birdscope.session.summary import summaries
        from birdscope.tui.screens.choose_session import ChooseSession

        self.save_now()
        current = self._app.services.session
        screen = ChooseSession(
            lambda: summaries(paths.sessions()), current.name, read_only=current.read_only
        )
        self._app.push_screen(screen, self._chosen)

    def begin_new(self) -> None:
        """Ask for a name, and begin a session of that name."""
        from birdscope.session.folders import refuse_taken
        from birdscope.tui.screens.name_session import NameSession

        screen = NameSession(lambda name: refuse_taken(paths.sessions(), name))
        self._app.push_screen(screen, self._named)

    def archive(self, name: str = "") -> None:
        """Archive a session, the present one by default, as a job."""
        self.save_now()
        self._run(self._archive(name or self._app.services.session.name))

    def _chosen(self, choice: tuple[str, str] | None) -> None:
        if choice is None:
            return
        what, name = choice
        if what == "new":
            self.begin_new()
        elif what == "archive":
            self.archive(name)
        else:
            self._run(self._switch(name))

    def _named(self, name: str | None) -> None:
        if name is not None:
            self._run(self._begin(name))

    async def _switch(self, name: str) -> None:
        """Go where another session was; the present one, if read-only, is tried again."""
        from birdscope.session.session import Session

        before = self._app.services.session
        if name == before.name and not before.read_only:
            return
        session = await asyncio.to_thread(Session.open, paths.sessions(), name)
        await self._take(session)

    async def _begin(self, name: str) -> None:
        """Begin a session from where the user is."""
        from birdscope.session.session import Session

        self.save_now()
        here = self._app.services.session.state
        session = await asyncio.to_thread(Session.open, paths.sessions(), name)
        await asyncio.to_thread(session.update, **{**dict(here), "settings": None})
        await self._take(session)

    async def _take(self, session: Session) -> None:
        """Use a session: its place, its dataset, its ensemble."""
        from birdscope.tui.messages import CatalogLoaded, OpenDataset

        services = self._app.services
        before = services.session
        if self._resume is not None:
            self._resume.leave()
        services.playback.stop()
        services.use_session(session)
        await asyncio.to_thread(before.close)
        if session.state.ensemble:
            services.ensemble = None
        await self._present(session)
        wanted, catalog = session.state.dataset, services.catalog
        if wanted and (catalog is None or Path(wanted) != catalog.root.resolve()):
            self._app.post_message(OpenDataset(wanted))
        elif catalog is not None:
            self._app.post_message(CatalogLoaded(catalog))

    async def _archive(self, name: str) -> None:
        from birdscope.session.archive import archive_path

        out = archive_path(paths.sessions() / "archives", name)
        argv = ["sessions", "archive", name, "--out", str(out)]
        await self._app.services.jobs.start(argv, f"Archive session {name}")
        self._app.notify(f"→ {out}", title=f"A job archives {name}", markup=False)

    async def _present(self, session: Session) -> None:
        """Say on screen which session it is, and whether it is kept."""
        from birdscope.tui.logs import open_log
        from birdscope.tui.widgets.notice_line import NoticeLine

        app = self._app
        strip = app.query_one(TabStrip)
        strip.session, strip.read_only = session.name, bool(session.notice)
        await app.query(NoticeLine).remove()
        if session.notice:
            await app.default_screen.mount(NoticeLine(session.notice), after=strip)
            jobs = _JOBS_ARE if os.access(session.folder, os.W_OK) else ""
            app.notify(
                f"{session.notice}.\n{_NOT_KEPT}{jobs}.\n→ ctrl+s opens another session",
                title="Read-only",
                severity="warning",
                timeout=12,
                markup=False,
            )
        if session.warning:
            app.notify(
                session.warning,
                title="Session begun afresh",
                severity="error",
                timeout=20,
                markup=False,
            )
        open_log(self.log_folder, self._debug)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._app.run_worker(work, group="session")
