"""The keys of where you are."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from birdscope.tui.commands import Command

_KEY_CELLS = 14


class HelpScreen(ModalScreen[None]):
    """A list of keys in groups.

    Args:
        groups: Title → the actions of that place.
    """

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close", tooltip="Close")
    ]

    def __init__(self, groups: dict[str, list[Command]]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        """A box with one block per group."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes · ctrl+p finds every action"
            for title, commands in self._groups.items():
                yield Static(_block(title, commands))


def _block(title: str, commands: list[Command]) -> Content:
    lines = [Content.from_markup("[b $text-primary]$title[/]", title=title)]
    for one in commands:
        key = f"{one.keys:>{_KEY_CELLS}}"
        lines.append(Content.from_markup("[$text-accent]$key[/]  $text", key=key, text=one.help))
    return Content("\n").join([*lines, Content("")])
