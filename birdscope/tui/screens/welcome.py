"""What is shown without a dataset: how to open one, and those known."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Center, Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from birdscope.tui import recent
from birdscope.tui.messages import OpenDataset


class WelcomePane(Center):
    """A friendly first screen.

    Args:
        problem: Why the dataset that was asked for is not open; empty if none was.
    """

    def __init__(self, problem: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._problem = problem
        self._known = recent.known_datasets()

    def compose(self) -> ComposeResult:
        """What is wrong, what to do, known datasets, a path to type."""
        with Vertical(id="welcome"):
            if self._problem:
                yield Static(Content(self._problem), id="welcome-problem")
            yield Static(Content.from_markup(_TEXT), id="welcome-text")
            if self._known:
                yield OptionList(*[_option(one) for one in self._known], id="welcome-known")
            yield Input(placeholder="or type the path of a dataset folder", id="welcome-path")

    def on_mount(self) -> None:
        """Start at the known datasets, or at the path."""
        self.query_one("#welcome").border_title = "Welcome"
        self.query_one("#welcome").border_subtitle = "enter opens"
        first = "#welcome-known" if self._known else "#welcome-path"
        self.query_one(first).focus()

    @on(OptionList.OptionSelected)
    def _known_chosen(self, event: OptionList.OptionSelected) -> None:
        self.post_message(OpenDataset(str(self._known[event.option_index])))

    @on(Input.Submitted)
    def _path_given(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.post_message(OpenDataset(event.value.strip()))


def _option(folder: Path) -> Option:
    text = Content.from_markup(
        "[b]$name[/]  in $parent", name=folder.name, parent=str(folder.parent)
    )
    return Option(text)


_TEXT = """\
[b $primary]birdscope[/] explores recordings of birds, frogs, insects and mammals
with ears, eyes and models at once.

It opens a folder in the layout of BirdCLEF:
  [$text-accent]birdscope --data DIR[/]

No recordings at hand? Make a synthetic set in a minute:
  [$text-accent]birdscope demo[/]
"""
