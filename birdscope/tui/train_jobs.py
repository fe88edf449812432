"""What Train has done: start, resume, cancel, measure, promote, and what it asks before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widget import Widget

from birdscope.core import paths
from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.tui import train_text
from birdscope.tui.screens.ask_text import AskText, Field
from birdscope.tui.screens.choose_one import AskPath, Choice, ChooseOne
from birdscope.tui.screens.show_text import ShowText

if TYPE_CHECKING:
    from birdscope.tui.services import Services
    from birdscope.tui.train_feed import TrainFeed
    from birdscope.tui.train_runs import RunView, TrainRuns

_STARTS = "It trains in the background and goes on when birdscope is closed."
_PROMOTES = "Scope and Submit can choose it. The checkpoints stay in the runs' folders."


class TrainJobs:
    """Starts and ends trainings, asking where something is to be decided.

    Args:
        owner: The widget whose app and workers are used.
        services: The app's.
        feed: The recipe in hand.
        runs: The session's runs.
        started: Called with the name of a run that was started.
    """

    def __init__(
        self,
        owner: Widget,
        services: Services,
        feed: TrainFeed,
        runs: TrainRuns,
        started: Callable[[str], None],
    ) -> None:
        self._owner = owner
        self._services = services
        self._feed = feed
        self._runs = runs
        self._started = started

    def ask_start(self) -> None:
        """Ask for a name, then start; a stage of pretraining also needs its dataset."""
        feed, catalog = self._feed, self._services.catalog
        if catalog is None:
            self._warn(train_text.NO_DATA)
            return
        if not feed.rows:
            return
        if feed.found is not None and not feed.found.check.can_train:
            errors = [one.text for one in feed.found.check.findings if one.mark == "error"]
            self._warn("; ".join(errors))
            return
        name = self._runs.free_name(feed.name)
        pretrains = any(
            row.name == "dataset" and row.group.startswith("stage ") and row.text == "pretraining"
            for row in feed.rows
        )

        def take(values: dict[str, str] | None) -> None:
            if values is not None and pretrains:
                self._ask_pretraining(values["name"])
            elif values is not None:
                self._run(self._start(values["name"], None))

        screen = AskText(
            "Start a training",
            [Field("name", "name", name, self._wrong_run_name)],
            says=f"{self._told()}\n{_STARTS}",
            does="starts it",
        )
        self._owner.app.push_screen(screen, take)

    def measure(self) -> None:
        """Time a few real steps of the recipe in hand, as a job."""
        if self._services.catalog is None:
            self._warn(train_text.NO_DATA)
        elif self._feed.rows:
            self._run(self._measure())

    def ask_save(self) -> None:
        """Ask for a name, and keep the recipe in hand as an own one."""
        feed = self._feed
        taken = {one.name for one in feed.entries}

        def wrong(name: str) -> str:
            from birdscope.session.names import fits_a_file

            if not fits_a_file(name) or " " in name or "+" in name:
                return "use letters, digits and . - _, beginning with a letter or digit"
            return "this name is taken: choose another one" if name in taken else ""

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._run(self._save(values["name"]))

        name = f"{feed.name}-own"
        while name in taken:
            name += "-2"
        says = "Kept in the session, with what differs from the recipe it is based on."
        screen = AskText("Save as own recipe", [Field("name", "name", name, wrong)], says=says)
        self._owner.app.push_screen(screen, take)

    def resume(self, view: RunView) -> None:
        """Go on with a run that was stopped."""
        if view.is_live:
            self._warn(f"{view.name} is running.")
        elif view.state == "finished":
            self._warn(f"{view.name} is finished: n trains another like it.")
        elif view.job is not None:
            self._run(self._resume(view.job.job.id, view.name))
        else:
            self._run(self._resume_folder(view))

    def cancel(self, view: RunView) -> None:
        """Stop a run; what is finished is kept."""
        if view.job is None or not view.is_live:
            self._warn(f"{view.name} does not run.")
            return
        self._services.jobs.cancel(view.job.job.id)

    def ask_promote(self, views: Sequence[RunView]) -> None:
        """Ask which models and under which name, and write an ensemble file."""
        ready = [one for one in views if one.run.ensemble is not None]
        if not ready:
            self._warn("It has no ensemble yet: that comes with its first finished model.")
            return
        if len(ready) < len(views):
            without = ", ".join(one.name for one in views if one.run.ensemble is None)
            self._warn(f"Left out, without an ensemble yet: {without}")
        choices = [
            Choice("all models", "every fold and seed, their mean: what the run itself made"),
            Choice("the best model of each run", "by validation; faster to predict with"),
        ]

        def chosen(number: int | None) -> None:
            if number is not None:
                self._name_ensemble(ready, best_only=number == 1)

        title = "Make an ensemble of " + ", ".join(one.name for one in ready)
        self._owner.app.push_screen(ChooseOne(title, choices), chosen)

    def show_classes(self, view: RunView) -> None:
        """Show each class's AUC on what the folds held out."""
        stage = next((one for one in reversed(view.run.stages) if one.out_of_fold), None)
        if stage is None or stage.out_of_fold is None:
            folds = int(view.run.recipe.get("folds", 1))
            why = (
                "It has one fold: nothing was held out."
                if folds == 1
                else "What its folds held out is predicted once all of them are trained."
            )
            self._warn(why)
            return
        self._run(self._show_classes(view.name, stage.out_of_fold))

    def show_differences(self, views: Sequence[RunView]) -> None:
        """Show what differs between the recipes of the marked runs."""
        from birdscope.session.runs import differences

        if len(views) < 2:
            self._warn("Mark two runs or more with space.")
            return
        names = [one.name for one in views]
        text = train_text.differences(names, differences(one.run for one in views))
        self._owner.app.push_screen(ShowText("Differences of recipe", text))

    def open_labels(self, view: RunView) -> None:
        """Let the user choose a round, and browse what it labelled."""
        made = [one for one in view.run.stages if one.pseudo is not None]
        if not made or self._services.catalog is None:
            self._warn("No stage of this run has made pseudo labels.")
            return
        if len(made) == 1:
            self._browse(view, made[0].name)
            return

        def take(number: int | None) -> None:
            if number is not None:
                self._browse(view, made[number].name)

        choices = [Choice(one.name) for one in made]
        self._owner.app.push_screen(ChooseOne("Labels that trained", choices), take)

    def _browse(self, view: RunView, stage: str) -> None:
        from birdscope.tui.screens.pseudo import BrowseLabels

        screen = BrowseLabels(self._services, view.run, stage, is_live=view.is_live)

        def closed(anew: bool | None) -> None:
            if anew:
                self._run(self._train_anew(view, stage))

        self._owner.app.push_screen(screen, closed)

    def _ask_pretraining(self, name: str) -> None:
        def check(path: Path) -> str:
            return "" if (path / "train_audio").is_dir() else "no dataset: it has no train_audio/"

        def take(path: Path | None) -> None:
            if path is not None:
                self._run(self._start(name, path))

        title = "Dataset of the pretraining stage"
        self._owner.app.push_screen(AskPath(title, Path.cwd(), check), take)

    def _name_ensemble(self, views: Sequence[RunView], *, best_only: bool) -> None:
        names = [one.name for one in views]

        def wrong_name(name: str) -> str:
            from birdscope.session.names import fits_a_file

            if not fits_a_file(name):
                return "use letters, digits, spaces and . + - _, beginning with a letter or digit"
            there = (paths.models() / f"{name}.toml").exists()
            return "there is an ensemble of this name: choose another one" if there else ""

        fields = [Field("name", "name", "-".join(names)[:60], wrong_name)]
        if len(views) > 1:
            even = ", ".join(["1"] * len(views))
            wrong_weights = partial(_wrong_weights, len(views))
            fields.append(Field("weights", "weights", even, wrong_weights))

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                weights = _numbers(values.get("weights", "1"))
                self._run(self._promote(views, values["name"], weights, best_only))

        screen = AskText("Make an ensemble", fields, says=_PROMOTES, does="writes it")
        self._owner.app.push_screen(screen, take)

    async def _start(self, name: str, pretraining: Path | None) -> None:
        catalog = self._services.catalog
        assert catalog is not None
        folder = self._runs.folder
        await self._feed.freeze(folder / f"{name}.toml")
        argv = [
            *("train", str(folder / f"{name}.toml")),
            *("--data", str(catalog.root), "--out", str(folder / name)),
        ]
        if pretraining is not None:
            argv += ["--pretraining-data", str(pretraining)]
        await self._services.jobs.start(argv, f"Train {name}")
        self._started(name)

    async def _measure(self) -> None:
        catalog, feed = self._services.catalog, self._feed
        assert catalog is not None
        path = feed.speeds_folder / "measured.toml"
        await feed.freeze(path)
        argv = [
            *("estimate", str(path), "--data", str(catalog.root)),
            *("--speeds", str(feed.speeds_folder)),
        ]
        await self._services.jobs.start(argv, f"Measure {feed.name}")
        self._owner.notify("A few real steps are being timed …", timeout=4)

    async def _save(self, name: str) -> None:
        path = await self._feed.save_own(name)
        self._owner.notify(f"Kept as {path.name} in the session.", title=name, markup=False)

    async def _resume(self, job_id: str, name: str) -> None:
        await self._services.jobs.resume(job_id)
        self._started(name)

    async def _resume_folder(self, view: RunView) -> None:
        """A run that no job of this session has begun."""
        from birdscope.engine.train_messages import SaveRecipe

        catalog = self._services.catalog
        if catalog is None:
            self._warn(train_text.NO_DATA)
            return
        path = self._runs.folder / f"{view.name}.toml"
        if not path.exists():
            await self._feed.study.ask(SaveRecipe(str(view.run.folder), {}, path))
        argv = ["train", str(path), "--data", str(catalog.root), "--out", str(view.run.folder)]
        await self._services.jobs.start([*argv, "--resume"], f"Train {view.name}")
        self._started(view.name)

    async def _train_anew(self, view: RunView, stage: str) -> None:
        from birdscope.engine.train_messages import TrainAnew

        await self._feed.study.ask(TrainAnew(view.run.folder, stage))
        if view.job is not None:
            await self._resume(view.job.job.id, view.name)
        else:
            await self._resume_folder(view)

    async def _promote(
        self, views: Sequence[RunView], name: str, weights: tuple[float, ...], best_only: bool
    ) -> None:
        from birdscope.engine.train_messages import Promote

        path = paths.models() / f"{name}.toml"
        folders = tuple(one.run.folder for one in views)
        await self._feed.study.ask(Promote(folders, weights, path, name, best_only))
        text = f"models/{path.name}: e in Scope and enter in Submit choose it."
        self._owner.notify(text, title="Ensemble written", markup=False)

    async def _show_classes(self, name: str, scores: Path) -> None:
        from birdscope.engine.train_messages import ClassesFound, RunClasses

        catalog = self._services.catalog
        if catalog is None:
            self._warn(train_text.NO_DATA)
            return
        found = await self._feed.study.ask(RunClasses(scores, catalog.root))
        assert isinstance(found, ClassesFound)
        title = f"{name}: classes on what the folds held out"
        self._owner.app.push_screen(ShowText(title, train_text.classes(found)))

    def _told(self) -> str:
        """What is about to be started, for the dialog."""
        found = self._feed.found
        if found is None:
            return "How long it takes is not known."
        guess: Content = train_text.short_estimate(found.estimate)
        return f"{found.check.clips:,} clips of {found.check.dataset}, {guess.plain}."

    def _wrong_run_name(self, name: str) -> str:
        from birdscope.session.names import fits_a_file

        if not fits_a_file(name) or " " in name:
            return "use letters, digits and . + - _, beginning with a letter or digit"
        there = (self._runs.folder / name).exists() or (self._runs.folder / f"{name}.toml").exists()
        return "there is a run of this name: choose another one" if there else ""

    def _warn(self, text: str) -> None:
        self._owner.notify(text, severity="warning", markup=False)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        async def told() -> None:
            try:
                await work
            except (Cancelled, asyncio.CancelledError):
                return
            except BirdscopeError as error:
                self._owner.notify(str(error), title="Train", severity="error", markup=False)

        self._owner.run_worker(told(), group="train-jobs", exit_on_error=False)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(one) for one in text.replace(",", " ").split())


def _wrong_weights(count: int, text: str) -> str:
    try:
        found = _numbers(text)
    except ValueError:
        return "weights are numbers, with commas between them"
    if len(found) != count:
        return f"{count} weights are needed, one for each run"
    return "" if min(found) >= 0 and sum(found) > 0 else "weights are 0 or more, not all 0"
