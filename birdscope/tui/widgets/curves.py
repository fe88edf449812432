"""ROC and precision-recall of one class, under the settings and under the baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from birdscope.tui import tune_figures as figures
from birdscope.tui.widgets.plot import PlotView, Series

if TYPE_CHECKING:
    from birdscope.metrics.tune_results import Curves

_UNIT = (0.0, 1.0)


class CurvesView(Horizontal):
    """Two plots side by side, each under a line that says what it is."""

    DEFAULT_CSS = """
    CurvesView {
        & Vertical { width: 1fr; height: 1fr; }
        & Static { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def compose(self) -> ComposeResult:
        """ROC, then precision-recall."""
        for one in ("roc", "pr"):
            with Vertical():
                yield Static(id=f"curves-{one}-title")
                yield PlotView(id=f"curves-{one}")

    def show(self, curves: Curves | None, baseline: Curves | None) -> None:
        """Show a class; the baseline's curves lie behind. Without positives nothing is drawn."""
        roc, pr = self.query_one("#curves-roc", PlotView), self.query_one("#curves-pr", PlotView)
        drawn = [one for one in (baseline, curves) if one is not None and _is_scored(one)]
        roles = ("secondary", "primary")[-len(drawn) :] if drawn else ()
        pairs = list(zip(drawn, roles, strict=True))
        roc.show(
            [_line(one.false_positive_rate, one.true_positive_rate, role) for one, role in pairs],
            x_limits=_UNIT, y_limits=_UNIT,
        )  # fmt: skip
        pr.show(
            [_line(one.recall, one.precision, role) for one, role in pairs],
            x_limits=_UNIT, y_limits=_UNIT,
        )  # fmt: skip
        self._say("roc", "ROC", "roc_auc", curves, baseline)
        self._say("pr", "PR", "average_precision", curves, baseline)

    def _say(
        self, which: str, title: str, field: str, curves: Curves | None, baseline: Curves | None
    ) -> None:
        text = Content(title)
        if curves is not None and not _is_scored(curves):
            text += Content.from_markup(" [$text-muted]— no positive row[/]")
        elif curves is not None:
            area = figures.area(getattr(curves, field))
            text += Content.from_markup(" [b $primary]$area[/]", area=area)
            if baseline is not None and _is_scored(baseline):
                other = figures.area(getattr(baseline, field))
                text += Content.from_markup(" [$secondary]vs $other[/]", other=other)
        static = self.query_one(f"#curves-{which}-title", Static)
        if text != static.content:
            static.update(text)


def _is_scored(curves: Curves) -> bool:
    return not math.isnan(curves.roc_auc)


def _line(x: object, y: object, role: str) -> Series:
    return Series(list(x), list(y), "hd", role, lines=True)  # type: ignore[call-overload]
