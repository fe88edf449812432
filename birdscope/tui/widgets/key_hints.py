"""The last line: the keys that matter where the focus is, as many as fit."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget

_ALWAYS = ("app.help", "app.quit")
"""Bindings that have their room before all others."""
_TYPED = {"slash": "/", "backslash": "\\", "plus": "+", "minus": "-", "at": "@", "underscore": "_"}
"""Characters of the keys that Textual renames; `key_to_character` knows the others only."""


class KeyHints(Widget):
    """Keys of the focused widget first, then of its pane, then of the app.

    Help and Quit are there at any width; other keys share what room these leave.
    """

    DEFAULT_CSS = """
    KeyHints { height: 1; background: $footer-background; color: $text-muted; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._places: list[tuple[range, ActiveBinding]] = []

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def render(self) -> Content:
        """`key action` pairs."""
        line = Content()
        self._places = []
        for active, key in self._fitting():
            here = line.cell_length
            line += Content.from_markup("[b $footer-key-foreground]$key[/] ", key=key)
            line += Content(f"{active.binding.description}  ")
            self._places.append((range(here, line.cell_length - 1), active))
        return line

    async def on_click(self, event: events.Click) -> None:
        """Do what the hint under the pointer says."""
        offset = event.get_content_offset(self)
        for place, active in self._places:
            if offset is not None and offset.x in place:
                await self.app.run_action(active.binding.action, active.node)

    def _fitting(self) -> list[tuple[ActiveBinding, str]]:
        """Bindings that the width has room for, in order, each with its key."""
        every = [(one, self.app.get_key_display(one.binding)) for one in shown(self._usable())]
        room = self.size.width
        taken: set[str] = set()
        for active, key in sorted(every, key=lambda one: one[0].binding.id not in _ALWAYS):
            cells = cell_len(key) + cell_len(active.binding.description) + 3
            if cells <= room:
                room -= cells
                taken.add(_identity(active.binding))
        return [one for one in every if _identity(one[0].binding) in taken]

    def _usable(self) -> list[ActiveBinding]:
        """Bindings whose key is not typed into the focused input."""
        focused = self.screen.focused
        return [
            one
            for one in self.screen.active_bindings.values()
            if focused is None
            or not focused.check_consume_key(one.binding.key, _character(one.binding.key))
        ]

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()


def shown(bindings: Iterable[ActiveBinding]) -> list[ActiveBinding]:
    """One binding per action, in order, of those meant to be shown."""
    first: dict[str, ActiveBinding] = {}
    for one in bindings:
        if one.binding.show and one.enabled:
            first.setdefault(_identity(one.binding), one)
    return list(first.values())


def _character(key: str) -> str | None:
    return _TYPED.get(key) or key_to_character(key)


def _identity(binding: Binding) -> str:
    return binding.id or binding.action
