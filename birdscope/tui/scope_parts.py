"""Which part of a window triggered a species: asked of the engine, drawn under the spectrogram."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    from birdscope.tui.scope_feed import Feed
    from birdscope.tui.scope_heat import HeatDesk


class PartsDesk:
    """The curve of the selected cell.

    Args:
        pane: Scope, whose workers and widgets it uses.
        feed: What is known of the recording.
        heat: Knows the species of the rows.
    """

    def __init__(self, pane: Widget, feed: Feed, heat: HeatDesk) -> None:
        self._pane = pane
        self._feed = feed
        self._heat = heat
        self._shown = False
        self._of: tuple[Path, int, int] | None = None

    def forget(self) -> None:
        """Another recording is on show."""
        self._of = None
        self._view.set_curve((), ())

    def turn(self, window: int) -> None:
        """Show the curve, or no longer."""
        self._shown = not self._shown
        self._of = None
        if not self._shown:
            self._view.set_curve((), ())
        elif self._column is None:
            self._pane.notify("No species is selected: predict first, with r.")
        self.ask(window)

    def ask(self, window: int) -> None:
        """Ask for the curve of the selected species, where it is shown, unless it is there."""
        recording, column = self._feed.recording, self._column
        if not self._shown or recording is None or column is None:
            return
        wanted = (recording.path, window, column)
        if wanted != self._of:
            self._of = wanted
            self._pane.run_worker(self._draw(*wanted), group="scope-parts", exclusive=True)

    @property
    def _view(self) -> SpectrogramView:
        return self._pane.query_one("#scope-spectrogram", SpectrogramView)

    @property
    def _column(self) -> int | None:
        """Of the selected species; None where there are no predictions."""
        if self._feed.blended is None:
            return None
        return self._heat.column_of(self._pane.query_one(HeatMap).cursor[0])

    async def _draw(self, path: Path, window: int, column: int) -> None:
        feed = self._feed
        try:
            found = await feed.engine.segments(path, window, feed.n_windows, column)
        except Cancelled:
            return
        except BirdscopeError as error:
            self._of = None
            self._pane.notify(str(error), title="Which part", severity="warning", markup=False)
            return
        name = self._heat.taxonomy.get(feed.classes[column]).name
        self._view.set_curve(found.times_s, found.values, name)
