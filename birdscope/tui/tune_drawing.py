"""Draws Tune: the feed's state into its widgets, only where it differs from what is there."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from birdscope.core.settings import Settings
from birdscope.tui import tune_lines, tune_text
from birdscope.tui.services import Services
from birdscope.tui.tune_feed import TuneFeed
from birdscope.tui.tune_shelf import Shelf
from birdscope.tui.widgets.class_deltas import ClassDeltas
from birdscope.tui.widgets.curves import CurvesView
from birdscope.tui.widgets.settings_table import SettingLine, SettingsTable
from birdscope.tui.widgets.stack_editor import StackEditor
from birdscope.tui.widgets.stage_bars import StageBars

VIEWS = ("classes", "curves", "stages")


class Drawing:
    """The hand that draws a pane.

    Args:
        pane: Its widgets are drawn.
        services: Their session's settings are marked.
        feed: What is known.
        shelf: The saved settings.

    Attributes:
        view: Which of VIEWS is on show where there is room for one.
        predicting: How far a job is that predicts the labelled files; empty without one.
    """

    def __init__(self, pane: Widget, services: Services, feed: TuneFeed, shelf: Shelf) -> None:
        self._pane = pane
        self._services = services
        self._feed = feed
        self._shelf = shelf
        self._others: tuple[Settings, ...] = ()
        self.view = 0
        self.predicting = ""

    def draw(self) -> None:
        """Draw all that is new."""
        pane, feed = self._pane, self._feed
        if not pane.is_mounted or not pane.query("#tune-stages"):
            return
        self._say("#tune-header", tune_text.header(feed, wide=pane.has_class("-wide")))
        self._say_or_hint()
        if feed.opened is None:
            pane.refresh_bindings()
            return
        pane.query_one(StackEditor).show(feed.settings, feed.bench)
        lines = self.lines()
        pane.query_one(SettingsTable).show(lines)
        upper = pane.query_one("#tune-upper")
        upper.border_subtitle = tune_text.legend(lines, upper.size.width - 4)
        others = tune_lines.others_of(lines)
        if others != self._others:
            self._others = others
            feed.figures.list_others(others)
        self.draw_line()
        self._draw_lower()

    def lines(self) -> list[SettingLine]:
        """The rows of the table."""
        in_use = self._services.session.state.settings
        return tune_lines.lines_of(self._feed, self._shelf.entries, in_use)

    def draw_line(self) -> None:
        """The row under the cursor, in words."""
        line = self._pane.query_one(SettingsTable).line
        self._say("#tune-line", tune_text.about(line, self._feed.opened))
        self._pane.refresh_bindings()

    def draw_curves(self) -> None:
        """The class that is chosen."""
        feed, view = self._feed, self._pane.query_one(CurvesView)
        if feed.opened is None:
            return
        name = feed.opened.label_names.get(feed.label, feed.label)
        count = feed.opened.positives.get(feed.label, 0)
        wide = self._pane.has_class("-wide")
        positives = f"{count} {tune_text.plural(count, 'positive')}" if wide else f"n {count}"
        view.border_title = f"{self._place}{name} · {positives}"
        view.show(*feed.figures.curves)

    def show_view(self) -> None:
        """Show the chosen view."""
        self._pane.set_class(VIEWS[self.view] == "curves", "-curves")
        for number, name in enumerate(VIEWS):
            self._pane.query_one(f"#tune-{name}").set_class(number == self.view, "-chosen")
        self.draw()

    @property
    def _place(self) -> str:
        """Which view of how many is on show, where it is one at a time."""
        return "" if self._pane.has_class("-wide") else f"v {self.view + 1}/{len(VIEWS)} "

    def _say_or_hint(self) -> None:
        """The words above the figures, or those in their place; who can't be seen has no focus."""
        pane, empty = self._pane, self._feed.opened is None
        hint, body = pane.query_one("#tune-hint"), pane.query_one("#tune-body")
        if body.disabled != empty or hint.disabled == empty:
            focused = pane.has_focus_within or pane.screen.focused is None
            pane.set_class(empty, "-empty")
            body.disabled, hint.disabled = empty, not empty
            if focused and pane.display:
                (hint if empty else pane.query_one(StackEditor)).focus()
        if empty:
            self._say("#tune-hint", tune_text.hint(self._feed, self.predicting))
        says = tune_text.says((pane.size.width or pane.app.size.width) - 2)
        self._say("#tune-says", Content.from_markup("[$text-muted]$says[/]", says=says))

    def _draw_lower(self) -> None:
        feed, pane = self._feed, self._pane
        assert feed.opened is not None
        classes, opened = pane.query_one(ClassDeltas), feed.opened
        found = (opened.label_names, opened.positives, feed.figures.deltas)
        classes.show(opened.classes, *found, start=feed.start_label)
        classes.border_title = f"{self._place}Classes · Δ to {feed.baseline.name}"
        for stages in pane.query(StageBars):
            stages.show(feed.figures.stages)
            stages.border_title = f"{self._place}What each step adds"
        self.draw_curves()

    def _say(self, selector: str, text: Content) -> None:
        static = self._pane.query_one(selector, Static)
        if text != static.content:
            static.update(text)
