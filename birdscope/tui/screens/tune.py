"""Tune: post-processing as sliders, measured on labels while they move."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from birdscope.core.settings import Settings
from birdscope.tui import tune_lines, tune_text
from birdscope.tui.messages import OpenInAudition
from birdscope.tui.tune_dialogs import Dialogs
from birdscope.tui.tune_feed import TuneFeed
from birdscope.tui.tune_jobs import TuneJobs
from birdscope.tui.tune_shelf import Shelf
from birdscope.tui.widgets.class_deltas import ClassDeltas
from birdscope.tui.widgets.curves import CurvesView
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.settings_table import SettingLine, SettingsTable
from birdscope.tui.widgets.stack_editor import StackEditor
from birdscope.tui.widgets.stage_bars import StageBars

if TYPE_CHECKING:
    from birdscope.tui.jobs_watch import Ended
    from birdscope.tui.services import Services

WIDE_COLUMNS, ROOMY_COLUMNS, TALL_ROWS = 110, 140, 34
VIEWS = ("classes", "curves", "stages")
_ANYTIME = ("labels", "predict", "view")
_OF_SAVED = ("rename", "delete")


class TunePane(Container):
    """The tab of post-processing.

    Args:
        services: The app's catalog, study lane, session and jobs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="tune.add", tooltip="Add a step to the stack"),
        Binding("ctrl+z", "undo", "Undo", id="tune.undo", tooltip="Take back the last change"),
        Binding("ctrl+y", "redo", "Redo", show=False, id="tune.redo",
                tooltip="Do again what was taken back"),
        Binding("u", "use", "Use", show=False, id="tune.use",
                tooltip="Make the current settings the session's: Scope and Submit use them"),
        Binding("s", "save", "Save", id="tune.save", tooltip="Save the current settings"),
        Binding("v", "view", "View", id="tune.view",
                tooltip="Next view below: classes, curves, stages"),
        Binding("o", "listen", "Listen", id="tune.listen",
                tooltip="Hear in Audition the windows that cost this class most AUC"),
        Binding("n", "class(1)", "Next class", show=False, id="tune.next_class",
                tooltip="Next class"),
        Binding("p", "class(-1)", "Class before", show=False, id="tune.class_before",
                tooltip="Class before"),
        Binding("equals_sign", "compare", "Baseline", show=False, key_display="=",
                id="tune.compare", tooltip="Compare the other settings with this row"),
        Binding("d", "diff", "Differences", show=False, id="tune.diff",
                tooltip="Show what differs between this row and the current settings"),
        Binding("c", "take", "Take in hand", show=False, id="tune.take",
                tooltip="Make this row the current settings, without using them yet"),
        Binding("f2", "rename", "Rename", show=False, id="tune.rename",
                tooltip="Rename these saved settings"),
        Binding("D", "delete", "Delete", show=False, id="tune.delete",
                tooltip="Delete these saved settings"),
        Binding("m", "members", "Members", show=False, id="tune.members",
                tooltip="Choose which members the step touches"),
        Binding("r", "reset", "Reset", show=False, id="tune.reset",
                tooltip="Go back to the ensemble's own stack"),
        Binding("b", "fit", "Fit blend", show=False, id="tune.fit",
                tooltip="Fit the blend weights to the labels (NNLS inside folds)"),
        Binding("g", "search", "Search", id="tune.search",
                tooltip="Search good settings as a job, judged by nested folds"),
        Binding("l", "labels", "Labels", id="tune.labels", tooltip="Choose labels and scores"),
        Binding("i", "explain", "Explain", id="tune.explain",
                tooltip="What a row and a badge mean, and what is counted where"),
        Binding("P", "predict", "Predict", show=False, id="tune.predict",
                tooltip="Predict the labelled soundscapes as a job"),
    ]  # fmt: skip

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self.feed = TuneFeed(self, services, self._feed_changed)
        self.shelf = Shelf(services)
        self._dialogs = Dialogs(self, self.feed, self.shelf, self._draw)
        self._jobs = TuneJobs(self, services, self.feed, self.shelf)
        self._view = 0
        self._others: tuple[Settings, ...] = ()

    def compose(self) -> ComposeResult:
        """What is measured; the stack beside the table; classes, curves and stages below."""
        yield Static(id="tune-header")
        yield Static(Content.from_markup("[$text-muted]$says[/]", says=tune_text.SAYS),
                     id="tune-says")  # fmt: skip
        yield Static(id="tune-hint")
        with Horizontal(id="tune-body"):
            with Vertical(id="tune-left"):
                stack = StackEditor(id="tune-stack")
                stack.border_title = "Stack"
                yield stack
                yield StageBars(id="tune-stages-tall")
            with Vertical(id="tune-right"):
                with Vertical(id="tune-upper") as upper:
                    upper.border_title = "Settings"
                    yield SettingsTable(id="tune-settings")
                    yield Static(id="tune-line")
                with Horizontal(id="tune-lower"):
                    yield ClassDeltas(id="tune-classes")
                    yield CurvesView(id="tune-curves")
                    yield StageBars(id="tune-stages")

    def on_mount(self) -> None:
        """Follow the catalog, the session and the jobs."""
        services = self._services
        services.catalog_loaded.subscribe(self, lambda catalog: self._begin_anew())
        services.session_changed.subscribe(self, lambda session: self._begin_anew())
        services.settings_changed.subscribe(self, lambda settings: self._draw())
        services.jobs.ended.subscribe(self, self._jobs_ended)
        self._show_view()
        self._draw()

    def on_show(self) -> None:
        """Scores, verdicts or settings may be new since the last time."""
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        """All three views below where there is room, else one at a time."""
        self.set_class(event.size.width >= WIDE_COLUMNS, "-wide")
        self.set_class(event.size.width >= ROOMY_COLUMNS, "-roomy")
        self.set_class(event.size.height >= TALL_ROWS, "-tall")
        self._draw()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug or a refusal in a worker must be seen, and must not end the app."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            self.notify(str(event.worker.error), title="Tune", severity="error", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Most keys mean something only once there is something to tune."""
        own = {one.action.partition("(")[0] for one in self.BINDINGS if isinstance(one, Binding)}
        if action not in own or action in _ANYTIME:
            return True
        if self.feed.opened is None:
            return False
        if action in _OF_SAVED:
            line = self._table.line
            return line is not None and line.key.startswith("saved ") and self._table.has_focus
        if action == "members":
            number = self._editor.step_here
            steps = self.feed.settings.steps
            return number is not None and number < len(steps) and steps[number].at != "ensemble"
        return True

    def action_add(self) -> None:
        """Add a step."""

        def added(settings: Settings, place: int) -> None:
            self.feed.change(settings)
            self._draw()
            self._editor.go_to_step(place)
            self._editor.focus()

        self._dialogs.add_step(self._editor.step_here, added)

    def action_undo(self) -> None:
        """Take back the last change."""
        if not self.feed.undo():
            self.notify("There is nothing to undo.")

    def action_redo(self) -> None:
        """Do again what was taken back."""
        if not self.feed.redo():
            self.notify("There is nothing to do again.")

    async def action_use(self) -> None:
        """Make the current settings the session's."""
        await self._use(self.feed.settings)

    def action_save(self) -> None:
        """Save the current settings."""
        self._dialogs.save()

    def action_view(self) -> None:
        """Show the next view below."""
        self._view = (self._view + 1) % len(VIEWS)
        self._show_view()

    def action_listen(self) -> None:
        """Hear what costs the class most."""
        feed = self.feed
        if feed.label and feed.source is not None:
            message = OpenInAudition(feed.label, "auc_loss", feed.source.scores, feed.settings)
            self.post_message(message)

    def action_class(self, rows: int) -> None:
        """Go to another class."""
        self.query_one(ClassDeltas).action_step(rows)

    def action_compare(self) -> None:
        """Compare with the row under the cursor."""
        line = self._table.line
        if line is not None and line.settings is not None and not line.problem:
            self.feed.compare_with(line.settings)

    def action_diff(self) -> None:
        """Show what differs between the row and the current settings, or the baseline."""
        line, lines = self._table.line, self._table.lines
        if line is None:
            return
        first = lines[0]
        if line is first:
            first = next((one for one in lines if one.is_baseline), first)
        self._dialogs.diff(first, line)

    def action_take(self) -> None:
        """Take the row under the cursor in hand."""
        line = self._table.line
        if line is not None and line.settings is not None and not line.problem:
            self.feed.change(line.settings)

    def action_rename(self) -> None:
        """Rename saved settings."""
        if self._table.line is not None:
            self._dialogs.rename(self._table.line)

    def action_delete(self) -> None:
        """Delete saved settings, when confirmed."""
        if self._table.line is not None:
            self._dialogs.delete(self._table.line)

    def action_members(self) -> None:
        """Choose which members the step touches."""
        if (number := self._editor.step_here) is not None:
            self._dialogs.choose_members(number, self.feed.change)

    def action_reset(self) -> None:
        """Go back to the ensemble's own stack."""
        if self.feed.opened is not None:
            self.feed.change(self.feed.opened.default_settings)

    def action_fit(self) -> None:
        """Fit the blend weights."""
        self._run(self._jobs.fit_blend())

    def action_search(self) -> None:
        """Ask how long to search, and start the job."""
        self._jobs.ask_search()

    def action_labels(self) -> None:
        """Choose labels and scores."""
        self._dialogs.choose_labels()

    def action_explain(self) -> None:
        """Explain the screen."""
        self._dialogs.explain(self._table.line)

    async def action_predict(self) -> None:
        """Predict the labelled soundscapes."""
        await self._jobs.predict()

    def on_stack_editor_changed(self, message: StackEditor.Changed) -> None:
        """The user turned something."""
        self.feed.change(message.settings, message.gesture, held=message.held)

    async def on_rows_view_chosen(self, message: RowsView.Chosen) -> None:
        """Use a row; hear a class; go to a step."""
        if message.view is self._table:
            line = self._table.line
            if line is not None and line.settings is not None and not line.problem:
                self.feed.change(line.settings)
                await self._use(line.settings)
        elif isinstance(message.view, StageBars):
            stage = message.view.stage
            if stage is not None and stage.step is not None:
                self._editor.go_to_step(stage.step)
                self._editor.focus()

    def on_rows_view_highlighted(self, message: RowsView.Highlighted) -> None:
        """Another row is looked at."""
        if message.view is self._table:
            self._draw_line()
        elif isinstance(message.view, ClassDeltas):
            self.feed.show_class(message.view.label)
            self._draw_curves()

    @property
    def _editor(self) -> StackEditor:
        return self.query_one(StackEditor)

    @property
    def _table(self) -> SettingsTable:
        return self.query_one(SettingsTable)

    @property
    def _place(self) -> str:
        """Which view of how many is on show, where it is one at a time."""
        return "" if self.has_class("-wide") else f"{self._view + 1}/{len(VIEWS)} "

    def _begin_anew(self) -> None:
        self.feed.close_data()
        self._others = ()
        if self.display:
            self._look()

    def _look(self) -> None:
        if self._services.catalog is None:
            return
        verdicts = self.feed.source is not None and self.feed.source.kind == "verdicts"
        self.feed.look(again=verdicts)
        self._run(self._look_at_shelf())

    async def _look_at_shelf(self) -> None:
        await self.shelf.look()
        self._draw()

    def _jobs_ended(self, ended: Ended) -> None:
        """What was waited for may be there: scores of the labelled files, a search's result."""
        if self.display:
            self._look()

    async def _use(self, settings: Settings) -> None:
        """Make settings the session's; the ensemble's own are none of its."""
        opened = self.feed.opened
        if opened is None:
            return
        own = tune_lines.is_own(settings, opened)
        await self._services.use_settings(None if own else settings)
        name = tune_lines.OWN if own else settings.name
        self.notify(f"Scope and Submit use {name} now.", title="In use", markup=False)

    def _feed_changed(self) -> None:
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        """Draw all that is new."""
        if not self.is_mounted or not self.query("#tune-stages"):
            return
        feed = self.feed
        self._say("#tune-header", tune_text.header(feed))
        self.set_class(feed.opened is None, "-empty")
        if feed.opened is None:
            self._say("#tune-hint", tune_text.hint(feed))
            self.refresh_bindings()
            return
        self._editor.show(feed.settings, feed.bench)
        lines = self._lines()
        self._table.show(lines)
        others = tune_lines.others_of(lines)
        if others != self._others:
            self._others = others
            feed.list_others(others)
        self._draw_line()
        self._draw_lower()

    def _lines(self) -> list[SettingLine]:
        in_use = self._services.session.state.settings
        return tune_lines.lines_of(self.feed, self.shelf.entries, in_use)

    def _draw_line(self) -> None:
        """The row under the cursor, in words."""
        self._say("#tune-line", tune_text.about(self._table.line, self.feed.opened))
        self.refresh_bindings()

    def _draw_lower(self) -> None:
        feed = self.feed
        assert feed.opened is not None
        classes, opened = self.query_one(ClassDeltas), feed.opened
        classes.show(opened.classes, opened.label_names, opened.positives, feed.deltas)
        classes.border_title = f"{self._place}Classes · Δ to {feed.baseline.name}"
        for stages in self.query(StageBars):
            stages.show(feed.stages)
            stages.border_title = f"{self._place}What each step adds"
        self._draw_curves()

    def _draw_curves(self) -> None:
        feed, view = self.feed, self.query_one(CurvesView)
        if feed.opened is None:
            return
        name = feed.opened.label_names.get(feed.label, feed.label)
        count = feed.opened.positives.get(feed.label, 0)
        positives = tune_text.plural(count, "positive")
        view.border_title = f"{self._place}{name} · {count} {positives}"
        view.show(*feed.curves)

    def _show_view(self) -> None:
        for number, name in enumerate(VIEWS):
            self.query_one(f"#tune-{name}").set_class(number == self._view, "-chosen")
        self._draw()

    def _say(self, selector: str, text: Content) -> None:
        static = self.query_one(selector, Static)
        if text != static.content:
            static.update(text)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="tune-pane", exit_on_error=False)
