"""A text to read, over the screen."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from birdscope.tui.dialog import Dialog


class ShowText(Dialog[None]):
    """A box with a text; any of the closing keys takes it away.

    Args:
        title: What it is about.
        text: What it says.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["choose.tcss", "ask_text.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,i,d,q", "dismiss_it", "Close", id="show_text.close",
                tooltip="Close this box"),
    ]  # fmt: skip

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """The text, which scrolls where it is long."""
        with Vertical(classes="choose") as box:
            box.border_title = self._title
            box.border_subtitle = "esc closes"
            with VerticalScroll():
                yield Static(self._text)

    def action_dismiss_it(self) -> None:
        """Close."""
        self.dismiss(None)
