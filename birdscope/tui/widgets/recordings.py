"""The table of recordings: virtual rows, columns that fit the width, more by scrolling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from birdscope.core.types import Recording
from birdscope.tui.columns import FILE, Column, columns_for, usual
from birdscope.tui.places import position_of
from birdscope.tui.probing import Probed
from birdscope.tui.widgets.rows import RowsView, Span, fit

_GAP = "  "
_WIDEST_NAME = 34
_SAMPLE = 50
_NARROWEST_NAME = 14


class RecordingsTable(RowsView):
    """Recordings as rows; the file name stays while other columns scroll.

    Args:
        probed: What is known of a recording's file; None before it was asked.
    """

    header_rows: ClassVar[int] = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Play", id="recordings.play", tooltip="Play this recording"),
        Binding(
            "left", "scroll(-1)", "Columns left", show=False, id="recordings.left",
            tooltip="Columns to the left",
        ),
        Binding(
            "right", "scroll(1)", "Columns right", show=False, id="recordings.right",
            tooltip="Columns to the right",
        ),
    ]  # fmt: skip

    def __init__(
        self, probed: Callable[[Recording], Probed | None], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._probed = probed
        self._recordings: Sequence[Recording] = ()
        self._columns: tuple[Column, ...] = ()
        self._chosen_keys: dict[bool, frozenset[str]] = {}
        self._usual: frozenset[str] = frozenset()
        self._name_cells = 0
        self._first_column = 0
        self.playing_key = ""

    @property
    def recording(self) -> Recording | None:
        """The recording under the cursor."""
        return self._recordings[self.cursor] if self._recordings else None

    @property
    def recordings(self) -> Sequence[Recording]:
        """All rows."""
        return self._recordings

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column there is."""
        return self._columns

    @property
    def shown_keys(self) -> frozenset[str]:
        """Keys of the columns that are shown."""
        return self._chosen_keys.get(self._is_train, self._usual)

    def show(self, recordings: Sequence[Recording]) -> None:
        """Show other recordings, from the first."""
        self._recordings = recordings
        self._columns = columns_for(recordings)
        self._usual = usual(recordings)
        self._name_cells = max((len(one.name) for one in recordings[:_SAMPLE]), default=0)
        self._first_column = 0
        if self.scroll_offset.y:
            self.scroll_to(y=0, animate=False)
        self.rows_changed(0)

    def go_to(self, key: str) -> None:
        """Put the cursor on a recording, if it is listed."""
        row = position_of(self._recordings, key)
        if row is not None:
            self.cursor = row

    def show_columns(self, keys: frozenset[str]) -> None:
        """Show these columns for this kind of recording."""
        self._chosen_keys[self._is_train] = keys
        self._first_column = 0
        self.refresh()

    def mark_playing(self, key: str) -> None:
        """Mark the recording that plays; an empty key marks none."""
        if key != self.playing_key:
            self.playing_key = key
            self.refresh()

    def refresh_recording(self, recording: Recording) -> None:
        """Paint the row of a recording again, if it is on screen."""
        top = self.scroll_offset.y
        for number, one in enumerate(self.seen(), start=top):
            if one.key == recording.key:
                self.refresh_row(number)

    def seen(self) -> Sequence[Recording]:
        """The recordings on screen."""
        top = self.scroll_offset.y
        return self._recordings[top : top + max(self.size.height - 1, 0)]

    def row_total(self) -> int:
        """How many recordings."""
        return len(self._recordings)

    def header_spans(self, width: int) -> list[Span]:
        """Titles of the columns."""
        name_width, columns = self._layout(width)
        titles = [("  " + fit(FILE.title, name_width), "header")]
        titles += [(_GAP + fit(one.title, one.width, right=one.right), "header") for one in columns]
        return titles

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One recording."""
        recording = self._recordings[row]
        probed = self._probed(recording)
        broken = probed is not None and probed.duration_s is None
        name_width, columns = self._layout(width)
        mark = "✗ " if broken else "▸ " if recording.key == self.playing_key else "  "
        spans: list[Span] = [
            (mark, "bad" if broken else "accent"),
            (fit(recording.name, name_width), "bad" if broken else "text"),
        ]
        for one in columns:
            text = one.text(recording, probed)
            spans.append((_GAP + fit(text, one.width, right=one.right), "dim"))
        return spans

    def action_choose(self) -> None:
        """Choose the recording under the cursor."""
        self.choose()

    def action_scroll(self, columns: int) -> None:
        """Bring other columns into sight."""
        last = max(len(self._shown()) - 1, 0)
        self._first_column = min(max(self._first_column + columns, 0), last)
        self.refresh()

    @property
    def _is_train(self) -> bool:
        return not self._recordings or self._recordings[0].split == "train_audio"

    def _shown(self) -> list[Column]:
        keys = self.shown_keys
        return [one for one in self._columns if one.key in keys]

    def _layout(self, width: int) -> tuple[int, list[Column]]:
        """Cells of the file name, and the columns that fit beside it."""
        name_width = min(max(self._name_cells, _NARROWEST_NAME), width - 2)
        room = width - 2 - name_width
        fitting: list[Column] = []
        for one in self._shown()[self._first_column :]:
            room -= len(_GAP) + one.width
            if room < 0:
                room += len(_GAP) + one.width
                break
            fitting.append(one)
        return min(name_width + room, _WIDEST_NAME), fitting
