"""Loss, AUC and learning rate of runs over their epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from birdscope.tui.train_lines import LINES, Line, limits_of
from birdscope.tui.widgets.plot import PlotView, Series

if TYPE_CHECKING:
    from birdscope.tui.train_runs import RunView

_TITLES = {"loss": "training loss", "auc": "validation AUC", "rate": "learning rate"}
_SHORT = {"loss": "loss", "auc": "AUC", "rate": "rate"}
_NARROW = 110


class RunCurves(Horizontal):
    """Three plots side by side, each under a line that says what it is."""

    DEFAULT_CSS = """
    RunCurves {
        & Vertical { width: 1fr; height: 1fr; }
        & Static { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def compose(self) -> ComposeResult:
        """Loss, AUC, learning rate."""
        for one in LINES:
            with Vertical():
                yield Static(id=f"run-{one}-title")
                yield PlotView(id=f"run-{one}")

    def show(self, views: Sequence[RunView]) -> None:
        """Show runs: one with all its models, several with their means."""
        for what, lines_of in LINES.items():
            lines = lines_of([one.run for one in views])
            plot = self.query_one(f"#run-{what}", PlotView)
            series = [_series(one) for one in lines]
            if lines:
                x_limits, y_limits = limits_of(lines, [one.run for one in views])
                plot.show(series, x_limits=x_limits, y_limits=y_limits)
            else:
                plot.show(series)
            self._say(what, lines)

    def _say(self, what: str, lines: Sequence[Line]) -> None:
        # where there is little room the colours of the table's marks tell who is who
        narrow = self.size.width < _NARROW
        text = Content((_SHORT if narrow else _TITLES)[what])
        if not lines:
            text += Content.from_markup(" [$text-muted]— none yet[/]")
        for one in lines:
            last = f"{one.y[-1]:.3g}" if what != "auc" else f"{one.y[-1]:.4f}"
            name = "" if narrow or not one.name else f"{one.name} "
            text += Content.from_markup(f" [${one.role}]$name$last[/]", name=name, last=last)
        static = self.query_one(f"#run-{what}-title", Static)
        if text != static.content:
            static.update(text)


def _series(line: Line) -> Series:
    if len(line.x) == 1:
        return Series(line.x, line.y, "•", line.role)
    return Series(line.x, line.y, "braille", line.role, lines=True)
