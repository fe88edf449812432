"""The queue of windows to be judged: its place, score, where it is, the verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.core.units import clock
from birdscope.core.windows import stem_of
from birdscope.tui.widgets.rows import RowsView, Span, cut_middle, fit

if TYPE_CHECKING:
    from birdscope.engine.audition_messages import QueueItem

WindowKey = tuple[str, int]
"""Recording and index of a window."""

_SCORE, _TIME, _MEMBER, _GAP = 5, 5, 6, 2
_MEMBERS_FROM, _LEAST_NAME, _WIDEST_NAME = 40, 12, 34
_EXTRA = 7


class QueueList(RowsView):
    """Windows as rows, those to be judged first on top; the cursor is the window on show."""

    header_rows: ClassVar[int] = 1
    MORE_ROLES: ClassVar[tuple[str, ...]] = ("good", "warn")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    QueueList {
        & > .rows--good { color: $text-success; }
        & > .rows--warn { color: $text-warning; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Play ±2 s", show=False, id="queue.play",
                tooltip="Play this window with 2 s before and after"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: Sequence[QueueItem] = ()
        self._marks: Mapping[WindowKey, tuple[str, str]] = {}
        self._extra: tuple[str, Sequence[float | None]] = ("", ())

    @property
    def item(self) -> QueueItem | None:
        """The window under the cursor."""
        return self._items[self.cursor] if self._items else None

    @property
    def items(self) -> Sequence[QueueItem]:
        """All rows."""
        return self._items

    def show(
        self,
        items: Sequence[QueueItem],
        marks: Mapping[WindowKey, tuple[str, str]],
        extra: tuple[str, Sequence[float | None]] = ("", ()),
        cursor: int = 0,
    ) -> None:
        """Show another queue.

        Args:
            items: The windows, in their order.
            marks: Window → the word of its verdict and the role that colours it.
            extra: Title and values of what ranks the queue where the score doesn't; an empty title
                has none. It has a column of its own, in the score's place where room is short.
            cursor: The row to stand on.
        """
        self._items, self._marks, self._extra = items, marks, extra
        if self.scroll_offset.y:
            self.scroll_to(y=0, animate=False)
        self.rows_changed(cursor)

    def show_marks(self, marks: Mapping[WindowKey, tuple[str, str]]) -> None:
        """Take other verdicts."""
        self._marks = marks
        self.refresh()

    def next_unjudged(self, row: int, judged: Collection[WindowKey] = ()) -> int | None:
        """The first row after `row`, else before it, without a verdict; None where none is.

        Args:
            row: Where to begin.
            judged: Windows that have one, although it isn't drawn yet.
        """
        every = (*range(row + 1, len(self._items)), *range(row))
        keys = ((one, self._key(one)) for one in every)
        return next(
            (one for one, key in keys if key not in self._marks and key not in judged), None
        )

    def row_total(self) -> int:
        """How many windows."""
        return len(self._items)

    def header_spans(self, width: int) -> list[Span]:
        """Titles of the columns."""
        members, name, mark = self._layout(width)
        first, wide = ("score", _SCORE), width >= _MEMBERS_FROM
        if self._extra[0] and not wide:
            first = (self._extra[0], _EXTRA)
        line = f" {fit(*first, right=True)}"
        line += "".join(f" {fit(cut_middle(one, _MEMBER), _MEMBER, right=True)}" for one in members)
        if self._extra[0] and wide:
            line += f" {fit(self._extra[0], _EXTRA, right=True)}"
        line += f"  {fit('recording', name)} {fit('at', _TIME, right=True)}"
        return [(f"{line}  {fit('verdict' if mark > 1 else '', mark)}", "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One window."""
        item = self._items[row]
        members, name, mark = self._layout(width)
        word, role = self._marks.get(self._key(row), ("", "dim"))
        extra, wide = self._extra[0], width >= _MEMBERS_FROM
        first = number(item.score) if wide or not extra else self._ranked_by(row)
        spans: list[Span] = [(f" {first}", "dim" if word else "strong")]
        spans += [(f" {fit(number(item.members[one]), _MEMBER, right=True)}", "dim")
                  for one in members]  # fmt: skip
        if extra and wide:
            spans.append((f" {self._ranked_by(row)}", "dim"))
        return [
            *spans,
            (f"  {ends(stem_of(item.recording), name)} ", "dim" if word else "text"),
            (fit(clock(item.start_s), _TIME, right=True), "dim"),
            (f"  {fit(word, mark) if mark > 1 else fit(word[:1], 1)}", role),
        ]

    def action_choose(self) -> None:
        """Choose the window under the cursor."""
        self.choose()

    def _ranked_by(self, row: int) -> str:
        """What ranks the window where the score doesn't."""
        return fit(small(self._extra[1][row]), _EXTRA, right=True)

    def _key(self, row: int) -> WindowKey:
        return self._items[row].recording, self._items[row].index

    def _layout(self, width: int) -> tuple[list[str], int, int]:
        """Members that are shown, cells of the recording's name, cells of the verdict."""
        members = list(self._items[0].members) if self._items else []
        mark = 10 if width >= _MEMBERS_FROM else 1
        taken = 1 + _SCORE + _GAP + 1 + _TIME + _GAP + mark
        if self._extra[0]:
            taken += 1 + _EXTRA if width >= _MEMBERS_FROM else _EXTRA - _SCORE
        room = width - taken - len(members) * (1 + _MEMBER)
        if len(members) < 2 or width < _MEMBERS_FROM or room < _LEAST_NAME:
            members, room = [], width - taken
        return members, max(min(room, _WIDEST_NAME), 4), mark


def ends(text: str, width: int) -> str:
    """A text in `width` cells, cut in its middle: files of a recorder differ at their ends.

    >>> ends("H02_20230420_074000", 14)
    'H02_2…0_074000'
    """
    if len(text) <= width or width < _LEAST_NAME:
        return fit(text, width)
    head = min(5, width // 3 + 1)
    return fit(f"{text[:head]}…{text[-(width - head - 1) :]}", width)


def number(probability: float | None) -> str:
    """A probability in five cells: three decimals, or a dash where there is none."""
    return "    –" if probability is None or probability != probability else f"{probability:.3f}"


def small(value: float | None) -> str:
    """A number below 1 with three decimals, two digits where those would be zeros."""
    if value is None or value != value:
        return "–"
    return f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.2g}"
