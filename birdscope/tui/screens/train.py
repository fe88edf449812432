"""Train: recipes, the data under them, and the runs they become."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from birdscope.tui import train_text
from birdscope.tui.train_feed import TrainFeed
from birdscope.tui.train_jobs import TrainJobs
from birdscope.tui.train_runs import TrainRuns
from birdscope.tui.widgets.plot import PlotView, Series
from birdscope.tui.widgets.recipe_form import RecipeForm
from birdscope.tui.widgets.recipe_list import RecipeList
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.run_curves import RunCurves
from birdscope.tui.widgets.runs_table import RunsTable

if TYPE_CHECKING:
    from birdscope.tui.jobs_watch import Ended
    from birdscope.tui.services import Services

WIDE_COLUMNS, TALL_ROWS = 130, 38
VIEWS = ("recipe", "data", "runs")
_OF_RUN = ("cancel", "resume", "clone", "promote", "log", "labels", "differences", "mark")


class TrainPane(Container):
    """The tab of training.

    Args:
        services: The app's catalog, study lane, session and jobs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", id="train.start",
                tooltip="Start a training with the recipe in hand, as a job"),
        Binding("v", "view", "View", id="train.view", tooltip="Next view: recipe, data, runs"),
        Binding("m", "measure", "Measure", id="train.measure",
                tooltip="Time a few real steps for the estimate, as a job"),
        Binding("w", "save", "Save", show=False, id="train.save",
                tooltip="Save the recipe in hand as an own one"),
        Binding("z", "reset_all", "Reset all", show=False, id="train.reset_all",
                tooltip="Take back all changes of the recipe"),
        Binding("a", "other_key", "Other key", show=False, id="train.other_key",
                tooltip="Set a key that the form doesn't list, such as one of a stage"),
        Binding("space", "mark", "Compare", id="train.mark",
                tooltip="Mark this run to compare it with others"),
        Binding("d", "differences", "Differences", id="train.differences",
                tooltip="What differs between the recipes of the marked runs"),
        Binding("c", "cancel", "Cancel", id="train.cancel",
                tooltip="Stop this run; its last whole epoch is kept"),
        Binding("r", "resume", "Resume", id="train.resume",
                tooltip="Go on with this run from its last whole epoch"),
        Binding("n", "clone", "Another", id="train.clone",
                tooltip="Take this run's recipe in hand, to train another like it"),
        Binding("e", "promote", "Ensemble", id="train.promote",
                tooltip="Make an ensemble of the marked runs, or of this one"),
        Binding("b", "labels", "Labels", show=False, id="train.labels",
                tooltip="Hear what a round of this run labelled; keep or drop it"),
        Binding("l", "log", "Log", show=False, id="train.log", tooltip="The log of this run's job"),
    ]  # fmt: skip

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="-view-recipe")
        self._services = services
        self.feed = TrainFeed(self, services, self._draw)
        self.runs = TrainRuns(self, services, self._draw_runs)
        self.jobs = TrainJobs(self, services, self.feed, self.runs, self._started)
        self._view = 0
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """What is in hand; recipes, form and data; runs and their curves."""
        yield Static(id="train-header")
        with Horizontal(id="train-setup"):
            recipes = RecipeList(id="train-recipes")
            recipes.border_title, recipes.empty_text = "Recipes", "…"
            yield recipes
            with Vertical(id="train-form-box"):
                yield RecipeForm(id="train-form")
                yield Static(id="train-about")
            with Vertical(id="train-data") as data:
                data.border_title = "Data and estimate"
                with VerticalScroll(id="train-check"):
                    yield Static(id="train-check-text")
                yield Static(id="train-balance-title")
                yield PlotView(id="train-balance")
        with Vertical(id="train-lower"):
            with Vertical(id="train-runs-box") as box:
                box.border_title = "Runs"
                table = RunsTable(id="train-runs")
                table.empty_text = train_text.NO_RUNS
                yield table
                yield Static(id="train-run-line")
            yield RunCurves(id="train-curves")

    def on_mount(self) -> None:
        """Follow the catalog, the session and the jobs."""
        services = self._services
        services.catalog_loaded.subscribe(self, lambda catalog: self._data_changed())
        services.session_changed.subscribe(self, lambda session: self._begin_anew())
        services.jobs.changed.subscribe(self, lambda snapshot: self.runs.look())
        services.jobs.ended.subscribe(self, self._jobs_ended)
        self._draw()

    def on_show(self) -> None:
        """Recipes, runs or measured speeds may be new since the last time."""
        self.feed.look()
        self.runs.look(at_once=True)

    def on_resize(self, event: events.Resize) -> None:
        """Everything at once where there is room, else one view at a time."""
        self.set_class(event.size.width >= WIDE_COLUMNS, "-wide")
        self.set_class(event.size.height >= TALL_ROWS, "-tall")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug or a refusal in a worker must be seen, and must not end the app."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            self.notify(str(event.worker.error), title="Train", severity="error", markup=False)

    def on_descendant_focus(self) -> None:
        """The line below the form is about what is in the hand."""
        self._draw_about()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is about a run needs one; its keys mean something only where runs are seen."""
        if action not in _OF_RUN:
            return True
        table = self.query_one(RunsTable)
        if action == "mark":
            return table.has_focus and table.view is not None
        return table.view is not None and self._sees_runs

    def action_start(self) -> None:
        """Start a training."""
        self.jobs.ask_start()

    def action_view(self) -> None:
        """Show the next view and go there."""
        views = self._views
        here = next((n for n, one in enumerate(views) if self._focus_is_in(one)), 0)
        wanted = views[(here + 1) % len(views)]
        self._view = VIEWS.index(wanted)
        for name in VIEWS:
            self.set_class(name == wanted, f"-view-{name}")
        target = {"recipe": "#train-form", "data": "#train-check", "runs": "#train-runs"}
        # what was hidden a moment ago can be focused once it is laid out
        self.call_after_refresh(self.query_one(target[wanted]).focus)
        self.refresh_bindings()

    def action_measure(self) -> None:
        """Time a few steps."""
        self.jobs.measure()

    def action_save(self) -> None:
        """Save the recipe in hand."""
        if self.feed.rows:
            self.jobs.ask_save()

    def action_reset_all(self) -> None:
        """Take back all changes."""
        if self.feed.changes:
            self.feed.take(self.feed.source, {})

    def action_other_key(self) -> None:
        """Ask for a key and a value."""
        from birdscope.tui.screens.ask_text import AskText, Field

        def needed(text: str) -> str:
            return "" if text.strip() else "type a key and a value"

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self.run_worker(self._set(values["key"], values["value"]), exit_on_error=False)

        stages = [row.group for row in self.feed.rows if row.group.startswith("stage ")]
        key = f"stages.{stages[-1].removeprefix('stage ')}.optim.epochs" if stages else ""
        fields = [Field("key", "key", key, needed), Field("value", "value", "", needed)]
        says = "Any key of a recipe; one of a stage as stages.NAME.optim.epochs, of all as stages.*"
        self.app.push_screen(AskText("Set a key", fields, says=says, does="sets it"), take)

    def action_mark(self) -> None:
        """Mark a run."""
        self._table.mark()
        self._draw_curves()

    def action_differences(self) -> None:
        """Show differences."""
        self.jobs.show_differences(self._table.chosen)

    def action_cancel(self) -> None:
        """Stop the run."""
        if self._table.view is not None:
            self.jobs.cancel(self._table.view)

    def action_resume(self) -> None:
        """Go on with the run."""
        if self._table.view is not None:
            self.jobs.resume(self._table.view)

    def action_clone(self) -> None:
        """Take the run's recipe in hand."""
        view = self._table.view
        if view is not None and view.run.recipe:
            self.feed.take(str(view.run.folder), {})
            self._go_to("recipe")
            self.notify(f"The form holds the recipe of {view.name}.", markup=False)

    def action_promote(self) -> None:
        """Make an ensemble."""
        self.jobs.ask_promote(self._table.chosen)

    def action_labels(self) -> None:
        """Browse pseudo labels."""
        if self._table.view is not None:
            self.jobs.open_labels(self._table.view)

    def action_log(self) -> None:
        """Show the log."""
        from birdscope.tui.screens.job_log import JobLog

        view = self._table.view
        if view is not None and view.job is not None:
            self.app.push_screen(JobLog(view.job.job))
        elif view is not None:
            self.notify(f"{view.name} was not trained by a job of this session.")

    @on(RecipeForm.Typing)
    def _typing(self, message: RecipeForm.Typing) -> None:
        self.feed.try_out(message.key, message.text)

    @on(RecipeForm.Wanted)
    async def _wanted_value(self, message: RecipeForm.Wanted) -> None:
        self.run_worker(self._set(message.key, message.text), group="train-set")

    @on(RowsView.Highlighted)
    def _highlighted(self, message: RowsView.Highlighted) -> None:
        if isinstance(message.view, RecipeList) and message.view.entry is not None:
            entry = message.view.entry
            if message.view.has_focus and not entry.problem:
                self.feed.choose(entry.source)
            elif message.view.has_focus:
                self._say("#train-about", train_text.mark("$text-error", entry.problem))
        elif isinstance(message.view, RecipeForm):
            self._draw_about()
        elif isinstance(message.view, RunsTable):
            self._draw_run()

    @on(RowsView.Chosen)
    def _chosen(self, message: RowsView.Chosen) -> None:
        if isinstance(message.view, RecipeList):
            self.query_one(RecipeForm).focus()
        elif isinstance(message.view, RecipeForm):
            message.view.action_type()
        elif isinstance(message.view, RunsTable) and message.view.view is not None:
            self.jobs.show_classes(message.view.view)

    @property
    def _table(self) -> RunsTable:
        return self.query_one(RunsTable)

    @property
    def _views(self) -> tuple[str, ...]:
        """Those that are not on show together with another."""
        return ("recipe", "runs") if self.has_class("-wide") else VIEWS

    @property
    def _sees_runs(self) -> bool:
        return bool(self.query_one("#train-lower").display)

    def _focus_is_in(self, view: str) -> bool:
        if not self.has_class("-tall"):
            return self.has_class(f"-view-{view}")
        if view == "runs":
            return self._table.has_focus
        return self.has_class(f"-view-{view}") and not self._table.has_focus

    def _go_to(self, view: str) -> None:
        """Show a view and go there, where it isn't the one on show."""
        for _ in self._views:
            if self._focus_is_in(view):
                break
            self.action_view()

    def _started(self, name: str) -> None:
        self._wanted = name
        self._table.select(name)
        self._go_to("runs")
        self.runs.look(at_once=True)

    async def _set(self, key: str, text: str | None) -> None:
        form = self.query_one(RecipeForm)
        if await self.feed.set(key, text):
            form.end_typing()
            form.go_to(key)
        elif self.feed.typing_problem and not form.is_typing:
            self.notify(self.feed.typing_problem, severity="error", markup=False)

    def _begin_anew(self) -> None:
        self.runs.forget()
        if self.display:
            self.on_show()

    def _data_changed(self) -> None:
        if self.display:
            self.feed.check()

    def _jobs_ended(self, ended: Ended) -> None:
        self.runs.look(at_once=True)
        if any(one.job.spec.argv[:1] == ("estimate",) for one in ended.views):
            self.feed.check()

    def _draw(self) -> None:
        """Recipe, form and data."""
        if not self.is_mounted or not self.query("#train-curves"):
            return
        feed, catalog = self.feed, self._services.catalog
        self._say("#train-header", train_text.header(feed, catalog.name if catalog else ""))
        recipes, form = self.query_one(RecipeList), self.query_one(RecipeForm)
        recipes.show(feed.entries, feed.source)
        form.show(feed.rows)
        form.empty_text = feed.problem.split("\n")[0] or "…"
        form.say_wrong(bool(feed.typing_problem))
        entry = next((one for one in feed.entries if one.source == feed.source), None)
        box = self.query_one("#train-form-box")
        box.border_title = feed.name or "Recipe"
        based = f"based on {', '.join(entry.bases)}" if entry is not None and entry.bases else ""
        box.border_subtitle = based
        recipes.border_subtitle = "models × epochs"
        self._draw_about()
        self._say("#train-check-text", train_text.check(feed, catalog is not None))
        self._draw_balance()
        self._draw_runs()

    def _draw_about(self) -> None:
        form, feed = self.query_one(RecipeForm), self.feed
        text = train_text.about_key(form.row, feed.typing_problem)
        entry = next((one for one in feed.entries if one.source == feed.source), None)
        if self.query_one(RecipeList).has_focus and entry is not None and entry.note:
            text = Content(entry.note)
        self._say("#train-about", text)

    def _draw_balance(self) -> None:
        plot, found = self.query_one("#train-balance", PlotView), self.feed.found
        counts = list(found.check.class_counts.values()) if found is not None else []
        title = "clips of each class, the most frequent first" if counts else ""
        self._say("#train-balance-title", Content(title))
        ranks = list(range(1, len(counts) + 1))
        plot.show([Series(ranks, counts, "braille", lines=True)], y_limits=None)

    def _draw_runs(self) -> None:
        """The table, and what hangs on the run under the cursor."""
        if not self.is_mounted or not self.query("#train-curves"):
            return
        self._table.show(self.runs.views)
        if self._wanted and any(one.name == self._wanted for one in self.runs.views):
            self._table.select(self._wanted)
            self._wanted = ""
        self._draw_run()

    def _draw_run(self) -> None:
        self._say("#train-run-line", train_text.run_line(self._table.view, time.time()))
        self._draw_curves()
        self.refresh_bindings()

    def _draw_curves(self) -> None:
        chosen = self._table.chosen
        curves = self.query_one(RunCurves)
        names = ", ".join(one.name for one in chosen)
        curves.border_title = names or "Curves"
        several = len(chosen) > 1
        curves.border_subtitle = "d lists what differs · means over models" if several else ""
        curves.show(chosen)

    def _say(self, selector: str, text: Content) -> None:
        static = self.query_one(selector, Static)
        if text != static.content:
            static.update(text)
