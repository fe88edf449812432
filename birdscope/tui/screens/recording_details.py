"""All that is known of a recording, over the screen: for terminals without room for a panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from birdscope.tui.dialog import Dialog
from birdscope.tui.widgets.details import Details, Known


class RecordingDetails(Dialog[None]):
    """Details with a larger map; the arrows go on to other recordings.

    Args:
        known: Gives what is known of the selected recording.
        step: Selects the recording so many rows further.
    """

    CSS_PATH = "recording_details.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "Next", id="details.next", tooltip="Next recording"),
        Binding("up,k", "step(-1)", "Before", id="details.before", tooltip="Recording before"),
        Binding("escape,i,enter,q", "done", "Close", id="details.close", tooltip="Close"),
    ]

    def __init__(self, known: Callable[[], Known | None], step: Callable[[int], None]) -> None:
        super().__init__()
        self._known = known
        self._step = step

    def compose(self) -> ComposeResult:
        """The panel of Browse, larger."""
        details = Details(id="recording-details")
        details.border_title = "Details · ↑↓ others · esc"
        yield details

    def on_mount(self) -> None:
        """Show it."""
        self._show()

    def action_step(self, rows: int) -> None:
        """Go to another recording."""
        self._step(rows)
        self._show()

    def action_done(self) -> None:
        """Close."""
        self.dismiss(None)

    def _show(self) -> None:
        self.query_one(Details).show(self._known())
