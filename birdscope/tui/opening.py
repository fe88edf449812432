"""What follows the first paint: the dataset's species first, the other tabs after them."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import ContentSwitcher

from birdscope.core.errors import BirdscopeError
from birdscope.tui.messages import CatalogFailed, CatalogLoaded
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.widgets.tab_strip import TabStrip

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.tui.app import BirdscopeApp
    from birdscope.tui.session_desk import SessionDesk

_SCREENS = Path(__file__).parent / "screens"
_STYLES = ("scope", "audition", "tune", "train", "submit", "welcome")
_DIALOGS = ("help", "ask_text", "choose_one", "choose_species", "show_text", "choose_session")
# tabs that wait for a slow disk's dataset no longer
_LISTED_WITHIN_S = 1.0


class Opening:
    """Makes the tabs, and opens datasets into them.

    Args:
        app: Whose window it is.
        desk: Knows where the session was.

    Attributes:
        wanted_tab: A tab that was asked for before it was made.
    """

    def __init__(self, app: BirdscopeApp, desk: SessionDesk) -> None:
        self._app = app
        self._desk = desk
        self._panes_made = asyncio.Event()
        self._listed = asyncio.Event()
        self.wanted_tab = ""

    async def list_species(self, data: Path | None) -> None:
        """Complete Browse, and wait a moment until it lists the dataset."""
        if data is not None:
            # read in a thread meanwhile
            self.load(data)
        await self._app.query_one(BrowsePane).furnish()
        if data is not None:
            try:
                await asyncio.wait_for(self._listed.wait(), _LISTED_WITHIN_S)
            except TimeoutError:
                return

    async def make_panes(self) -> None:
        """Make the other tabs, one after the other: keys are answered between them."""
        app, services = self._app, self._app.services
        app.stylesheet.read_all([_SCREENS / f"{name}.tcss" for name in _STYLES])
        panes = app.query_one(ContentSwitcher)
        from birdscope.tui.screens.scope import ScopePane

        await panes.add_content(ScopePane(services), id="scope")
        from birdscope.tui.screens.audition import AuditionPane

        await panes.add_content(AuditionPane(services), id="audition")
        from birdscope.tui.screens.tune import TunePane

        await panes.add_content(TunePane(services), id="tune")
        from birdscope.tui.screens.train import TrainPane

        await panes.add_content(TrainPane(services), id="train")
        from birdscope.tui.screens.submit import SubmitPane

        await panes.add_content(SubmitPane(services), id="submit")
        self._panes_made.set()
        self._read_dialogs()

    async def import_dialogs(self) -> None:
        """Have the dialogs at hand that keys open most; nothing waits for this."""
        await asyncio.to_thread(_import_dialogs)

    def _read_dialogs(self) -> None:
        """Read the styles of all dialogs: the first one of each would style the whole app anew."""
        styles = self._app.stylesheet
        # what several share comes first, as in their own lists
        found = sorted(_SCREENS.glob("*.tcss"), key=lambda one: (one.stem != "choose", one.stem))
        for path in found:
            if not styles.has_source(str(path), ""):
                styles.read(path)
        styles.parse()

    def load(self, data: Path) -> None:
        """Open a dataset in a thread; a message tells how it went."""
        self._app.run_worker(lambda: self._load(data), thread=True, group="catalog", exclusive=True)

    async def show(self, catalog: Catalog) -> None:
        """List its species, then let every tab know, once they are made."""
        app = self._app
        browse = app.query_one(BrowsePane)
        await self._desk.come_back_to_browse(catalog)
        app.query_one(TabStrip).note = f"{catalog.name} · {len(catalog.taxonomy)} species"
        await browse.open_catalog(catalog)
        browse.call_after_refresh(self._listed.set)
        await self._panes_made.wait()
        await self._desk.come_back(catalog)
        app.services.catalog = catalog
        app.services.catalog_loaded.publish(catalog)
        if self.wanted_tab:
            app.action_show_tab(self.wanted_tab)
            self.wanted_tab = ""

    async def welcome(self, problem: str) -> None:
        """Show where to begin without a dataset, or why one can't be opened."""
        from birdscope.tui.screens.welcome import WelcomePane

        self._listed.set()
        await self._panes_made.wait()
        panes = self._app.query_one(ContentSwitcher)
        for pane in self._app.query("#welcome-pane"):
            await pane.remove()
        await panes.add_content(
            WelcomePane(problem, id="welcome-pane"), id="welcome-pane", set_current=True
        )

    def _load(self, data: Path) -> None:
        from birdscope.dataset.catalog import Catalog
        from birdscope.tui import recent

        try:
            catalog = Catalog.open(data)
        except BirdscopeError as error:
            self._app.post_message(CatalogFailed(str(error)))
            return
        recent.remember(data)
        self._app.post_message(CatalogLoaded(catalog))


def _import_dialogs() -> None:
    for name in _DIALOGS:
        importlib.import_module(f"birdscope.tui.screens.{name}")
