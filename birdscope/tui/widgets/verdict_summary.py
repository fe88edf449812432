"""What the verdicts of a species say: figures, and the calibration curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from birdscope.tui.widgets.plot import PlotView, Series


class VerdictSummary(Widget):
    """Lines of figures; asks for as many as it has room for."""

    DEFAULT_CSS = """
    VerdictSummary { height: 1fr; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Callable[[int, int], Content] = lambda width, rows: Content()

    @property
    def text(self) -> str:
        """What it says."""
        return self._lines(*self.size).plain

    def show(self, lines: Callable[[int, int], Content]) -> None:
        """Show other figures; `lines` gives the text that fits a width and a height."""
        self._lines = lines
        self.refresh()

    def render(self) -> Content:
        """The figures."""
        return self._lines(*self.size)


class CalibrationView(Container):
    """P(species is there | score) with the verdicts it was fitted to; why there is none yet."""

    DEFAULT_CSS = """
    CalibrationView {
        height: 1fr;
        width: 1fr;
        & > PlotView { display: none; }
        & > Static { height: auto; color: $text-muted; padding: 0 1; }
        &.-fitted > PlotView { display: block; }
        &.-fitted > Static { display: none; }
    }
    """

    def compose(self) -> ComposeResult:
        """The plot, or words in its place."""
        yield PlotView()
        yield Static()

    def show(
        self,
        curve: tuple[Sequence[float], Sequence[float]],
        yes: Sequence[float],
        no: Sequence[float],
        words: str,
    ) -> None:
        """Show another calibration.

        Args:
            curve: Scores and probabilities; empty where nothing could be fitted.
            yes: Scores of windows that hold the species.
            no: Scores of windows that don't.
            words: Said where there is no curve.
        """
        fitted = bool(curve[0])
        self.set_class(fitted, "-fitted")
        self.query_one(Static).update(Content(words))
        if not fitted:
            return
        series = [
            Series(no, [0.0] * len(no), "•", "secondary"),
            Series(yes, [1.0] * len(yes), "•", "accent"),
            Series(*curve, "hd", "primary", lines=True),
        ]
        plot = self.query_one(PlotView)
        plot.show(
            [one for one in series if len(one.x)],
            x_limits=(0.0, 1.0),
            y_limits=(0.0, 1.0),
            ticks=(5, 3),
        )
