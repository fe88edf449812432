"""The keys of where you are."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from birdscope.tui.commands import Command
from birdscope.tui.dialog import Dialog

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


class HelpScreen(Dialog[None]):
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
                yield _Block(title, [*known, *((one.keys, one.help) for one in commands)])
            yield _Block("Mouse", _MOUSE)


class _Block(Widget):
    """A title over keys and what they do; long words on a key go on under their beginning.

    Args:
        title: Of the group.
        lines: Keys, and what they do.
    """

    DEFAULT_CSS = "_Block { height: auto; }"

    def __init__(self, title: str, lines: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._lines = title, tuple(lines)
        self._drawn_at: dict[int, list[Content]] = {}

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines it takes in so many cells."""
        return len(self._drawn(width))

    def render(self) -> Content:
        """The lines in its width."""
        return Content("\n").join(self._drawn(self.size.width))

    def _drawn(self, width: int) -> list[Content]:
        """The lines in so many cells; a layout asks for them several times."""
        if width not in self._drawn_at:
            self._drawn_at[width] = list(self._draw(width))
        return self._drawn_at[width]

    def _draw(self, width: int) -> Iterator[Content]:
        yield Content.from_markup("[b $text-primary]$title[/]", title=self._title)
        for key, text in self._lines:
            cells = f"{key:>{_KEY_CELLS}}"
            for part in textwrap.wrap(text, max(width - _KEY_CELLS - 2, 16)) or [""]:
                line = Content.from_markup("[$text-accent]$key[/]  $text", key=cells, text=part)
                yield line
                cells = " " * _KEY_CELLS
        yield Content("")
