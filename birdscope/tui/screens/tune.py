"""Tune: post-processing as sliders, measured on labels while they move."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from birdscope.core.settings import Settings
from birdscope.postprocess.chosen_notes import after_hand
from birdscope.tui import tune_bindings, tune_lines
from birdscope.tui.messages import CompareInScope, OpenInAudition
from birdscope.tui.tune_dialogs import Dialogs
from birdscope.tui.tune_doing import Doing
from birdscope.tui.tune_drawing import VIEWS, Drawing
from birdscope.tui.tune_feed import TuneFeed
from birdscope.tui.tune_jobs import TuneJobs
from birdscope.tui.tune_shelf import Shelf
from birdscope.tui.widgets.class_deltas import ClassDeltas
from birdscope.tui.widgets.curves import CurvesView
from birdscope.tui.widgets.hint import Hint
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.settings_table import SettingsTable
from birdscope.tui.widgets.stack_editor import StackEditor
from birdscope.tui.widgets.stage_bars import StageBars

if TYPE_CHECKING:
    from birdscope.tui.jobs_watch import Ended
    from birdscope.tui.services import Services

WIDE_COLUMNS, ROOMY_COLUMNS, TALL_ROWS = 110, 140, 34


class TunePane(Container):
    """The tab of post-processing.

    Args:
        services: The app's catalog, study lane, session and jobs.
    """

    BINDINGS: ClassVar[list[BindingType]] = tune_bindings.BINDINGS

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self.feed = TuneFeed(self, services, self._feed_changed)
        self.shelf = Shelf(services)
        self._doing = Doing(self, services, self.feed, self.shelf, self._draw)
        self._dialogs = Dialogs(self, services, self.feed, self.shelf, self._doing)
        self._jobs = TuneJobs(self, services, self.feed, self.shelf)
        self._drawing = Drawing(self, services, self.feed, self.shelf)

    def compose(self) -> ComposeResult:
        """What is measured; the stack beside the table; classes, curves and stages below."""
        yield Static(id="tune-header")
        yield Static(id="tune-says")
        yield Hint(id="tune-hint")
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
        services.jobs.changed.subscribe(self, lambda snapshot: self._jobs_changed())
        self._drawing.show_view()

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
        if action not in tune_bindings.ACTIONS or action in tune_bindings.ANYTIME:
            return True
        if self.feed.opened is None:
            return False
        if action in tune_bindings.OF_SAVED:
            return self._table.has_focus and tune_lines.is_saved(self._table.line)
        return action != "members" or self._editor.on_a_members_step

    def action_add(self) -> None:
        """Add a step."""

        def added(settings: Settings, place: int) -> None:
            self.feed.change(settings)
            self._draw()
            self._editor.go_to_step(place)
            self._editor.focus()

        self._dialogs.add_step(self._editor.step_here, added)

    def action_undo(self) -> None:
        """Take back the last change, or what was last done to a row."""
        self._doing.undo()

    def action_redo(self) -> None:
        """Do again what was taken back."""
        self._doing.redo()

    def action_use(self) -> None:
        """Make the current settings the session's."""
        self._doing.use(self.feed.settings, self._table.lines)

    def action_save(self) -> None:
        """Save the current settings."""
        self._dialogs.save()

    def action_view(self) -> None:
        """Show the next view below."""
        self._drawing.view = (self._drawing.view + 1) % len(VIEWS)
        self._drawing.show_view()

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

    def action_scope(self) -> None:
        """Show on Scope what the row under the cursor changes against the baseline."""
        line, lines = self._table.line, self._table.lines
        pair = tune_lines.pair_of(line, lines, self.feed.baseline) if line is not None else None
        if pair is None:
            self.notify("A is the baseline: go to another row for B, or mark another A with =.")
            return
        self.post_message(CompareInScope(pair))

    def action_diff(self) -> None:
        """Show what differs between the row and the current settings, or the baseline."""
        if self._table.line is not None:
            self._dialogs.diff(self._table.line, self._table.lines)

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
        made = after_hand(self.feed.settings, message.settings)
        self.feed.change(made, message.gesture, held=message.held)

    def on_rows_view_chosen(self, message: RowsView.Chosen) -> None:
        """Use a row; hear a class; go to a step."""
        if message.view is self._table:
            line = self._table.line
            if line is not None and line.settings is not None and not line.problem:
                self.feed.change(line.settings)
                self._doing.use(line.settings, self._table.lines)
        elif isinstance(message.view, StageBars):
            stage = message.view.stage
            if stage is not None and stage.step is not None:
                self._editor.go_to_step(stage.step)
                self._editor.focus()

    def on_rows_view_highlighted(self, message: RowsView.Highlighted) -> None:
        """Another row is looked at."""
        if message.view is self._table:
            self._drawing.draw_line()
        elif isinstance(message.view, ClassDeltas):
            self.feed.figures.show_class(message.view.label)
            self._drawing.draw_curves()

    @property
    def _editor(self) -> StackEditor:
        return self.query_one(StackEditor)

    @property
    def _table(self) -> SettingsTable:
        return self.query_one(SettingsTable)

    def _begin_anew(self) -> None:
        self.feed.close_data()
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
        self._run(self._tell_found(ended))

    async def _tell_found(self, ended: Ended) -> None:
        await self._look_at_shelf()
        self._jobs.tell_found(ended)

    def _jobs_changed(self) -> None:
        """While there is nothing else to see, how far the predictions are."""
        predicting = self._jobs.predicting if self.feed.opened is None else ""
        if predicting != self._drawing.predicting:
            self._drawing.predicting = predicting
            self._draw()

    def _feed_changed(self) -> None:
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        self._drawing.draw()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="tune-pane", exit_on_error=False)
