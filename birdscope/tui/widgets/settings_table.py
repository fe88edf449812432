"""The table of settings: how good each is, and how it compares with the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding, BindingType

from birdscope.core.settings import Settings
from birdscope.tui import tune_figures as figures
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.metrics.tune_results import IntervalSoFar, Measured

Origin = Literal["current", "built-in", "saved"]
BADGES = {"better": "on", "worse": "bad", "within noise": "dim"}
"""What a difference can be called, and the role that draws it."""


@dataclass(frozen=True)
class SettingLine:
    """A row of the table.

    Attributes:
        key: Unique, and the same as long as the row is there.
        settings: What it is about; None where they can't be read.
        origin: Where they come from.
        name: What it is called.
        same_as: Name of another row that does the same.
        measured: Its figures; None while they are being computed.
        interval: The difference to the baseline, as far as it is known.
        problem: Why it can't be measured.
        in_use: Whether they are the session's.
        is_baseline: Whether the others are compared with it.
        stale: Whether the figures are those of a moment ago.
        interval_stale: Whether the interval is.
        chosen_here: Whether they were chosen on these labels, so that the figures flatter.
    """

    key: str
    settings: Settings | None
    origin: Origin
    name: str
    same_as: str = ""
    measured: Measured | None = None
    interval: IntervalSoFar | None = None
    problem: str = ""
    in_use: bool = False
    is_baseline: bool = False
    stale: bool = False
    interval_stale: bool = False
    chosen_here: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    least: int
    """Width of the table from which it is shown."""


_COLUMNS = {
    "auc": _Column("AUC", 7, 0),
    "folds": _Column("mean of folds", 15, 70),
    "change": _Column("Δ", 8, 0),
    "interval": _Column("95 % interval", 19, 88),
    "badge": _Column(" vs baseline", 14, 0),
    "ap": _Column("AP", 7, 96),
    "classes": _Column("classes", 8, 104),
}


_NAMES_FROM = 24


class SettingsTable(RowsView):
    """Rows of settings; Enter makes one the session's."""

    MORE_ROLES: ClassVar[tuple[str, ...]] = ("on", "warn")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    SettingsTable {
        & > .rows--on { color: $text-success; text-style: bold; }
        & > .rows--warn { color: $text-warning; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Use", id="settings.use",
                tooltip="Make these the session's: Scope and Submit use them"),
    ]  # fmt: skip
    header_rows: ClassVar[int] = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[SettingLine, ...] = ()

    @property
    def lines(self) -> tuple[SettingLine, ...]:
        """All rows."""
        return self._lines

    @property
    def line(self) -> SettingLine | None:
        """The row under the cursor."""
        return self._lines[self.cursor] if self._lines else None

    def show(self, lines: Sequence[SettingLine]) -> None:
        """Show other rows; the cursor stays with its row."""
        before = self.line.key if self.line is not None else ""
        self._lines = tuple(lines)
        keys = [one.key for one in lines]
        self.rows_changed(keys.index(before) if before in keys else None)

    def select(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        keys = [one.key for one in self._lines]
        if key in keys:
            self.cursor = keys.index(key)

    def row_total(self) -> int:
        """How many settings."""
        return len(self._lines)

    def header_spans(self, width: int) -> list[Span]:
        """What the columns are."""
        columns = self._shown(width)
        room = width - sum(_COLUMNS[key].width for key in columns)
        spans: list[Span] = [(fit("  settings", room), "header")]
        for key in columns:
            one = _COLUMNS[key]
            spans.append((fit(one.title, one.width, right=key != "badge"), "header"))
        return spans

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One row of settings."""
        one, columns = self._lines[row], self._shown(width)
        room = width - sum(_COLUMNS[key].width for key in columns)
        mark: Span = ("● ", "on") if one.in_use else ("  ", "dim")
        name = fit(one.name, room - 2)
        if one.same_as and room >= _NAMES_FROM:
            name = fit(f"{one.name} = {one.same_as}", room - 2)
        spans = [mark, (name, "strong" if one.origin == "current" else "text")]
        if one.problem:
            rest = width - room
            return [*spans, (fit(f"  {one.problem}", rest), "bad")]
        return [*spans, *(self._cell(one, key) for key in columns)]

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        self.choose()

    def _shown(self, width: int) -> list[str]:
        return [key for key, one in _COLUMNS.items() if width >= one.least]

    def _cell(self, one: SettingLine, key: str) -> Span:
        width = _COLUMNS[key].width
        if one.measured is None:
            return (fit("…" if key == "auc" else "", width, right=True), "dim")
        if key == "badge":
            return _badge(one, width)
        text, role = _figure(one, key)
        old = one.interval_stale if key in ("change", "interval") else one.stale
        return fit(text, width, right=True), "dim" if old else role


def _figure(one: SettingLine, key: str) -> Span:
    """A figure and its role."""
    measured, interval = one.measured, one.interval
    assert measured is not None
    if key == "auc":
        return figures.area(measured.macro_roc_auc), "strong"
    if key == "folds":
        return figures.spread(measured.fold_mean, measured.fold_sd), "text"
    if key == "ap":
        return figures.area(measured.macro_ap), "text"
    if key == "classes":
        return str(measured.scored_classes), "dim"
    if one.is_baseline:
        return "", "dim"
    if interval is None:
        return "…", "dim"
    if key == "change":
        return figures.change(interval.difference), "text"
    return figures.interval(interval.low, interval.high), "dim"


def _badge(one: SettingLine, width: int) -> Span:
    """Better, worse or within noise; a star where the labels were also those chosen on.

    Dots follow as long as resamples are still being added.
    """
    if one.is_baseline:
        return fit(" baseline", width), "dim"
    if one.interval is None:
        return " " * width, "dim"
    if one.interval.reason:
        return fit(" no interval", width), "dim"
    firm = one.interval.resamples >= one.interval.of and not one.interval_stale
    so_far = "" if firm else "…"
    role = BADGES[one.interval.badge] if firm else "dim"
    if one.chosen_here:
        return fit(f" {one.interval.badge}*{so_far}", width), "warn" if role == "on" else role
    return fit(f" {one.interval.badge}{so_far}", width), role
