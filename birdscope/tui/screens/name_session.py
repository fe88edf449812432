"""What to call a new session."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from birdscope.core.errors import BirdscopeError
from birdscope.tui.dialog import Dialog


class NameSession(Dialog[str | None]):
    """A field for a name; closing it gives a name that can be used.

    Args:
        check: Raises a BirdscopeError where a name can't be used.
    """

    CSS_PATH = "choose.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Close", id="choose.close", tooltip="Begin nothing")
    ]

    def __init__(self, check: Callable[[str], object]) -> None:
        super().__init__()
        self._check = check

    def compose(self) -> ComposeResult:
        """A field, and what is wrong with it."""
        with Vertical(classes="choose") as box:
            box.border_title = "New session"
            box.border_subtitle = "enter begins · esc"
            yield Input(placeholder="a name, such as: june survey", compact=True)
            yield Static(
                "It begins where you are; settings, verdicts and scores are its own.", id="said"
            )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what is wrong."""
        self.query_one("#said", Static).update(Content(self._problem(event.value)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the name, unless something is wrong with it."""
        if event.value.strip() and not self._problem(event.value):
            self.dismiss(event.value.strip())

    def action_dismiss_none(self) -> None:
        """Close without a name."""
        self.dismiss(None)

    def _problem(self, name: str) -> str:
        if not name.strip():
            return ""
        try:
            self._check(name.strip())
        except BirdscopeError as error:
            what = f"{error.path.name} {error.what}" if error.path is not None else error.what
            return f"{what}\n→ {error.remedy}" if error.remedy else what
        return ""
