"""The app: tabs, player bar, key hints; opens the dataset after its first paint."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.command import Provider as CommandProvider
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from birdscope.core.collecting import keep_what_is_there
from birdscope.tui.app_bindings import APP_BINDINGS
from birdscope.tui.commands import ActionCommands, Command, commands_of, place_of
from birdscope.tui.jobs_desk import JobsDesk
from birdscope.tui.keys_desk import KeysDesk
from birdscope.tui.main_screen import MainScreen
from birdscope.tui.messages import (
    CatalogFailed,
    CatalogLoaded,
    OpenDataset,
    OpenFile,
)
from birdscope.tui.opening import Opening
from birdscope.tui.playback import Playback, PlayerLike
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.services import Services
from birdscope.tui.session_desk import SessionDesk
from birdscope.tui.tabs_app import TabsApp
from birdscope.tui.themes import THEMES, following
from birdscope.tui.tour import TourDesk
from birdscope.tui.widgets.key_hints import KeyHints
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.tab_strip import TabStrip

if TYPE_CHECKING:
    from rich.console import RenderableType

    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.client import Engine
    from birdscope.tui.pictures import Provider

TABS = (
    ("browse", "1", "Browse"),
    ("scope", "2", "Scope"),
    ("audition", "3", "Audition"),
    ("tune", "4", "Tune"),
    ("train", "5", "Train"),
    ("submit", "6", "Submit"),
)
_SCREENS = Path(__file__).parent / "screens"
_BEGINNING = ("begin", "show-catalog")


class BirdscopeApp(TabsApp):
    """birdscope in a terminal.

    Args:
        data: Dataset folder; None shows the welcome screen.
        files: Sound files to open in Scope.
        session: Name of the session.
        ensemble: Ensemble file for live predictions; None takes the default.
        debug: Whether a programming error may show its traceback.
        make_player: Opens the player and says why there is no sound; given by tests.
        spectrogram: Provider of pictures; given by tests.
        engine: Runs the models; given by tests.
    """

    TITLE = "birdscope"
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        _SCREENS.parent / "app.tcss",
        _SCREENS / "browse.tcss",
    ]
    COMMANDS: ClassVar[set[type[CommandProvider] | Callable[[], type[CommandProvider]]]] = {
        *App.COMMANDS,
        ActionCommands,
    }
    BINDINGS: ClassVar[list[BindingType]] = APP_BINDINGS

    def __init__(
        self,
        data: Path | None = None,
        *,
        files: Sequence[Path] = (),
        session: str = "default",
        ensemble: Path | None = None,
        debug: bool = False,
        make_player: Callable[[], tuple[PlayerLike, str]] | None = None,
        spectrogram: Provider | None = None,
        engine: Engine | None = None,
    ) -> None:
        super().__init__(session, debug)
        self._take_themes()
        self._data = data
        self._files = tuple(files)
        self._desk = SessionDesk(self, debug=debug)
        self._opening = Opening(self, self._desk)
        self.services = Services(
            self,
            Playback(self, make_player),
            session_name=session,
            ensemble=ensemble,
            spectrogram=spectrogram,
            engine=engine,
        )
        self._jobs = JobsDesk(self)
        self._keys = KeysDesk(self)
        self._tour = TourDesk(self)
        self._catalog_kept = False

    def get_default_screen(self) -> Screen[None]:
        """The one screen under all modal ones."""
        return MainScreen()

    def _take_themes(self) -> None:
        """Make our themes known and the first one ours, without styling everything twice."""
        for theme in THEMES:
            self.register_theme(theme)
        self.set_reactive(App.theme, THEMES[0].name)
        self.stylesheet.set_variables(self.get_css_variables())

    def compose(self) -> ComposeResult:
        """Tabs, the active pane, the player, the keys."""
        yield TabStrip(TABS, id="tabs")
        with ContentSwitcher(initial="browse", id="panes"):
            yield BrowsePane(self.services, id="browse")
        yield PlayerBar(id="player")
        yield KeyHints(id="keys")

    def on_mount(self) -> None:
        """Everything else comes after the first paint."""
        self.query_one(TabStrip).active = "browse"
        self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        """Give the sound device back and end the engine."""
        self.services.playback.close()
        self.services.close()

    async def _shutdown(self) -> None:
        for group in _BEGINNING:
            self.workers.cancel_group(self, group)
        await super()._shutdown()

    @property
    def log_folder(self) -> Path:
        """The session's, unless it is another process's."""
        return self._desk.log_folder

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Leave, and remember where the user was."""
        self._desk.save_now()
        super().exit(result, return_code, message)

    @on(CatalogLoaded)
    def _catalog_loaded(self, event: CatalogLoaded) -> None:
        # not here, where every key would wait for it
        self.run_worker(self._show_catalog(event.catalog), group=_BEGINNING[1], exclusive=True)

    @on(CatalogFailed)
    async def _catalog_failed(self, event: CatalogFailed) -> None:
        await self._opening.welcome(event.text)

    @on(OpenDataset)
    async def open_dataset(self, event: OpenDataset) -> None:
        """Open another dataset."""
        self._data = Path(event.path).expanduser()
        for pane in self.query("#welcome-pane"):
            await pane.remove()
        self.action_show_tab("browse")
        self._opening.load(self._data)

    async def action_predict_all(self) -> None:
        """Predict all files of the split on show, as a job."""
        await self._jobs.predict_all()

    async def action_quit(self) -> None:
        """Leave; jobs go on."""
        self.exit(message=self._jobs.farewell())

    async def action_sessions(self) -> None:
        """Choose another session."""
        self._desk.choose()

    def action_next_theme(self) -> None:
        """Take the next of our own colours."""
        self.theme = following(self.theme)

    def action_help(self) -> None:
        """Show the keys of where we are."""
        from birdscope.tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            return
        groups: dict[str, list[Command]] = {}
        for one in commands_of(self.screen):
            groups.setdefault(place_of(one.node), []).append(one)
        self.push_screen(HelpScreen(groups))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette's entries that have no key."""
        yield SystemCommand("Theme", "Change colours", self.action_change_theme)
        yield SystemCommand("New session", "Begin anew, from where you are", self._desk.begin_new)
        yield SystemCommand(
            "Archive session", "Keep all of this session in one zip file", self._desk.archive
        )
        yield SystemCommand("Tour", "The first-run tour of five steps", self._tour.begin)
        yield from self._keys.commands()
        yield SystemCommand("Screenshot", "Save this screen as SVG", self.deliver_screenshot)

    def _begin(self) -> None:
        # awaited in the screen's loop, it would hold back every paint until it is done
        self.run_worker(self._after_first_paint(), group=_BEGINNING[0])

    async def _after_first_paint(self) -> None:
        self._keep()
        gc.enable()
        opening = asyncio.create_task(self._desk.open())
        await self._opening.list_species(self._data)
        playback = self.services.playback
        playback.changed.subscribe(self, self._playback_changed, immediate=True)
        playback.moved.subscribe(self, self._playback_moved, immediate=True)
        playback.start()
        await self._opening.make_panes()
        self._keep()
        self._jobs.begin()
        await opening
        self._keys.begin()
        remembered = self.services.session.state.dataset
        if self._data is None and remembered:
            self._opening.load(Path(remembered))
        elif self._data is None:
            await self._opening.welcome("")
        if self._files:
            self.post_message(OpenFile(self._files))
        await self._opening.import_dialogs()

    def _keep(self) -> None:
        """Whatever is there stays as long as the process: unless other apps come after this one."""
        if not self.is_headless:
            keep_what_is_there()

    async def _show_catalog(self, catalog: Catalog) -> None:
        await self._opening.show(catalog)
        if not self._catalog_kept:
            # the next one may replace it
            self._catalog_kept = True
            self._keep()
        self._tour.begin_once()
