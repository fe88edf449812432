"""What recordings are filtered by, as a form that acts while it is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from birdscope.dataset.facets import Pick
from birdscope.tui.dialog import Dialog
from birdscope.tui.widgets.facet_list import FacetList


class FilterRecordings(Dialog[None]):
    """Values to tick, with how many recordings have them.

    Args:
        picked: What is ticked.
        counts: Gives how many recordings have each value.
        changed: Called with what is ticked after each change; says how many fit.
    """

    CSS_PATH = "filter_recordings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,backspace", "clear", "Clear", id="facets.clear", tooltip="Tick nothing"),
        Binding("escape,F,enter", "done", "Done", id="facets.done", tooltip="Close the form"),
    ]

    def __init__(
        self,
        picked: frozenset[Pick],
        counts: Callable[[], Mapping[Pick, int]],
        changed: Callable[[frozenset[Pick]], str],
    ) -> None:
        super().__init__()
        self._picked = picked
        self._counts = counts
        self._tell = changed

    def compose(self) -> ComposeResult:
        """The list."""
        box = FacetList(self._picked, id="facets")
        box.border_title = "Filter recordings"
        yield box

    def on_mount(self) -> None:
        """Count, and count again as more is known."""
        self.recount()
        self.query_one(FacetList).focus()

    def on_facet_list_ticked(self) -> None:
        """Filter at once."""
        self._say(self._tell(self.query_one(FacetList).picked))

    def recount(self, fits: str = "") -> None:
        """Show the counts of now; `fits` says how many recordings fit."""
        self.query_one(FacetList).show(self._counts())
        self._say(fits)

    def action_clear(self) -> None:
        """Tick nothing."""
        self.query_one(FacetList).clear()

    def action_done(self) -> None:
        """Close."""
        self.dismiss(None)

    def _say(self, fits: str) -> None:
        keys = "space ticks · x clears · esc"
        self.query_one(FacetList).border_subtitle = f"{fits} · {keys}" if fits else keys
