"""Draws Scope: the feed's state into the widgets of its pane."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from birdscope.core.units import clock
from birdscope.core.windows import SOUNDSCAPE_S, WINDOW_S
from birdscope.tui import scope_text
from birdscope.tui.widgets.engine_line import EngineLine
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.top_species import TopSpecies

if TYPE_CHECKING:
    from birdscope.engine.messages import Blended
    from birdscope.tui.scope_feed import Feed
    from birdscope.tui.scope_heat import HeatDesk
    from birdscope.tui.services import Services

WIDE_COLUMNS, TALL_ROWS = 110, 30
WIDE_LIST, NARROW_LIST = 42, 27
# Cells that facts beside the spectrogram need, and those of the frequency axis.
_FACTS_FROM, _HERTZ = 28, 7


class ScopeDrawing:
    """The hand that draws the pane.

    Args:
        pane: Its widgets are drawn.
        services: Know the dataset.
        feed: What is known of the recording.
        heat: How the heat map is looked at.
    """

    def __init__(self, pane: Widget, services: Services, feed: Feed, heat: HeatDesk) -> None:
        self._pane = pane
        self._services = services
        self._feed = feed
        self._heat = heat
        self._drawn: Blended | None = None
        self._empty_windows: int | None = None

    @property
    def spectrogram(self) -> SpectrogramView:
        """The picture."""
        return self._pane.query_one("#scope-spectrogram", SpectrogramView)

    @property
    def heatmap(self) -> HeatMap:
        """The species."""
        return self._pane.query_one("#scope-heatmap", HeatMap)

    def forget(self) -> None:
        """Draw the heat map with the next news, whatever they are."""
        self._drawn = None

    def fit(self, size: Size) -> None:
        """Names in the gutter where there is room for them, frames where there are rows."""
        wide = size.width >= WIDE_COLUMNS
        self._pane.set_class(size.height >= TALL_ROWS, "-tall")
        list_width = WIDE_LIST if wide else NARROW_LIST
        self._pane.query_one(TopSpecies).styles.width = list_width
        gutter = even_gutter(size.width - list_width - 1, wide)
        self.spectrogram.gutter_width = gutter
        self.heatmap.gutter_width = gutter
        corner = self._pane.query_one("#scope-facts", Static)
        corner.display = gutter >= _FACTS_FROM and size.height >= TALL_ROWS
        corner.styles.width = max(gutter - _HERTZ, 1)

    def news(self, window: int, *, follows: bool) -> None:
        """Draw what the feed has got."""
        feed = self._feed
        if feed.blended is not self._drawn or feed.blended is None:
            self._drawn = feed.blended
            self.rows(window)
        self.heatmap.set_busy(feed.remaining[0] if feed.remaining else None)
        self.header(follows=follows)
        self.facts()
        self.top(window)
        share = len(feed.done) / feed.n_windows if feed.n_windows else 0.0
        status = feed.engine.status
        if feed.ensemble is not None and status.ensemble:
            # one name everywhere: the ensemble's own, not its file's
            status = replace(status, ensemble=feed.ensemble.name)
        self._pane.query_one(EngineLine).show(status, feed.remaining, share)

    def header(self, *, follows: bool) -> None:
        """Draw the recording, the span, what of the usual look is changed."""
        feed, view = self._feed, self.spectrogram
        header = self._pane.query_one("#scope-header", Static)
        if feed.recording is None:
            header.update(Content.from_markup("[$text-muted]no soundscape is open[/]"))
            return
        span = f"{clock(view.view_start_s)}–{clock(view.view_end_s)}" if feed.duration_s else ""
        look = [self._heat.description(), "" if follows else "stays"]
        text = scope_text.header(feed, span, " · ".join(part for part in look if part))
        if not self._pane.query_one("#scope-facts").display:
            meaning = f"  {self._heat.facts()[2]}"
            text += Content.from_markup("[$text-muted]$meaning[/]", meaning=meaning)
        if text != header.content:
            header.update(text)

    def facts(self) -> None:
        """Draw what is known of the recording."""
        corner = self._pane.query_one("#scope-facts", Static)
        text = scope_text.facts(self._feed, *self._heat.facts())
        if text != corner.content:
            corner.update(text)

    def rows(self, window: int) -> None:
        """Draw the heat map, or why it is empty."""
        feed, heatmap = self._feed, self.heatmap
        self._pane.set_class(feed.blended is None, "-empty")
        if feed.blended is not None:
            self._empty_windows = None
            self._heat.draw(heatmap, window)
            return
        hint = self._pane.query_one("#scope-hint", Static)
        anything = self._services.catalog is not None or feed.recording is not None
        text = scope_text.hint(feed, anything)
        if text != hint.content:
            hint.update(text)
        if self._empty_windows != feed.n_windows:
            self._empty_windows = feed.n_windows
            # fewer windows move the cursor: that is no choice of the user's
            with heatmap.prevent(HeatMap.CellSelected):
                heatmap.show(*scope_text.empty_rows(feed.n_windows))

    def top(self, window: int) -> None:
        """Draw the best species of a window."""
        heatmap = self.heatmap
        focused = self._feed.blended is not None and heatmap.has_focus
        chosen = self._heat.column_of(heatmap.cursor[0]) if focused else None
        title, scores, members, hint = scope_text.top_of(
            self._feed, self._heat.taxonomy, window, chosen
        )
        self._pane.query_one(TopSpecies).show(title, scores, members, hint)


def even_gutter(columns: int, wide: bool) -> int:
    """A gutter that leaves every window of a minute the same number of columns.

    >>> even_gutter(52, False)
    16
    """
    least = min(30, columns // 3) if wide else 10
    return least + max(columns - least, 0) % (SOUNDSCAPE_S // WINDOW_S)
