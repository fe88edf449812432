"""Which ensemble predicts in Scope."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from birdscope.tui.dialog import Dialog
from birdscope.tui.ensembles import shown_name

if TYPE_CHECKING:
    from birdscope.engine.messages import EnsembleInfo


class ChooseEnsemble(Dialog[Path | None]):
    """The ensemble files with their members; closing it gives the chosen file.

    Args:
        files: Ensemble files.
        describe: Says what is in one.
        current: The file in use.
    """

    CSS_PATH = "choose.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,e", "dismiss_none", "Close", id="choose.close", tooltip="Choose nothing")
    ]

    def __init__(
        self,
        files: Sequence[Path],
        describe: Callable[[Path], Awaitable[EnsembleInfo]],
        current: Path | None = None,
    ) -> None:
        super().__init__()
        self._files = list(files)
        self._describe = describe
        self._current = current

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(classes="choose") as box:
            box.border_title = "Ensembles"
            box.border_subtitle = "enter loads · esc"
            yield OptionList(*[Option(shown_name(path), id=str(path)) for path in self._files])

    def on_mount(self) -> None:
        """Highlight the one in use, then fill in the members."""
        options = self.query_one(OptionList)
        if self._current in self._files:
            options.highlighted = self._files.index(self._current)
        if not self._files:
            options.add_option(Option("no ensemble files in models/", disabled=True))
        options.focus()
        self.run_worker(self._fill_in(), exit_on_error=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Load it."""
        self.dismiss(self._files[event.option_index])

    def action_dismiss_none(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    async def _fill_in(self) -> None:
        infos = await asyncio.gather(*[self._describe(path) for path in self._files])
        options = self.query_one(OptionList)
        for path, info in zip(self._files, infos, strict=True):
            options.replace_option_prompt(str(path), _block(info, path == self._current))


def _block(info: EnsembleInfo, current: bool) -> Content:
    mark = "● " if current else "  "
    lines = [Content.from_markup("[b]$mark$name[/]", mark=mark, name=info.name)]
    if (where := shown_name(info.path)) != info.name:
        lines[0] += Content.from_markup("  [$text-muted]$where[/]", where=where)
    for one in info.members:
        files = f"{one.checkpoints} checkpoint{'' if one.checkpoints == 1 else 's'}"
        parts = [part for part in (one.model, f"weight {one.weight:g}", files) if part]
        text = f"    {one.name}  {' · '.join(parts)}"
        lines.append(Content.from_markup("[$text-muted]$text[/]", text=text))
    lines += [
        Content.from_markup("[$text-warning]$text[/]", text=f"    {line}")
        for line in info.problem.splitlines()
    ]
    return Content("\n").join(lines)
