"""What Scope asks for: another soundscape, a file, an ensemble, or to listen live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.types import Recording
from birdscope.tui.messages import OpenFile

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.tui.scope_feed import Feed
    from birdscope.tui.services import Services


class ScopeChoosers:
    """The dialogs of Scope.

    Args:
        pane: Pushes them.
        feed: What is on show.
        services: The app's.
    """

    def __init__(self, pane: Widget, feed: Feed, services: Services) -> None:
        self._pane = pane
        self._feed = feed
        self._services = services

    def recording(
        self, listed: Sequence[Recording], chosen: Callable[[Recording | None], None]
    ) -> None:
        """Choose a soundscape from a list."""
        from birdscope.tui.screens.choose_recording import ChooseRecording

        current = self._feed.recording.key if self._feed.recording is not None else ""
        self._pane.app.push_screen(ChooseRecording(listed, current), chosen)

    def file(self) -> None:
        """Ask for the path of a sound file."""
        from birdscope.tui.screens.ask_text import AskText, Field

        field = Field("path", "File", "", _no_file)
        dialog = AskText("Open a sound file", [field], does="opens it")
        self._pane.app.push_screen(dialog, self._typed)

    def ensemble(self, chosen: Callable[[Path | None], None]) -> None:
        """Choose an ensemble from a list."""
        from birdscope.core import paths
        from birdscope.engine.live import ensemble_files
        from birdscope.tui.screens.choose_ensemble import ChooseEnsemble

        given, feed = self._services.ensemble, self._feed
        files = ensemble_files(paths.models())
        files = [given, *files] if given is not None and given not in files else files
        current = feed.ensemble.path if feed.ensemble is not None else None
        chooser = ChooseEnsemble(files, feed.engine.questions.describe, current)
        self._pane.app.push_screen(chooser, chosen)

    def live(self) -> None:
        """Listen to a microphone; afterwards open what was recorded, where that is wanted."""
        from birdscope.tui.screens.live import LiveScreen

        self._feed.stop()
        ensemble = self._feed.ensemble
        name = ensemble.name if ensemble is not None else ""
        self._pane.app.push_screen(LiveScreen(self._services, self._settings, name), self._opened)

    def _settings(self) -> Settings | None:
        """The stack that is shown; None while no ensemble is chosen."""
        return self._feed.stack.settings if self._feed.stack is not None else None

    def _typed(self, values: dict[str, str] | None) -> None:
        self._opened(Path(values["path"]) if values is not None else None)

    def _opened(self, path: Path | None) -> None:
        if path is not None:
            self._pane.post_message(OpenFile([path]))


def _no_file(text: str) -> str:
    """Why a text is no path of a file; empty where it is."""
    return "" if Path(text).expanduser().is_file() else "There is no such file."
