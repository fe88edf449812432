"""A line of text to type: a name, a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from birdscope.tui.dialog import Dialog


@dataclass(frozen=True, slots=True)
class Field:
    """A line of the form.

    Attributes:
        key: Its name for the program.
        title: Its name for people.
        value: What stands there at first.
        check: Says what is wrong with a text; empty where nothing is.
    """

    key: str
    title: str
    value: str
    check: Callable[[str], str]


class AskText(Dialog[dict[str, str] | None]):
    """A few lines to type; closing it gives them by their keys.

    Args:
        title: What it is for.
        fields: The lines.
        says: A remark below them.
        does: What Enter does, for the border.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["choose.tcss", "ask_text.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Close", id="ask_text.close", tooltip="Change nothing")
    ]

    def __init__(
        self, title: str, fields: Sequence[Field], *, says: str = "", does: str = "takes it"
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = tuple(fields)
        self._says = says
        self._does = does

    def compose(self) -> ComposeResult:
        """The lines, the remark, what is wrong."""
        with Vertical(classes="choose") as box:
            box.border_title = self._title
            box.border_subtitle = f"enter {self._does} · esc"
            for one in self._fields:
                with Horizontal(classes="ask-line"):
                    yield Label(one.title)
                    yield Input(one.value, compact=True, id=f"ask-{one.key}")
            yield Static(Content(self._says), id="ask-says")
            yield Static(id="ask-problem")

    def on_input_changed(self) -> None:
        """Say what is wrong while it is typed."""
        text = Content.from_markup("[$text-warning]$text[/]", text=self._problem())
        self.query_one("#ask-problem", Static).update(text)

    def on_input_submitted(self) -> None:
        """Take the lines where they are right."""
        if not self._problem():
            self.dismiss(self._values())

    def action_dismiss_none(self) -> None:
        """Close without a change."""
        self.dismiss(None)

    def _values(self) -> dict[str, str]:
        return {
            one.key: self.query_one(f"#ask-{one.key}", Input).value.strip() for one in self._fields
        }

    def _problem(self) -> str:
        values = self._values()
        return next((said for one in self._fields if (said := one.check(values[one.key]))), "")
