"""Remembers in the session where the user is, and leads back there next time.

The panes know nothing of it: twice a second they are asked where they are, and what differs
is written in a thread. So a process that is killed loses half a second of state.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.css.query import NoMatches

from birdscope.core.errors import DatasetError

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.session.session import Session
    from birdscope.session.state import SessionState
    from birdscope.tui.app import BirdscopeApp

LOOK_S = 0.5
_LOG = logging.getLogger("birdscope.tui")


class Resume:
    """The memory of one app.

    Args:
        app: Its panes are asked, its services hold the session.
    """

    def __init__(self, app: BirdscopeApp) -> None:
        self._app = app
        self._services = app.services
        self._kept: dict[str, Any] = {}
        self._newest: dict[str, Any] = {}
        self._away = True
        self._saving = False
        self._told_problem = False

    def begin(self) -> None:
        """Look from now on."""
        self._app.set_interval(LOOK_S, self.look)

    def look(self) -> None:
        """Note what has changed; written in a thread, one write at a time."""
        if self._saving:
            return
        changes = self._whereabouts()
        session = self._services.session
        if changes and (changes != self._kept or session.problem):
            self._saving, self._newest = True, changes
            self._app.run_worker(self._save(session), group="resume", exit_on_error=False)
        self._tell_problem()

    def save_now(self) -> None:
        """Write what has changed before the app ends or changes its session."""
        changes = self._whereabouts()
        if changes and changes != self._kept:
            self._newest = self._kept = changes
            self._services.session.update(**changes)

    def leave(self) -> None:
        """Note nothing more until a dataset is open again; the session is about to change."""
        self.save_now()
        self._away = True

    def come_back_to_browse(self, catalog: Catalog) -> None:
        """Lead Browse, which is there first, to where the session was in this dataset."""
        from birdscope.tui.screens.browse import BrowsePane

        state = self._services.session.state
        if not same_dataset(state.dataset, catalog.root):
            return
        self._app.query_one(BrowsePane).come_back(state.browse)
        if state.theme in self._app.available_themes:
            self._app.theme = state.theme

    def come_back(self, catalog: Catalog) -> None:
        """Lead the other panes to where the session was in this dataset."""
        from birdscope.tui.screens.audition import AuditionPane
        from birdscope.tui.screens.scope import ScopePane
        from birdscope.tui.screens.tune import TunePane

        self._kept, self._away = {}, False
        state = self._services.session.state
        if not same_dataset(state.dataset, catalog.root):
            return
        app, playback = self._app, self._services.playback
        app.query_one(ScopePane).come_back(state.scope)
        app.query_one(AuditionPane).come_back(state.audition, state.browse.row)
        app.query_one(TunePane).feed.come_back(state.tune)
        playback.change_volume(state.volume - playback.status.volume)
        self._cue(catalog, state)
        app.action_show_tab(state.tab)

    def _cue(self, catalog: Catalog, state: SessionState) -> None:
        """Put the playhead back, without a sound."""
        if not state.playing:
            return
        try:
            recording = catalog.find(state.playing)
        except DatasetError:
            return
        self._services.playback.cue(recording.path, name=recording.name, at_s=state.position_s)

    def _whereabouts(self) -> dict[str, Any]:
        """What the session should remember now; empty without a dataset, and at the very end."""
        try:
            return self._seen()
        except NoMatches:
            return {}

    def _seen(self) -> dict[str, Any]:
        from birdscope.tui.screens.audition import AuditionPane
        from birdscope.tui.screens.browse import BrowsePane
        from birdscope.tui.screens.scope import ScopePane
        from birdscope.tui.screens.tune import TunePane

        app, catalog, playback = self._app, self._services.catalog, self._services.playback
        if catalog is None or self._away or app.query("#welcome-pane"):
            return {}
        found: dict[str, Any] = {
            "dataset": str(catalog.root.resolve()),
            "tab": app.tab,
            "volume": playback.status.volume,
            "theme": app.theme,
        }
        browse, scope = app.query_one(BrowsePane), app.query_one(ScopePane)
        if (place := browse.place) is not None:
            found["browse"] = place
        if (there := scope.place) is not None and scope.feed.recording is not None:
            found |= {"scope": there, "recording": scope.feed.recording.key}
        if (window := app.query_one(AuditionPane).place) is not None:
            found["audition"] = window
        if (tuned := app.query_one(TunePane).feed.place) is not None:
            found["tune"] = tuned
        if playback.path is not None and playback.path.is_relative_to(catalog.root):
            found["playing"] = playback.path.relative_to(catalog.root).as_posix()
            found["position_s"] = max(0.0, round(playback.position_s, 2))
        return found

    async def _save(self, session: Session) -> None:
        try:
            # the newest is taken in the thread: a late write must not undo that of `save_now`
            await asyncio.to_thread(lambda: session.update(**self._newest))
            self._kept = self._newest
        finally:
            self._saving = False
        self._tell_problem()

    def _tell_problem(self) -> None:
        """Say once that nothing can be written, and once that it can again."""
        problem = self._services.session.problem
        if problem and not self._told_problem:
            _LOG.warning("%s", problem)
            self._app.notify(
                f"{problem}\n→ make room; until then this session is not remembered",
                title="Not saved",
                severity="warning",
                timeout=15,
                markup=False,
            )
        elif self._told_problem and not problem:
            self._app.notify("The session can be written again.", markup=False)
        self._told_problem = bool(problem)


def same_dataset(remembered: str, root: Path) -> bool:
    """Whether a remembered folder is the one that is open: by its place, or moved, by its name."""
    if not remembered:
        return False
    there, here = Path(remembered), root.resolve()
    return there == here or there.name == here.name
