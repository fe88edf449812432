"""The list of recipes: own files first, then those that come with birdscope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.engine.train_messages import RecipeEntry


class RecipeList(RowsView):
    """Recipes as rows; the one under the cursor fills the form."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--on"}
    DEFAULT_CSS = """
    RecipeList > .rows--on { color: $text-success; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Edit", id="recipes.edit", tooltip="Go to the recipe's form"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: tuple[RecipeEntry, ...] = ()

    @property
    def entry(self) -> RecipeEntry | None:
        """The recipe under the cursor."""
        return self._entries[self.cursor] if self._entries else None

    def show(self, entries: Sequence[RecipeEntry], source: str) -> None:
        """Show other recipes, the cursor on the chosen one."""
        if tuple(entries) == self._entries:
            return
        self._entries = tuple(entries)
        sources = [one.source for one in entries]
        self.rows_changed(sources.index(source) if source in sources else None)

    def select(self, source: str) -> None:
        """Put the cursor on a recipe, if it is there."""
        for row, one in enumerate(self._entries):
            if one.source == source:
                self.cursor = row

    def row_total(self) -> int:
        """How many recipes."""
        return len(self._entries)

    def spans_of(self, row: int, width: int) -> list[Span]:
        """A recipe: its name, and how much it trains."""
        one = self._entries[row]
        mark: Span = ("  ", "dim") if one.built_in else ("✎ ", "on")
        if one.problem:
            return [mark, (fit(f"✗ {one.name}", width - 2), "bad")]
        stages = f"{len(one.stages)} st " if one.stages else ""
        size = f"{stages}{one.models}×{one.epochs}"
        room = max(len(size) + 1, 0)
        if width - room - 2 < 14:
            return [mark, (fit(one.name, width - 2), "text")]
        return [
            mark,
            (fit(one.name, width - room - 3), "text"),
            (fit(size, room, right=True), "dim"),
            (" ", "dim"),
        ]

    def action_choose(self) -> None:
        """Go to the form."""
        self.choose()
