"""What Tune has done elsewhere: predict the labelled files, search settings, fit the blend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.settings import Settings
from birdscope.postprocess.chosen_notes import after_hand, chosen_note
from birdscope.tui import tune_figures as figures
from birdscope.tui.tune_stack import same, with_weights

if TYPE_CHECKING:
    from pathlib import Path

    from birdscope.engine.tune_messages import BlendFitted, TuningSource
    from birdscope.tui.jobs_watch import Ended
    from birdscope.tui.services import Services
    from birdscope.tui.tune_feed import TuneFeed
    from birdscope.tui.tune_shelf import Shelf


TRIALS, NOTEBOOK = 100, "notebook 0.88"
_LABELS = {"soundscapes": "soundscapes", "out of fold": "out-of-fold", "verdicts": "verdicts"}
_SEARCH = (
    "Optuna tries settings on all folds but one and is judged on that one, each fold in turn: "
    "the figure told is honest, and how much the searched folds flatter is told as overfit. "
    "It goes on when birdscope is closed."
)


class TuneJobs:
    """Starts jobs for Tune.

    Args:
        owner: The widget whose app is used.
        services: The app's.
        feed: Knows what is open.
        shelf: Knows which names are taken.
    """

    def __init__(self, owner: Widget, services: Services, feed: TuneFeed, shelf: Shelf) -> None:
        self._shelf = shelf
        self._owner = owner
        self._services = services
        self._feed = feed

    @property
    def predicting(self) -> str:
        """How far the job is that predicts the train soundscapes; empty where none runs."""
        for view in self._services.jobs.snapshot.live:
            job = view.job
            if "predict" in job.spec.argv[:1] and "train_soundscapes" in job.spec.argv:
                share = job.progress.fraction
                done = f": {share:.0%}" if share is not None else ""
                return f"A job predicts the labelled soundscapes{done}. This screen opens then."
        return ""

    async def predict(self) -> None:
        """Predict the train soundscapes with the ensemble that Submit would use."""
        from birdscope.tui.screens.submit import SubmitPane
        from birdscope.tui.submit_parts import Part

        catalog = self._services.catalog
        if catalog is None:
            return
        count = len(catalog.recordings("train_soundscapes"))
        if not count:
            self._owner.notify("This dataset has no train_soundscapes.", severity="warning")
            return
        if self.predicting:
            self._owner.notify("They are being predicted already.")
            return
        submit = self._owner.app.query_one(SubmitPane)
        await submit.predict_all(Part("train_soundscapes", count, count), submit.plan)

    def ask_search(self) -> None:
        """Ask how long to search and under which name to keep the result, then start a job."""
        from birdscope.tui.screens.ask_text import AskText, Field

        fields = [
            Field("trials", "trials/fold", str(TRIALS), _count),
            Field("seed", "seed", "0", _whole),
            Field("name", "name", self._shelf.free_name("searched"), self._shelf.wrong_name),
        ]

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                work = self._search(values)
                self._owner.run_worker(work, group="tune-search", exit_on_error=False)

        self._owner.app.push_screen(
            AskText("Search settings", fields, says=_SEARCH, does="starts it"), take
        )

    async def _search(self, values: dict[str, str]) -> None:
        source, catalog = self._feed.source, self._services.catalog
        if source is None or catalog is None:
            return
        baseline = self._baseline_name()
        argv = search_argv(source, catalog.root, self._services.session.name, baseline, values)
        await self._services.jobs.start(argv, f"Search {values['name']}")
        self._owner.notify(
            f"The result will be a row of the table: {values['name']}.",
            title="A job searches",
            markup=False,
        )

    def _baseline_name(self) -> str:
        """What the command line calls the baseline; the notebook's where it has no name for it."""
        opened, baseline = self._feed.opened, self._feed.baseline
        if opened is None:
            return NOTEBOOK
        named = {one.name: one for one in opened.baselines} | {"ensemble": opened.default_settings}
        named |= {one.name: one.settings for one in self._shelf.entries if one.settings is not None}
        return next((name for name, one in named.items() if same(one, baseline)), NOTEBOOK)

    async def fit_blend(self) -> None:
        """Fit the blend weights inside folds, take those of all folds in hand, and say how good.

        Raises:
            EngineError: one member, or no folds.
            Cancelled: asked again meanwhile.
        """
        from birdscope.engine.tune_messages import BlendFitted, FitBlend

        feed = self._feed
        if len(feed.bench.members) < 2:
            self._owner.notify("One member: there is nothing to blend.", severity="warning")
            return
        self._owner.notify("The blend is being fitted …", timeout=3)
        settings = feed.settings
        fitted = await feed.study.ask(FitBlend(settings, feed.baseline))
        assert isinstance(fitted, BlendFitted)
        feed.change(_with_fit(feed, fitted))
        self._owner.notify(_fitted(fitted), title="Blend fitted", timeout=15, markup=False)

    def tell_found(self, ended: Ended) -> None:
        """Say what a search that has just ended found, as far as it is saved."""
        for view in ended.views:
            argv = view.job.spec.argv
            if argv[:2] != ("tune", "search") or "--save" not in argv:
                continue
            name = argv[argv.index("--save") + 1]
            found = next((one for one in self._shelf.entries if one.name == name), None)
            if found is not None and found.settings is not None:
                self._owner.notify(
                    f"{name} is in the table: {found.settings.note}.",
                    title="Search finished", timeout=15, markup=False,
                )  # fmt: skip


def _with_fit(feed: TuneFeed, fitted: BlendFitted) -> Settings:
    """The settings in hand with the fitted weights, and what those are worth as their note."""
    made = with_weights(feed.settings, fitted.weights)
    source = feed.opened.source if feed.opened is not None else ""
    note = chosen_note(
        source, feed.baseline.name, fitted.badge,
        nested=fitted.nested, gain=fitted.gain, in_sample=fitted.in_sample,
    )  # fmt: skip
    name = after_hand(feed.settings, made).name
    return made.model_copy(update={"note": note, "name": name})


def _fitted(fitted: BlendFitted) -> str:
    """What the fit is worth, where it did not look."""
    weights = ", ".join(f"{member} {share:.0%}" for member, share in fitted.weights.items())
    return (
        f"{weights}\n"
        f"On folds it was not fitted on: {figures.area(fitted.nested)}, Δ to the baseline "
        f"{figures.change(fitted.gain)} ({fitted.badge}).\n"
        f"On the folds it was fitted on: {figures.area(fitted.in_sample)}, overfit "
        f"{figures.change(fitted.overfit).strip()}. ctrl+z takes it back."
    )


def search_argv(
    source: TuningSource, data: Path, session: str, baseline: str, values: dict[str, str]
) -> list[str]:
    """`birdscope tune search …` for what is open."""
    labels = _LABELS.get(source.kind) or str(source.labels)
    return [
        *("tune", "search", "--data", str(data), "--scores", str(source.scores)),
        *("--labels", labels, "--session", session, "--baseline", baseline),
        *("--trials", values["trials"], "--seed", values["seed"], "--save", values["name"]),
    ]


def _count(text: str) -> str:
    return "" if text.isdigit() and int(text) > 0 else "trials is a whole number above 0"


def _whole(text: str) -> str:
    return "" if text.isdigit() else "seed is a whole number"
