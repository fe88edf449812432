"""Which session to work in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from birdscope.core.units import size
from birdscope.tui.dialog import Dialog

if TYPE_CHECKING:
    from birdscope.session.summary import SessionSummary

Choice = tuple[str, str]
"""What to do (`open`, `new`, `archive`), and the name of the session."""


class ChooseSession(Dialog[Choice | None]):
    """The sessions, the last used first; closing it gives what to do with which.

    Args:
        read: Gives the list; called in a thread.
        current: Name of the one in use.
        read_only: Whether that one is another process's.
    """

    CSS_PATH = "choose.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "choose('new')", "New", id="sessions.new", tooltip="Begin a new session"),
        Binding("a", "choose('archive')", "Archive", id="sessions.archive",
                tooltip="Archive the highlighted session to a zip file"),
        Binding("escape,ctrl+s", "dismiss_none", "Close", id="choose.close",
                tooltip="Choose nothing"),
    ]  # fmt: skip

    def __init__(
        self,
        read: Callable[[], Sequence[SessionSummary]],
        current: str,
        *,
        read_only: bool = False,
    ) -> None:
        super().__init__()
        self._read = read
        self._current = current
        self._read_only = read_only
        self._listed: Sequence[SessionSummary] = ()

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(classes="choose") as box:
            box.border_title = "Sessions"
            box.border_subtitle = "enter opens · n new · a archive · esc"
            yield OptionList()

    def on_mount(self) -> None:
        """Fill the list; sizes take a moment to add up."""
        self.query_one(OptionList).focus()
        self.run_worker(self._fill_in(), exit_on_error=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        self.dismiss(("open", self._listed[event.option_index].name))

    def action_choose(self, what: str) -> None:
        """Close with a choice about the highlighted one."""
        row = self.query_one(OptionList).highlighted
        if what == "new":
            self.dismiss((what, ""))
        elif row is not None and self._listed:
            self.dismiss((what, self._listed[row].name))

    def action_dismiss_none(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    async def _fill_in(self) -> None:
        self._listed = await asyncio.to_thread(self._read)
        options = self.query_one(OptionList)
        now = time.time()
        options.add_options([Option(self._block(one, now)) for one in self._listed])
        if not self._listed:
            options.add_option(Option("no sessions yet: n begins one", disabled=True))
        names = [one.name for one in self._listed]
        if self._current in names:
            options.highlighted = names.index(self._current)

    def _block(self, one: SessionSummary, now: float) -> Content:
        """Two lines: the name, when and by whom; what is in it."""
        here = one.name == self._current
        head = Content.from_markup("[b]$mark$name[/]", mark="● " if here else "  ", name=one.name)
        head += Content.from_markup("[$text-muted]  $age[/]", age=used(now - one.used))
        if one.holder is not None and (not here or self._read_only):
            by = f"process {one.holder}" if one.holder else "another process"
            head += Content.from_markup("[$text-warning]  open in $by[/]", by=by)
        lines = [head, Content.from_markup("[$text-muted]    $text[/]", text=_content(one))]
        if one.problem:
            lines.append(Content.from_markup("[$text-error]    $text[/]", text=one.problem))
        return Content("\n").join(lines)


def used(seconds: float) -> str:
    """How long ago something was, in words.

    >>> used(200)
    '3 min ago'
    """
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"


def _content(one: SessionSummary) -> str:
    parts = [
        f"{part} {size(count)}"
        for part, count in (
            ("verdicts", one.verdicts_bytes),
            ("scores", one.scores_bytes),
            ("jobs", one.jobs_bytes),
        )
        if count
    ]
    dataset = Path(one.dataset).name or "no dataset yet"
    return " · ".join([dataset, *(parts or ["nothing made yet"])])
