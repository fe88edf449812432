"""Bars that lie: a name, a bar as long as its number, the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    name: str
    value: int


class Bars(Widget):
    """A line a bar; the longest takes the width there is."""

    DEFAULT_CSS = """
    Bars { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bars: tuple[Bar, ...] = ()

    def show(self, bars: Sequence[Bar]) -> None:
        """Show other bars."""
        self._bars = tuple(bars)
        self.refresh()

    def render(self) -> Content:
        """All bars, with a space between where the height allows it."""
        if not self._bars:
            return Content()
        names = max(len(one.name) for one in self._bars)
        figures = max(len(f"{one.value:,}") for one in self._bars)
        most = max(max(one.value for one in self._bars), 1)
        room = max(self.size.width - names - figures - 2, 1)
        lines = [
            Content.from_markup(
                "[$text-muted]$name[/] [$primary]$bar[/] $value",
                name=f"{one.name:<{names}}",
                bar=_bar(one.value / most, room),
                value=f"{one.value:>{figures},}",
            )
            for one in self._bars
        ]
        airy = self.size.height >= 2 * len(lines)
        return Content("\n\n" if airy else "\n").join(lines)


def _bar(share: float, cells: int) -> str:
    """A bar, padded to the whole width; bars of neighbours leave a gap."""
    length = max(round(share * cells), 1) if share > 0 else 0
    return ("▆" * length).ljust(cells)
