"""The first-run tour: five places, and whether somebody has seen them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core import atomic, paths

if TYPE_CHECKING:
    from birdscope.tui.app import BirdscopeApp


@dataclass(frozen=True, slots=True)
class Step:
    """One place.

    Attributes:
        target: Selector of what it is about.
        title: A few words.
        text: What is done there.
    """

    target: str
    title: str
    text: str


STEPS = (
    Step(
        "#species-panel",
        "Species and soundscapes",
        "↑ ↓ choose a species. / searches by name, code, author, place or file; "
        "F filters; s sorts. Soundscapes stand below, by site, date or hour (T).",
    ),
    Step(
        "#recordings",
        "Recordings",
        "tab comes here, enter plays. A click on a title sorts, m marks, "
        "e exports the marked ones, i tells all about one.",
    ),
    Step(
        "#spectrogram",
        "The spectrogram",
        "+ and - zoom, h and l pan, a click seeks. Frequency and level under the pointer stand "
        "in its frame; p and f change colours and scale.",
    ),
    Step(
        "#tabs",
        "Six tabs",
        "2 Scope plays a soundscape with the ensemble's predictions, 3 Audition judges them by "
        "ear, 4 Tune measures post-processing, 5 Train makes models, 6 Submit exports.",
    ),
    Step(
        "#keys",
        "Every action has a key and a name",
        "This line shows the keys of where you are, ? shows all of them, ctrl+p finds any action "
        "by name. q leaves; the next start is where you left.",
    ),
)


class TourDesk:
    """Shows the tour once by itself, and whenever it is asked for.

    Args:
        app: Its screens are toured.
    """

    def __init__(self, app: BirdscopeApp) -> None:
        self._app = app

    def begin_once(self) -> None:
        """Show it to a person who has not seen it."""
        if not self._app.is_headless and not seen_file().exists():
            self.begin()

    def begin(self) -> None:
        """Show it from its first step; it counts as seen then."""
        from birdscope.tui.screens.tour import TourScreen

        if isinstance(self._app.screen, TourScreen):
            return
        self._app.action_show_tab("browse")
        self._app.push_screen(TourScreen(STEPS))
        try:
            atomic.write_text(seen_file(), "seen\n")
        except OSError:
            return


def seen_file() -> Path:
    """A file that is there once somebody saw the tour."""
    return paths.cache() / "tour-seen"
