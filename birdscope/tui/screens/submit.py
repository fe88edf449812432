"""Submit and jobs: one key from predictions to a checked CSV, and everything in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.worker import Worker, WorkerState

from birdscope.core.errors import BirdscopeError
from birdscope.tui import job_files, jobs_text
from birdscope.tui.submit_bindings import SUBMIT_BINDINGS
from birdscope.tui.submit_choosers import Choosers
from birdscope.tui.submit_facts import Facts
from birdscope.tui.submit_parts import Part
from birdscope.tui.submit_plan import SubmitPlan, again_argv, stamp, write_settings, writer_of
from birdscope.tui.widgets.budget_meter import BudgetMeter
from birdscope.tui.widgets.job_detail import JobDetail
from birdscope.tui.widgets.jobs_table import JobsTable
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.submit_form import SubmitForm

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.tui.jobs_watch import Ended, JobsSnapshot, JobView
    from birdscope.tui.services import Services

WIDE_COLUMNS, TALL_ROWS = 110, 32
AGES_S = 5.0
# A job's text grows as it goes; wrapping it anew is not free.
DETAIL_S = 0.5
_OF_LIVE_JOBS, _OF_ENDED_JOBS = ("cancel",), ("resume", "again", "remove")
_OF_FINISHED_JOBS, _OF_STOPPED_JOBS = ("again",), ("resume",)
_OF_PRODUCTS = ("copy_path", "open_file")


class SubmitPane(Container):
    """The tab of exports and jobs.

    Args:
        services: The app's catalog, session and jobs.
    """

    BINDINGS: ClassVar[list[BindingType]] = SUBMIT_BINDINGS

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self.facts = Facts(self, services, self._draw_choices)
        self._wanted_job = ""
        self._drawn_view: JobView | None = None
        self._detail_due_s = 0.0
        self._detail_wanted = asyncio.Event()

    @property
    def plan(self) -> SubmitPlan:
        """What is chosen."""
        return self.facts.plan

    def compose(self) -> ComposeResult:
        """Choices beside the budget; jobs beside the one selected."""
        with Container(id="submit-upper"):
            form = SubmitForm(id="submit-form")
            form.border_title, form.border_subtitle = "Submission", "enter changes · e exports"
            yield form
            budget = BudgetMeter(id="submit-budget")
            budget.border_title = "Kaggle's 90 minutes"
            yield budget
        with Container(id="submit-lower"):
            table = JobsTable(id="submit-jobs")
            table.border_title = "Jobs"
            table.empty_text = "no jobs yet: e exports, R predicts all, b measures the speed"
            yield table
            detail = JobDetail(id="submit-detail")
            detail.border_title = "Job"
            yield detail

    def on_mount(self) -> None:
        """Follow the catalog and the jobs."""
        self._services.catalog_loaded.subscribe(self, self._catalog_loaded)
        self._services.session_changed.subscribe(self, lambda session: self.facts.use_session())
        self._services.settings_changed.subscribe(self, lambda settings: self.facts.look())
        self._services.jobs.changed.subscribe(self, self._jobs_changed)
        self._services.jobs.ended.subscribe(self, self._jobs_ended)
        self.facts.begin()
        if self._services.catalog is not None:
            self._catalog_loaded(self._services.catalog)
        self._draw_choices()
        self._jobs_changed(self._services.jobs.snapshot)
        self.set_interval(AGES_S, self._draw_ages)
        self.run_worker(self._draw_details(), group="submit-detail", exit_on_error=False)

    def on_show(self) -> None:
        """The ensemble, the settings and the scores may have changed meanwhile."""
        self.facts.look()
        self._draw_detail()

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        self.call_after_refresh(self._draw_detail)
        self.set_class(event.size.width >= WIDE_COLUMNS, "-wide")
        self.set_class(event.size.height >= TALL_ROWS, "-tall")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in a worker must be seen, and must not end the app."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            text = str(event.worker.error)
            self.notify(text, title="Submit", severity="error", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of a job only where they mean something for the selected one."""
        if action == "accept_drift":
            return bool(self.plan.computing.objection)
        if action not in (*_OF_LIVE_JOBS, *_OF_ENDED_JOBS, *_OF_PRODUCTS):
            return True
        view = self._table.view if self.is_mounted else None
        if view is None:
            return False
        if action in _OF_PRODUCTS:
            return bool(view.job.progress.artifacts)
        finished = view.job.state == "finished"
        if action in (_OF_STOPPED_JOBS if finished else _OF_FINISHED_JOBS):
            return False
        return view.job.live is (action in _OF_LIVE_JOBS)

    async def action_export(self) -> None:
        """Start the export of what is chosen."""
        plan = self.plan
        if self._explain_why_not(plan) or plan.part is None or self._explain_drift(plan):
            return
        if self._explain_writer(plan, plan.part):
            return
        out = plan.out or plan.default_out(stamp(time.time()))
        title = f"Export {plan.dataset} · {plan.ensemble.name if plan.ensemble else ''}"
        await self._start(plan.export_argv(out), title, lambda: write_settings(plan, out))

    async def action_predict_all(self) -> None:
        """Predict every file of the chosen part."""
        plan = self.plan
        if plan.part is not None:
            await self.predict_all(Part(plan.part.split, plan.part.of, plan.part.of), plan)
        else:
            self._explain_why_not(plan)

    async def predict_all(self, part: Part, plan: SubmitPlan) -> None:
        """Start a job that predicts every recording of a part."""
        if self._explain_why_not(plan) or self._explain_writer(plan, part):
            return
        name = plan.ensemble.name if plan.ensemble is not None else ""
        await self._start(plan.predict_argv(part), f"Predict {part.split} · {name}")

    async def action_measure(self) -> None:
        """Start a job that measures the ensemble's speed."""
        plan = self.plan
        if not self._explain_why_not(plan) and plan.ensemble is not None:
            await self._start(plan.measure_argv(), f"Measure {plan.ensemble.name}")

    async def action_parity(self) -> None:
        """Start a job that compares precisions with torch."""
        plan = self.plan
        if self._explain_why_not(plan) or plan.ensemble is None:
            return
        if plan.computing.backend == "torch":
            text = "torch runs the nets here: there is nothing to compare it with"
            self.notify(text, title="Parity", severity="warning", markup=False)
            return
        await self._start(plan.parity_argv(), f"Parity of {plan.ensemble.name}")

    async def _calibrate(self) -> None:
        """Start a job that makes the ensemble's 8-bit nets."""
        plan = self.plan
        argv = plan.quantize_argv()
        if any(view.job.live and list(view.job.spec.argv) == argv
               for view in self._services.jobs.snapshot.views):  # fmt: skip
            self.notify("A job calibrates it already.", title="int8", markup=False)
        elif not plan.why_not_known() and plan.ensemble is not None:
            await self._start(argv, f"Calibrate int8 of {plan.ensemble.name}")

    async def action_accept_drift(self) -> None:
        """Keep that the drift of the chosen precision is accepted."""
        try:
            await asyncio.to_thread(self.facts.accept_drift)
        except BirdscopeError as error:
            self.notify(str(error), title="Submit", severity="error", markup=False)
        self.facts.look()

    def action_cancel(self) -> None:
        """Cancel the selected job, in a thread."""
        if self._table.view is not None:
            self._services.jobs.cancel(self._table.view.job.id)

    async def action_resume(self) -> None:
        """Start the selected job's command again."""
        if self._table.view is not None:
            job = await self._services.jobs.resume(self._table.view.job.id)
            self._wanted_job = job.id

    async def action_again(self) -> None:
        """Do what the selected, finished job did; an export gets a new file."""
        if (view := self._table.view) is None:
            return
        if view.job.spec.argv[:1] != ("submit",):
            await self.action_resume()
            return
        await self._start(again_argv(view.job.spec.argv, time.time()), view.job.spec.title)

    async def action_remove(self) -> None:
        """Remove the selected job's folder."""
        if self._table.view is not None:
            await self._services.jobs.remove(self._table.view.job.id)

    def action_copy_path(self) -> None:
        """Copy the path of what the selected job made."""
        if (path := self._product()) is not None:
            self.app.copy_to_clipboard(str(path))
            self.notify(str(path), title="Copied", markup=False)

    def action_open_file(self) -> None:
        """Show the head of what the selected job made."""
        from birdscope.tui.screens.job_log import FileHead

        if (path := self._product()) is not None:
            self.app.push_screen(FileHead(path))

    def on_rows_view_highlighted(self, message: RowsView.Highlighted) -> None:
        """Show the job under the cursor."""
        if message.view is self._table:
            self._draw_detail()

    def on_rows_view_chosen(self, message: RowsView.Chosen) -> None:
        """Change a choice; show a log."""
        if message.view is self._table:
            self._show_log()
        elif message.view is self._form and self._form.entry is not None:
            Choosers(self, self.facts, self._calibrate).change(self._form.entry.key)

    @property
    def _form(self) -> SubmitForm:
        return self.query_one("#submit-form", SubmitForm)

    @property
    def _table(self) -> JobsTable:
        return self.query_one("#submit-jobs", JobsTable)

    def _product(self) -> Path | None:
        return job_files.product_of(self._table.view.job) if self._table.view else None

    def _catalog_loaded(self, catalog: Catalog) -> None:
        self.facts.open(catalog)

    def _jobs_ended(self, ended: Ended) -> None:
        self.facts.look()

    def _jobs_changed(self, snapshot: JobsSnapshot) -> None:
        table = self._table
        table.show(snapshot)
        if self._wanted_job and snapshot.get(self._wanted_job) is not None:
            table.select(self._wanted_job)
            self._wanted_job = ""
        live = len(snapshot.live)
        table.border_subtitle = f"{live} of {len(snapshot.views)} under way" if live else ""
        if snapshot.problem:
            table.empty_text = snapshot.problem
        if _needs_drawing(self._drawn_view, table.view, time.monotonic() >= self._detail_due_s):
            self._draw_detail()

    async def _start(
        self, argv: list[str], title: str, before: Callable[[], object] | None = None
    ) -> None:
        job = await self._services.jobs.start(argv, title, before)
        self._wanted_job = job.id

    def _explain_why_not(self, plan: SubmitPlan) -> bool:
        reason = plan.why_not()
        if reason:
            self.notify(reason, title="Not yet", severity="warning", markup=False)
        return bool(reason)

    def _explain_drift(self, plan: SubmitPlan) -> bool:
        reason = plan.computing.refusal
        if reason:
            self.notify(reason, title="Not in this precision", severity="warning", markup=False)
        return bool(reason)

    def _explain_writer(self, plan: SubmitPlan, part: Part) -> bool:
        """Two jobs can't write the same scores: say which one does."""
        writer = writer_of(self._services.jobs.snapshot.views, plan.scores_folder(part))
        if writer is None:
            return False
        text = f"These scores are being made by the job “{jobs_text.title_of(writer.job)}”."
        self.notify(f"{text}\n→ wait for it, or cancel it with x", severity="warning", markup=False)
        self._table.select(writer.job.id)
        return True

    def _show_log(self) -> None:
        from birdscope.tui.screens.job_log import JobLog

        if self._table.view is not None:
            self.app.push_screen(JobLog(self._table.view.job))

    def _draw_choices(self) -> None:
        self._form.show(self.plan.entries())
        self.refresh_bindings()
        self.query_one(BudgetMeter).show(*self.facts.budget())

    def _draw_ages(self) -> None:
        """Time passes also while nothing happens."""
        if self.display:
            self._table.refresh()
            self.query_one(BudgetMeter).refresh()

    def _draw_detail(self) -> None:
        """Have the detail drawn; many wishes in a moment are one."""
        self._detail_wanted.set()

    async def _draw_details(self) -> None:
        """Only what can be seen is drawn, and a job that goes on twice a second at most."""
        while True:
            await self._detail_wanted.wait()
            self._detail_wanted.clear()
            if self.display:
                await self._read_detail()
                self._detail_due_s = time.monotonic() + DETAIL_S

    async def _read_detail(self) -> None:
        """Read what the files tell in a thread, then draw."""
        view = self._table.view
        self._drawn_view = view
        self.refresh_bindings()
        detail = self.query_one(JobDetail)
        if view is None:
            detail.border_title = "Job"
            detail.show("", Content.from_markup("[$text-muted]$text[/]", text=_NOTHING))
            return
        log = await asyncio.to_thread(job_files.log_end, view.job)
        report = await asyncio.to_thread(job_files.report_of, view.job)
        detail.border_title = jobs_text.title_of(view.job)
        width = max(detail.scrollable_content_region.width, 20)
        detail.show(view.job.id, jobs_text.detail(view, log, report, time.time(), width))


def _needs_drawing(old: JobView | None, new: JobView | None, due: bool) -> bool:
    """Whether the detail is to be drawn anew; a job that merely goes on waits until it is due."""
    if old is None or new is None or not new.job.live:
        return old is None or old != new
    return due or (old.job.id, old.job.state, old.note) != (new.job.id, new.job.state, new.note)


_NOTHING = """\
Whatever takes longer than a few seconds runs as a job: exports, predictions, trainings. \
A job goes on when birdscope is closed, and is found again."""
