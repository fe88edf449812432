"""Which soundscape to open in Scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from birdscope.core.types import Recording
from birdscope.tui.dialog import Dialog

LISTED = 300
_PLACES = {"train_soundscapes": "train", "test_soundscapes": "test", "train_audio": "clips"}


class ChooseRecording(Dialog[Recording | None]):
    """A list that narrows down as you type; closing it gives the chosen recording.

    Args:
        recordings: What there is to choose from.
        current: Key of the one on show.
    """

    CSS_PATH = "choose.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Close", id="choose.close", tooltip="Choose nothing"),
        Binding("down", "move(1)", "Down", show=False, id="choose.down", tooltip="Next"),
        Binding("up", "move(-1)", "Up", show=False, id="choose.up", tooltip="Previous"),
    ]

    def __init__(self, recordings: Sequence[Recording], current: str = "") -> None:
        super().__init__()
        self._recordings = recordings
        self._current = current
        self._listed: list[Recording] = []

    def compose(self) -> ComposeResult:
        """A field and a list."""
        with Vertical(classes="choose") as box:
            box.border_title = "Soundscapes"
            box.border_subtitle = "type to narrow · ↑↓ · enter opens · esc"
            yield Input(placeholder="part of a name", compact=True)
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        """List all, the present one highlighted."""
        self._list("")
        keys = [one.key for one in self._listed]
        if self._current in keys:
            self.query_one(OptionList).highlighted = keys.index(self._current)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what fits."""
        self._list(event.value)

    def on_input_submitted(self) -> None:
        """Open the highlighted one."""
        self.query_one(OptionList).action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        self.dismiss(self._listed[event.option_index])

    def action_move(self, rows: int) -> None:
        """Move in the list while typing."""
        options = self.query_one(OptionList)
        if rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_dismiss_none(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def _list(self, text: str) -> None:
        words = text.lower().split()
        found = [one for one in self._recordings if all(word in one.key.lower() for word in words)]
        self._listed = found[:LISTED]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_line(one)) for one in self._listed])
        if len(found) > LISTED:
            more = f"… {len(found) - LISTED} more: type to narrow"
            options.add_option(Option(more, disabled=True))
        elif not found:
            options.add_option(Option("nothing fits", disabled=True))
        options.highlighted = 0 if self._listed else None


def _line(recording: Recording) -> Content:
    place = _PLACES[recording.split]
    return Content.from_markup(
        "[$text-muted]$place[/] $name", place=f"{place:<6}", name=recording.name
    )
