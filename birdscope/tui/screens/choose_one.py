"""Choose one of a few things, or type a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from birdscope.tui.dialog import Dialog


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things: its name, a remark, and why it can't be chosen."""

    name: str
    note: str = ""
    problem: str = ""


class ChooseOne(Dialog[int | None]):
    """A list; closing it gives the number of the chosen thing.

    Args:
        title: What is chosen.
        choices: The things.
        current: Number of the one in use.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["choose.tcss", "choose_one.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Close", id="choose.close", tooltip="Choose nothing")
    ]

    def __init__(self, title: str, choices: Sequence[Choice], current: int | None = None) -> None:
        super().__init__()
        self._title = title
        self._choices = list(choices)
        self._current = current
        self._width = 0

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(classes="choose") as box:
            box.border_title = self._title
            box.border_subtitle = "enter chooses · esc"
            yield OptionList(*[self._option(number) for number in range(len(self._choices))])

    def on_mount(self) -> None:
        """Highlight the one in use, or the first."""
        options = self.query_one(OptionList)
        options.highlighted = self._current or 0
        options.focus()

    def on_resize(self) -> None:
        """Lines that are too long go on below their beginning, not at the edge."""
        self.call_after_refresh(self._wrap)

    def _wrap(self) -> None:
        options = self.query_one(OptionList)
        width = options.scrollable_content_region.width
        if width != self._width:
            self._width = width
            for number in range(len(self._choices)):
                options.replace_option_prompt_at_index(number, self._prompt(number))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        self.dismiss(event.option_index)

    def action_dismiss_none(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def _option(self, number: int) -> Option:
        return Option(self._prompt(number), disabled=bool(self._choices[number].problem))

    def _prompt(self, number: int) -> Content:
        one = self._choices[number]
        name = Content.from_markup("[b]$name[/]", name=one.name)
        lines = self._hanging(name, "● " if number == self._current else "  ", "  ")
        for text, role in ((one.note, "$text-muted"), (one.problem, "$text-warning")):
            for line in text.splitlines():
                remark = Content.from_markup(f"[{role}]$line[/]", line=line.strip())
                lines += self._hanging(remark, "    ", "    ")
        return Content("\n").join(lines)

    def _hanging(self, text: Content, first: str, rest: str) -> list[Content]:
        """Lines as wide as the list, each behind its indent; one before the width is known."""
        room = self._width - len(first)
        lines = text.wrap(room) if room > 0 else [text]
        return [Content(rest if number else first) + one for number, one in enumerate(lines)]


class AskPath(Dialog[Path | None]):
    """A line for a path; closing it gives the path, an empty line the folder `.`'s default.

    Args:
        title: What the path is for.
        path: What stands there at first.
        check: Says what is wrong with a path; empty where nothing is.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["choose.tcss", "choose_one.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Close", id="ask.close", tooltip="Leave it as it is")
    ]

    def __init__(self, title: str, path: Path, check: Callable[[Path], str]) -> None:
        super().__init__()
        self._title = title
        self._path = path
        self._check = check

    def compose(self) -> ComposeResult:
        """The line, and what is wrong with it."""
        with Vertical(classes="choose") as box:
            box.border_title = self._title
            box.border_subtitle = "enter takes it · esc"
            yield Input(str(self._path), compact=True)
            yield Static(id="ask-problem")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong while it is typed."""
        problem = self._problem(event.value)
        text = Content.from_markup("[$text-warning]$text[/]", text=problem)
        self.query_one("#ask-problem", Static).update(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it where it is right."""
        if not self._problem(event.value):
            self.dismiss(_path(event.value))

    def action_dismiss_none(self) -> None:
        """Close without a change."""
        self.dismiss(None)

    def _problem(self, text: str) -> str:
        return self._check(_path(text)) if text.strip() else "type a path"


def _path(text: str) -> Path:
    return Path(text.strip()).expanduser().absolute()
