"""Every action by name: the command palette's entries, gathered from the bindings."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.widgets import ContentSwitcher

if TYPE_CHECKING:
    from textual.binding import Binding
    from textual.dom import DOMNode
    from textual.screen import Screen


class Command(NamedTuple):
    """An action that a key does."""

    name: str
    keys: str
    help: str
    action: str
    node: DOMNode


def commands_of(screen: Screen[object]) -> list[Command]:
    """Every action reachable on a screen: of the focus, of what is shown, of the app."""
    found: dict[str, Command] = {}
    for node, binding in _bindings(screen):
        name = binding.id or ""
        if not name or binding.action.startswith(("command_palette", "app.command_palette")):
            continue
        key = screen.app.get_key_display(binding)
        if name in found:
            before = found[name]
            if before.node is node and key not in before.keys.split(" "):
                found[name] = before._replace(keys=f"{before.keys} {key}")
        else:
            help_text = binding.tooltip or binding.description
            found[name] = Command(binding.description, key, help_text, binding.action, node)
    return sorted(found.values(), key=lambda one: _rank(one.node))


def commands_elsewhere(screen: Screen[object]) -> list[tuple[str, Command]]:
    """The actions of tabs that are not on show: the tab's id, and what can be done there."""
    here = {one.help for one in commands_of(screen)}
    found: dict[tuple[str, str], Command] = {}
    for panes in screen.query(ContentSwitcher):
        for pane in panes.children:
            if pane.display or not pane.id:
                continue
            for node in pane.walk_children(with_self=True):
                for _, binding in _own_bindings(node):
                    help_text = binding.tooltip or binding.description
                    # what every list or spectrogram does is no action to look for
                    if binding.id and help_text not in here and _is_special(binding.id):
                        key = screen.app.get_key_display(binding)
                        one = Command(binding.description, key, help_text, binding.action, node)
                        found.setdefault((pane.id, binding.id), one)
    return [(tab, one) for (tab, _), one in found.items()]


def _is_special(name: str) -> bool:
    return name.partition(".")[0] not in ("rows", "spectrogram", "filter")


def place_of(node: DOMNode) -> str:
    """How a person calls the part of the screen that a node is."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__)
    words = re.sub(r" (Pane|View|Table|App)$", "", words)
    return "Everywhere" if words == "Birdscope" else words.capitalize()


def _rank(node: DOMNode) -> int:
    """Panes first, then the app, then single widgets."""
    name = type(node).__name__
    return 0 if name.endswith("Pane") else 1 if name.endswith("App") else 2


def _bindings(screen: Screen[object]) -> Iterator[tuple[DOMNode, Binding]]:
    for active in screen.active_bindings.values():
        yield active.node, active.binding
    for node in screen.walk_children():
        if getattr(node, "is_on_screen", False):
            yield from _own_bindings(node)


def _own_bindings(node: DOMNode) -> Iterator[tuple[DOMNode, Binding]]:
    """A node's bindings with the user's keys."""
    bindings = node._bindings.copy()
    bindings.apply_keymap(node.app._keymap)
    for _, binding in bindings:
        yield node, binding


class ActionCommands(Provider):
    """All actions in the command palette: those of here first, then those of other tabs."""

    async def discover(self) -> Hits:
        """What the palette lists before anything is typed."""
        for text, hint, run in self._entries():
            yield DiscoveryHit(text, run, text=text, help=hint)

    async def search(self, query: str) -> Hits:
        """What fits the typed words."""
        matcher = self.matcher(query)
        for text, hint, run in self._entries():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), run, text=text, help=hint)

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[bool]]]]:
        """Title, remark and deed of each action."""
        for one in commands_of(self.screen):
            yield one.help, f"key: {one.keys}", partial(self._run, one)
        for tab, one in commands_elsewhere(self.screen):
            hint = f"{tab.capitalize()} · key: {one.keys}"
            yield one.help, hint, partial(self._run, one, tab)

    async def _run(self, command: Command, tab: str = "") -> bool:
        if tab:
            await self.app.run_action(f"show_tab({tab!r})")
        return await self.app.run_action(command.action, command.node)
