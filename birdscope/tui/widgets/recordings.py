"""The table of recordings: virtual rows, columns that fit the width, more by scrolling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from birdscope.core.types import Recording
from birdscope.tui.columns import FILE, Column, SortBy, columns_for, usual
from birdscope.tui.marks import Marks
from birdscope.tui.places import keys_of, position_of
from birdscope.tui.probing import Probed
from birdscope.tui.widgets.rows import RowsView, Span, fit

_GAP = "  "
_WIDEST_NAME = 34
_SAMPLE = 50
_NARROWEST_NAME = 14
# A column at the edge that lacks some cells is better than none.
_LEAST_SHARE, _LEAST_CELLS = 0.6, 8


class RecordingsTable(RowsView):
    """Recordings as rows; the file name stays while other columns scroll.

    Args:
        probed: What is known of a recording's file; None before it was asked.

    Attributes:
        marks: The recordings that are marked, in this list or another one.
        playing_key: Key of the recording that plays; empty where none does.
        sort: The order that the header shows; whoever shows recordings brings them into it.
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
        Binding("m", "mark", "Mark", id="recordings.mark",
                tooltip="Mark the recording, or take its mark away"),
        Binding("shift+down", "mark_step(1)", "Mark down", show=False,
                id="recordings.mark_down", tooltip="Mark this recording and the next"),
        Binding("shift+up", "mark_step(-1)", "Mark up", show=False,
                id="recordings.mark_up", tooltip="Mark this recording and the one before"),
        Binding("M", "mark_all", "Mark all", show=False, id="recordings.mark_all",
                tooltip="Mark all that are listed; where all are, take their marks away"),
        Binding("U", "unmark_all", "Unmark", show=False, id="recordings.unmark",
                tooltip="Take away every mark, also in other lists"),
    ]  # fmt: skip

    class SortChosen(Message):
        """The title of a column was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Marked(Message):
        """Other recordings are marked."""

    def __init__(
        self, probed: Callable[[Recording], Probed | None], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._probed = probed
        self._recordings: Sequence[Recording] = ()
        self._columns: tuple[Column, ...] = ()
        self._chosen_keys: dict[tuple[bool, bool], frozenset[str]] = {}
        self._mixed = False
        self._usual: frozenset[str] = frozenset()
        self._name_cells = 0
        self._first_column = 0
        self.playing_key = ""
        self.marks = Marks()
        self.sort = SortBy()

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

    def columns_of(self, recordings: Sequence[Recording]) -> tuple[Column, ...]:
        """Every column that recordings would have."""
        return columns_for(recordings, mixed=self._mixed)

    @property
    def shown_keys(self) -> frozenset[str]:
        """Keys of the columns that are shown."""
        return self._chosen_keys.get(self._sort_of_list, self._usual)

    def show(
        self, recordings: Sequence[Recording], *, mixed: bool = False, stay: bool = False
    ) -> None:
        """Show other recordings, from the first.

        Args:
            recordings: Of one split.
            mixed: Whether they are of several species.
            stay: Whether the cursor stays on its recording where that is still there.
        """
        here = self.recording
        self._recordings, self._mixed = recordings, mixed
        self._columns = columns_for(recordings, mixed=mixed)
        self._usual = usual(recordings, mixed=mixed)
        self._name_cells = max((len(one.name) for one in recordings[:_SAMPLE]), default=0)
        self._first_column = 0
        row = position_of(recordings, here.key) if stay and here is not None else None
        if row is None and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False)
        self.rows_changed(row or 0)

    def go_to(self, key: str) -> None:
        """Put the cursor on a recording, if it is listed."""
        row = position_of(self._recordings, key)
        if row is not None:
            self.cursor = row

    def show_columns(self, keys: frozenset[str]) -> None:
        """Show these columns for this kind of recording."""
        self._chosen_keys[self._sort_of_list] = keys
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
        """Titles of the columns; an arrow at the one that they are sorted by."""
        name_width, columns = self._layout(width)
        titles = [("  " + fit(self._title(FILE), name_width), self._title_role(FILE))]
        for one in columns:
            text = _GAP + fit(self._title(one), one.width, right=one.right)
            titles.append((text, self._title_role(one)))
        return titles

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One recording."""
        recording = self._recordings[row]
        probed = self._probed(recording)
        broken = probed is not None and probed.duration_s is None
        marked = recording.key in self.marks
        playing = recording.key == self.playing_key
        name_width, columns = self._layout(width)
        mark = "✗ " if broken else "▸ " if playing else "● " if marked else "  "
        name_role = "bad" if broken else "accent" if marked else "text"
        spans: list[Span] = [
            (mark, "bad" if broken else "accent"),
            (fit(recording.name, name_width), name_role),
        ]
        role = "accent" if marked else "dim"
        for one in columns:
            text = one.text(recording, probed)
            spans.append((_GAP + fit(text, one.width, right=one.right), role))
        return spans

    def on_click(self, event: events.Click) -> None:
        """Sort by a title; mark with ctrl or shift; else move the cursor."""
        offset = event.get_content_offset(self)
        row = self._row_at(event)
        if offset is not None and offset.y < self.header_rows:
            column = self._column_at(offset.x)
            if column is not None:
                self.post_message(self.SortChosen(column.key))
        elif row is not None and event.ctrl:
            self.cursor = row
            self._mark([row], not self._is_marked(row))
        elif row is not None and event.shift:
            self._mark(range(min(row, self.cursor), max(row, self.cursor) + 1), True)
            self.cursor = row
        else:
            super().on_click(event)

    def action_choose(self) -> None:
        """Choose the recording under the cursor."""
        self.choose()

    def action_scroll(self, columns: int) -> None:
        """Bring other columns into sight."""
        last = max(len(self._shown()) - 1, 0)
        self._first_column = min(max(self._first_column + columns, 0), last)
        self.refresh()

    def action_mark(self) -> None:
        """Mark the recording under the cursor, or take its mark away; go on to the next."""
        if self._recordings:
            self._mark([self.cursor], not self._is_marked(self.cursor))
            self.cursor += 1

    def action_mark_step(self, rows: int) -> None:
        """Mark this recording and the next."""
        if self._recordings:
            before = self.cursor
            self.cursor += rows
            self._mark([before, self.cursor], True)

    def action_mark_all(self) -> None:
        """Mark every listed recording, or none of them."""
        every = range(len(self._recordings))
        self._mark(every, not all(one in self.marks for one in keys_of(self._recordings)))

    def action_unmark_all(self) -> None:
        """Take every mark away."""
        self.marks.clear()
        self.refresh()
        self.post_message(self.Marked())

    def _is_marked(self, row: int) -> bool:
        return self._recordings[row].key in self.marks

    def _mark(self, rows: Iterable[int], on: bool) -> None:
        self.marks.set(self._recordings, rows, on)
        self.refresh()
        self.post_message(self.Marked())

    @property
    def _sort_of_list(self) -> tuple[bool, bool]:
        """Soundscapes, recordings of one species and of several have columns of their own."""
        is_train = not self._recordings or self._recordings[0].split == "train_audio"
        return is_train, self._mixed

    def _title(self, column: Column) -> str:
        if column.key != self.sort.key:
            return column.title
        return f"{column.title}{'▾' if self.sort.down else '▴'}"

    def _title_role(self, column: Column) -> str:
        return "accent" if column.key == self.sort.key else "header"

    def _column_at(self, x: int) -> Column | None:
        name_width, columns = self._layout(self.scrollable_content_region.width)
        end = 2 + name_width
        if x < end:
            return FILE
        for one in columns:
            end += len(_GAP) + one.width
            if x < end:
                return one
        return None

    def _shown(self) -> list[Column]:
        keys = self.shown_keys
        return [one for one in self._columns if one.key in keys]

    def _layout(self, width: int) -> tuple[int, list[Column]]:
        """Cells of the file name, and the columns that fit beside it."""
        name_width = min(max(self._name_cells, _NARROWEST_NAME), width - 2)
        room = width - 2 - name_width
        fitting: list[Column] = []
        for one in self._shown()[self._first_column :]:
            left = room - len(_GAP)
            if left < one.width:
                if not one.right and left >= max(one.width * _LEAST_SHARE, _LEAST_CELLS):
                    fitting.append(replace(one, width=left))
                    room = 0
                break
            fitting.append(one)
            room = left - one.width
        return min(name_width + room, _WIDEST_NAME), fitting
