"""Which species to audition, or which one it is instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from birdscope.core.types import Species
from birdscope.tui.dialog import Dialog
from birdscope.tui.widgets.rows import fit

_CODE_CELLS, _NAME_CELLS, _NOTE_CELLS = 9, 30, 24


@dataclass(frozen=True, slots=True)
class SpeciesTally:
    """What the list says of a species.

    Attributes:
        clips: Its recordings in train_audio.
        yes: Windows judged to hold it.
        no: Windows judged not to.
        other: Windows judged maybe, or corrected to another species.
    """

    clips: int = 0
    yes: int = 0
    no: int = 0
    other: int = 0

    @property
    def judged(self) -> int:
        """All verdicts."""
        return self.yes + self.no + self.other


class ChooseSpecies(Dialog[str | None]):
    """A list that narrows down as you type; closing it gives the chosen label.

    Args:
        title: What the choice is for.
        species: What there is to choose from.
        tallies: Label → counts; a label without any may be missing.
        current: Label of the one on show.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["choose.tcss", "choose_one.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Close", id="choose.close", tooltip="Choose nothing"),
        Binding("down", "move(1)", "Down", show=False, id="choose.down", tooltip="Next"),
        Binding("up", "move(-1)", "Up", show=False, id="choose.up", tooltip="Previous"),
    ]

    def __init__(
        self,
        title: str,
        species: Sequence[Species],
        tallies: Mapping[str, SpeciesTally],
        current: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._species = species
        self._tallies = tallies
        self._current = current
        self._listed: list[Species] = []

    def compose(self) -> ComposeResult:
        """A field and a list."""
        with Vertical(classes="choose") as box:
            box.border_title = self._title
            box.border_subtitle = "type to narrow · ↑↓ · enter chooses · esc"
            yield Input(placeholder="part of a code, a name or a class", compact=True)
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        """List all, the present one highlighted."""
        self._list("")
        labels = [one.label for one in self._listed]
        if self._current in labels:
            self.query_one(OptionList).highlighted = labels.index(self._current)
        self.query_one(Input).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Names have the room there is."""
        before = self.query_one(OptionList).highlighted
        self._list(self.query_one(Input).value)
        self.query_one(OptionList).highlighted = before

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what fits."""
        self._list(event.value)

    def on_input_submitted(self) -> None:
        """Take the highlighted one."""
        self.query_one(OptionList).action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        self.dismiss(self._listed[event.option_index].label)

    def action_move(self, rows: int) -> None:
        """Move in the list while typing."""
        options = self.query_one(OptionList)
        if rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_dismiss_none(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def _list(self, text: str) -> None:
        words = text.casefold().split()
        self._listed = [one for one in self._species if _fits(one, words)]
        options = self.query_one(OptionList)
        options.clear_options()
        width = min(int(self.app.size.width * 0.92), 84) - 8
        options.add_options([Option(self._line(one, width)) for one in self._listed])
        if not self._listed:
            options.add_option(Option("nothing fits", disabled=True))
        options.highlighted = 0 if self._listed else None

    def _line(self, one: Species, width: int) -> Content:
        tally = self._tallies.get(one.label, SpeciesTally())
        name_cells = max(width - _CODE_CELLS - _NOTE_CELLS - 2, 12)
        return Content.from_markup(
            "$name [$text-secondary]$code[/] [$text-muted]$note[/]",
            name=fit(one.name, name_cells),
            code=fit(one.label, _CODE_CELLS),
            note=fit(_note(tally), _NOTE_CELLS, right=True),
        )


def _note(tally: SpeciesTally) -> str:
    clips = f"{tally.clips} clip{'' if tally.clips == 1 else 's'}"
    if not tally.judged:
        return clips
    parts = [f"{tally.yes} yes", f"{tally.no} no"]
    if tally.other:
        parts.append(f"{tally.other} other")
    return " ".join(parts)


def _fits(species: Species, words: Sequence[str]) -> bool:
    known = (species.label, species.common_name, species.scientific_name, species.class_name)
    text = " ".join(known).casefold()
    return all(word in text for word in words)
