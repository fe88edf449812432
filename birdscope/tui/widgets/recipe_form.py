"""A recipe as a form: every key in its table; a value is chosen or typed in its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.engine.train_messages import FormRow

_LEAVING = ("ctrl+c", "ctrl+q", "tab", "shift+tab")
_BY_FROM = 52


class RecipeForm(RowsView):
    """Shows the keys of a recipe and takes new values; it never changes one by itself."""

    MORE_ROLES: ClassVar[tuple[str, ...]] = ("group", "changed", "typed")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    RecipeForm {
        & > .rows--group { color: $text-secondary; text-style: bold; }
        & > .rows--changed { color: $text-accent; text-style: bold; }
        & > .rows--typed { color: $text; background: $primary 30%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "type", "Change", id="form.type",
                tooltip="Type a value, or take the next of the choices"),
        Binding("left", "turn(-1)", "Choice before", show=False, id="form.before",
                tooltip="Take the choice before"),
        Binding("right", "turn(1)", "Next choice", show=False, id="form.next",
                tooltip="Take the next choice"),
        Binding("0,delete", "reset", "Reset", id="form.reset",
                tooltip="Give this key back the recipe's value"),
        Binding("g", "group(1)", "Next table", id="form.group",
                tooltip="Go to the next table of keys"),
        Binding("G", "group(-1)", "Table before", show=False, id="form.group_before",
                tooltip="Go to the table of keys before"),
    ]  # fmt: skip

    class Typing(Message):
        """A value is being typed; empty `text` and `key` where that has ended."""

        def __init__(self, key: str, text: str) -> None:
            super().__init__()
            self.key, self.text = key, text

    class Wanted(Message):
        """A key shall have a value; None gives it back the recipe's."""

        def __init__(self, key: str, text: str | None) -> None:
            super().__init__()
            self.key, self.text = key, text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[FormRow | str] = []
        self._typed: str | None = None
        self._wrong = False

    @property
    def row(self) -> FormRow | None:
        """The key under the cursor; None on the name of a table."""
        line = self._lines[self.cursor] if self._lines else None
        return None if isinstance(line, str) else line

    @property
    def is_typing(self) -> bool:
        """Whether keys go into a value."""
        return self._typed is not None

    def show(self, rows: Sequence[FormRow]) -> None:
        """Show another recipe or other values; the cursor stays with its key."""
        here = self.row.key if self.row is not None else ""
        lines: list[FormRow | str] = []
        for row in rows:
            if not lines or _group(lines[-1]) != row.group:
                lines.append(row.group)
            lines.append(row)
        if lines == self._lines:
            return
        self._lines = lines
        keys = ["" if isinstance(one, str) else one.key for one in lines]
        self.rows_changed(keys.index(here) if here and here in keys else min(1, len(lines)))

    def go_to(self, key: str) -> None:
        """Put the cursor on a key."""
        for number, one in enumerate(self._lines):
            if not isinstance(one, str) and one.key == key:
                self.cursor = number

    def say_wrong(self, wrong: bool) -> None:
        """Show whether what is typed could be taken."""
        if wrong != self._wrong:
            self._wrong = wrong
            self.refresh_row(self.cursor)

    def end_typing(self) -> None:
        """Forget what was typed."""
        if self._typed is not None:
            self._typed, self._wrong = None, False
            self.refresh_row(self.cursor)
            self.post_message(self.Typing("", ""))

    def row_total(self) -> int:
        """Keys and names of tables."""
        return len(self._lines)

    def spans_of(self, row: int, width: int) -> list[Span]:
        """The name of a table, or a key with its value and who sets it."""
        line = self._lines[row]
        if isinstance(line, str):
            return [(fit(f" {line}", width), "group")]
        by = 18 if width >= _BY_FROM else 0
        name = min(max((width - by) // 2 - 1, 12), 26)
        value = width - by - name - 4
        mark: Span = (" * ", "changed") if line.is_changed else ("   ", "dim")
        spans: list[Span] = [mark, (fit(line.name, name), "dim" if line.is_fixed else "text")]
        if row == self.cursor and self._typed is not None:
            shown = f"{self._typed}▏"[-max(value, 1) :]
            spans.append((" " + fit(shown, value), "bad" if self._wrong else "typed"))
        else:
            role = "changed" if line.is_changed else "strong" if _is_set(line) else "text"
            spans.append((" " + fit(line.text, value), role))
        if by:
            spans.append((fit(line.set_by, by - 1, right=True) + " ", "dim"))
        return spans

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters and digits belong to the value being typed."""
        return self.is_typing and character is not None and character.isprintable()

    def watch_cursor(self, before: int, now: int) -> None:
        """What was being typed is forgotten."""
        if before != now:
            self.end_typing()
        super().watch_cursor(before, now)

    def on_blur(self) -> None:
        """What was being typed is forgotten."""
        self.end_typing()

    def on_key(self, event: events.Key) -> None:
        """While a value is typed every key is its own, but for those that leave."""
        if self._typed is None and event.key == "enter":
            # at once: as a binding it would be done after the letters that follow
            event.stop()
            self.action_type()
            return
        if self._typed is None or event.key in _LEAVING:
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.end_typing()
        elif event.key == "enter":
            if self.row is not None:
                self.post_message(self.Wanted(self.row.key, self._typed))
        elif event.key in ("backspace", "ctrl+h"):
            self._type(self._typed[:-1])
        elif event.key == "ctrl+u":
            self._type("")
        elif event.character is not None and event.character.isprintable():
            self._type(self._typed + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is typed."""
        if self._typed is not None:
            event.stop()
            self._type(self._typed + event.text.splitlines()[0])

    def action_type(self) -> None:
        """Begin to type, or take the next choice."""
        row = self.row
        if row is None or row.is_fixed:
            return
        if row.choices:
            self.action_turn(1)
        else:
            self._type("" if row.text == "none" else row.text)

    def action_turn(self, step: int) -> None:
        """Take another choice."""
        row = self.row
        if row is None or not row.choices or row.is_fixed:
            return
        place = row.choices.index(row.text) + step if row.text in row.choices else 0
        self.post_message(self.Wanted(row.key, row.choices[place % len(row.choices)]))

    def action_reset(self) -> None:
        """Give the key back the recipe's value."""
        if self.row is not None:
            self.post_message(self.Wanted(self.row.key, None))

    def action_group(self, step: int) -> None:
        """Go to the first key of another table."""
        heads = [number for number, one in enumerate(self._lines) if isinstance(one, str)]
        if not heads:
            return
        here = max((n for n, head in enumerate(heads) if head <= self.cursor), default=0)
        self.cursor = heads[(here + step) % len(heads)] + 1

    def _type(self, text: str) -> None:
        self._typed = text
        self.refresh_row(self.cursor)
        if self.row is not None:
            self.post_message(self.Typing(self.row.key, text))


def _group(line: FormRow | str) -> str:
    return line if isinstance(line, str) else line.group


def _is_set(line: FormRow) -> bool:
    return line.set_by != "default" and not line.set_by.startswith("preset")
