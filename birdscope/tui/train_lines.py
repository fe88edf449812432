"""The curves of runs: which points are joined, in which colour. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from birdscope.session.runs import curve_of
from birdscope.tui.widgets.runs_table import COLOURS

if TYPE_CHECKING:
    from birdscope.session.runs import Epoch, Run

Limits = tuple[float, float]
Value = Callable[["Epoch"], "float | None"]


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        name: Of its run or model.
        role: Colour of the theme.
        x: Epochs, those of later stages after the earlier ones'.
        y: Values, as many.
    """

    name: str
    role: str
    x: tuple[float, ...]
    y: tuple[float, ...]


def _lines(runs: Sequence[Run], value: Value) -> list[Line]:
    """Of one run a curve for each model, of several the means over their models."""
    if len(runs) == 1:
        models = list(dict.fromkeys(e.model for stage in runs[0].stages for e in stage.epochs))
        lines = [
            _line(f"model {model}" if len(models) > 1 else "", number, runs[0], value, model)
            for number, model in enumerate(models)
        ]
    else:
        lines = [_line(run.name, number, run, value) for number, run in enumerate(runs)]
    return [one for one in lines if one.x]


def _line(name: str, number: int, run: Run, value: Value, model: str | None = None) -> Line:
    x, y = curve_of(run, value, model)
    return Line(name, COLOURS[number % len(COLOURS)], x, y)


def limits_of(lines: Sequence[Line], runs: Sequence[Run]) -> tuple[Limits, Limits]:
    """Of x all epochs that are planned, of y the data's with some room: (x, y)."""
    planned = max((sum(one.planned for one in run.stages) for run in runs), default=1)
    low = min(min(one.y) for one in lines)
    high = max(max(one.y) for one in lines)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 0.1
    floor = max(low - room, 0.0) if low >= 0 else low - room
    return (0.0, float(max(planned, 2))), (floor, high + room)


LINES: dict[str, Callable[[Sequence[Run]], list[Line]]] = {
    "loss": lambda runs: _lines(runs, lambda epoch: epoch.loss),
    "auc": lambda runs: _lines(runs, lambda epoch: epoch.auc),
    "rate": lambda runs: _lines(runs, lambda epoch: epoch.learning_rate),
}
