"""What the stack editor's rows look like. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from birdscope.core.settings import Settings
from birdscope.tui import tune_stack
from birdscope.tui.tune_knobs import title_of, value_of
from birdscope.tui.tune_stack import Bench, Row
from birdscope.tui.widgets import slider
from birdscope.tui.widgets.rows import Span, cut_middle, fit

_LABEL, _VALUE, _SHARE, _LEAST = 13, 6, 5, 5
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Columns:
    """How the cells of a slider's row are shared out.

    Attributes:
        label: Cells before the slider.
        track: The slider's.
        share: Cells for what a weight comes to in the blend; 0 leaves it out.
    """

    label: int
    track: int
    share: int


def columns_of(row: Row, bench: Bench, width: int) -> Columns:
    """A weight's name is shown whole where there is room, rather than its share."""
    if row.kind != "weight":
        return Columns(_LABEL, max(width - _LABEL - _VALUE - 1, _LEAST), 0)
    longest = max((cell_len(one) for one in bench.members), default=0)
    wanted = max(longest + len(_INDENT) + 1, _LABEL)
    room = width - _VALUE - _LEAST - 1
    share = _SHARE if wanted + _SHARE <= room else 0
    label = max(min(wanted, room), _LABEL)
    return Columns(label, max(width - label - _VALUE - share - 1, _LEAST), share)


@dataclass(frozen=True)
class Lines:
    """Draws rows.

    Attributes:
        settings: What the rows are about.
        bench: What else is known.
        width: Cells.
    """

    settings: Settings
    bench: Bench
    width: int

    def spans(self, row: Row, typed: str | None = None, *, wrong: bool = False) -> list[Span]:
        """One row.

        Args:
            row: Which.
            typed: What the user has typed in place of its value; None while nobody does.
            wrong: Whether that can't be taken.
        """
        if row.kind in ("stage", "blend"):
            return [(fit(f" {row.text}", self.width), "header")]
        if row.kind == "note":
            role = "warn" if row.step is not None else "dim"
            return [(fit(f"   {row.text}", self.width), role)]
        if row.kind == "step":
            return self._step(row)
        if row.kind == "pooling":
            text = f"   {fit('file score', _LABEL - 2)}{self.settings.file_pooling} of its windows"
            return [(fit(text, self.width), "text")]
        return self._slider(row, typed, wrong=wrong)

    def _step(self, row: Row) -> list[Span]:
        assert row.step is not None
        step = self.settings.steps[row.step]
        idle = step.enabled and row.step in self.bench.no_ops
        remark = "on " + ", ".join(step.members) if step.members is not None else ""
        remark = "no effect" if idle else remark if step.enabled else "off"
        title = fit(title_of(step), min(len(title_of(step)), self.width - 4))
        room = self.width - len(title) - 3
        if not idle and step.members is not None and step.enabled:
            remark = "on " + cut_middle(", ".join(step.members), max(room - 4, 1))
        return [
            (" ✓ ", "on") if step.enabled else (" ○ ", "dim"),
            (title, "strong" if step.enabled else "dim"),
            (fit(f" {remark}", room, right=True), "warn" if idle else "dim"),
        ]

    def _slider(self, row: Row, typed: str | None, *, wrong: bool) -> list[Span]:
        assert row.knob is not None
        value = value_of_row(row, self.settings, self.bench)
        on = row.step is None or self.settings.steps[row.step].enabled
        columns = columns_of(row, self.bench, self.width)
        left, thumb, right = slider.track(row.knob.share(value), columns.track)
        name = f"   {row.knob.title}"
        if row.kind == "weight":
            name = _INDENT + cut_middle(row.member, columns.label - len(_INDENT) - 1)
        number, role = row.knob.text(value), "text" if on else "dim"
        if typed is not None:
            number, role = f"{typed}▏", "bad" if wrong else "accent"
        return [
            (fit(name, columns.label - 1) + " ", "text" if on else "dim"),
            (left + thumb, "thumb" if on else "dim"),
            (right, "track"),
            (fit(number, _VALUE, right=True), role),
            (self._share(value) if columns.share else "", "dim"),
        ]

    def _share(self, value: float) -> str:
        """What a weight comes to in the blend."""
        total = sum(tune_stack.weights_of(self.settings, self.bench).values())
        return f"{value / total:{_SHARE}.0%}" if total else ""


def keys_of(row: Row | None, *, is_typing: bool = False) -> str:
    """What can be done to a row, in a few words."""
    if is_typing:
        return "type · ⏎ takes · esc"
    if row is None:
        return ""
    if row.knob is not None:
        return "←→ turn · ⏎ type it"
    return {"step": "⏎ on/off · x remove", "pooling": "⏎ max/mean"}.get(row.kind, "")


def value_of_row(row: Row, settings: Settings, bench: Bench) -> float:
    """What the row's knob stands at."""
    assert row.knob is not None
    if row.step is None:
        return tune_stack.weights_of(settings, bench)[row.member]
    return value_of(settings.steps[row.step], row.knob)
