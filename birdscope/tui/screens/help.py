"""The keys of where you are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from birdscope.tui.commands import Command

_KEY_CELLS = 14
_EVERYWHERE = "Everywhere"
_BESIDE_BINDINGS = [
    ("tab", "Next panel"),
    ("shift+tab", "Panel before"),
    ("ctrl+p", "Palette: find every action by name"),
]
_MOUSE = [
    ("click", "Choose a tab, a row or a key of the last line"),
    ("", "Seek in a spectrogram or the player bar"),
    ("click again", "Open or play the chosen row"),
    ("wheel", "Scroll a list, zoom a spectrogram"),
]


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
                known = _BESIDE_BINDINGS if title == _EVERYWHERE else []
                yield Static(_block(title, [*known, *((one.keys, one.help) for one in commands)]))
            yield Static(_block("Mouse", _MOUSE))


def _block(title: str, lines: Iterable[tuple[str, str]]) -> Content:
    """A title over keys and what they do."""
    shown = [Content.from_markup("[b $text-primary]$title[/]", title=title)]
    for key, text in lines:
        cells = f"{key:>{_KEY_CELLS}}"
        shown.append(Content.from_markup("[$text-accent]$key[/]  $text", key=cells, text=text))
    return Content("\n").join([*shown, Content("")])
