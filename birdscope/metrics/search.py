"""Search the settings automatically, and say by nested folds what the search is worth.

For each fold the search runs on the others, and what it finds is measured on the fold that it
did not see; the mean of those figures is what to expect. A last search on all folds gives the
settings to use; its own figure is in-sample, and the gap between the two is the overfit. Trials
are Optuna's (TPE), stopped early where the first folds are below the median of earlier trials.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from birdscope.core.errors import ScoresError, UsageError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.metrics.fold_parts import FoldPart, fold_parts
from birdscope.metrics.nested import NestedReport, report_nested
from birdscope.metrics.search_space import SearchSpace
from birdscope.metrics.search_store import SearchStore, fingerprint
from birdscope.metrics.tune_truth import TuneTruth

if TYPE_CHECKING:
    import optuna

_ALL = -1


@dataclass(frozen=True)
class SearchPlan:
    """How to search.

    Attributes:
        trials: Settings to try in each of the searches: one for each fold and one on all.
        seed: Of the sampler. With the same seed an interrupted search that goes on finds what
            an uninterrupted one does.
        resamples: Of the bootstrap for the interval of the gain; 0 for none.
    """

    trials: int = 100
    seed: int = 0
    resamples: int = 1000

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise UsageError(f"{self.trials} trials are not enough", remedy="use 1 or more")


@dataclass(frozen=True)
class SearchReport:
    """What a search found.

    Attributes:
        nested: The settings to use and what to expect of them.
        trials: Finished in all searches together.
        pruned: Of these, stopped early.
        seconds: What this run took; less than the whole search where it went on.
    """

    nested: NestedReport
    trials: int
    pruned: int
    seconds: float


def search_settings(
    scores: Scores,
    truth: TuneTruth,
    baseline: Settings,
    storage: Path,
    plan: SearchPlan | None = None,
    *,
    also: Sequence[Settings] = (),
    name: str = "found",
    emit: Emit = silent,
    stop: Stop | None = None,
) -> SearchReport:
    """Search inside every fold's complement, then on all folds.

    Every search begins with the baseline and the settings in `also`, as near as the space
    comes to them, so on the folds it searches it never ends below those.

    Args:
        scores: Every checkpoint raw.
        truth: Labels with folds.
        baseline: What the gain is measured against.
        storage: SQLite file; a search that was cancelled goes on from there.
        plan: Trials and seeds.
        also: Settings to begin with beside the baseline.
        name: Of the settings found.
        emit: Told of each trial, and of each fold's figures.
        stop: Asked between trials; what was tried is kept.

    Raises:
        ScoresError: with fewer than two folds, or if `storage` is of another search.
        Cancelled: if stopped.
    """
    started_s = time.monotonic()
    plan = plan or SearchPlan()
    parts = fold_parts(scores, truth)
    space = SearchSpace(scores.members, len(scores.classes), truth.unit)
    store = SearchStore(storage, fingerprint(scores, truth, space, plan.seed))
    first = [space.parameters(one, scores.weights) for one in (baseline, *also)]
    run = _Run(parts, space, store, plan, first, name, emit, stop)
    try:
        chosen = {part.fold: run.search(part.fold) for part in parts}
        final, _ = run.search(_ALL)
    finally:
        store.close()
    nested = report_nested(parts, chosen, final, baseline, resamples=plan.resamples, seed=plan.seed)
    return SearchReport(nested, run.finished, run.pruned, time.monotonic() - started_s)


class _Run:
    """One run through all searches, counting trials."""

    def __init__(
        self,
        parts: Sequence[FoldPart],
        space: SearchSpace,
        store: SearchStore,
        plan: SearchPlan,
        first: list[dict[str, Any]],
        name: str,
        emit: Emit,
        stop: Stop | None,
    ):
        self.finished = 0
        self.pruned = 0
        self._parts = parts
        self._space = space
        self._store = store
        self._plan = plan
        self._first = first
        self._name = name
        self._emit = emit
        self._stop = stop

    def search(self, held_out: int) -> tuple[Settings, float]:
        """The best settings on all folds but one (`_ALL`: on all), and their mean there."""
        import optuna

        title = "all folds" if held_out == _ALL else f"without fold {held_out}"
        study = self._store.study(title, self._first)
        parts = [part for part in self._parts if part.fold != held_out]
        done = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
        states = [trial.state for trial in done if trial.state != optuna.trial.TrialState.FAIL]
        pruned = sum(state == optuna.trial.TrialState.PRUNED for state in states)
        self.finished += len(states)
        self.pruned += pruned
        for number in range(len(states), self._plan.trials):
            if self._stop is not None:
                self._stop.check()
            study.sampler = _sampler(self._plan.seed, held_out, number)
            self.pruned += self._try(study, parts)
            self.finished += 1
            self._tell(title, study)
        return self._best(study)

    def _try(self, study: optuna.Study, parts: Sequence[FoldPart]) -> bool:
        """One trial, fold by fold; whether it was stopped early."""
        import optuna

        trial = study.ask()
        settings = self._space.settings(trial)
        values: list[float] = []
        for step, part in enumerate(parts):
            value = part.macro(settings)
            if math.isnan(value):
                continue
            values.append(value)
            trial.report(float(np.mean(values)), step)
            if step + 1 < len(parts) and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                return True
        if not values:
            raise ScoresError(
                "no class has a positive and a negative row within a fold",
                remedy="use fewer folds, or label more",
            )
        study.tell(trial, float(np.mean(values)))
        return False

    def _tell(self, title: str, study: optuna.Study) -> None:
        total = self._plan.trials * (len(self._parts) + 1)
        best = study.best_value
        self._emit(Event("progress", f"{title}: best {best:.4f}", self.finished, total, "trial"))

    def _best(self, study: optuna.Study) -> tuple[Settings, float]:
        """The best trial's settings; of equal ones the first, so a baseline stays as it is."""
        import optuna

        complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        best = max(complete, key=lambda trial: (trial.value or 0.0, -trial.number))
        chooser = optuna.trial.FixedTrial(best.params)
        return self._space.settings(chooser, self._name), float(best.value or 0.0)


def _sampler(seed: int, held_out: int, number: int) -> optuna.samplers.TPESampler:
    """A sampler for one trial: its draws depend on the trial's number, not on this run's past."""
    import optuna

    entropy = np.random.SeedSequence([seed, held_out + 1, number])
    return optuna.samplers.TPESampler(seed=int(entropy.generate_state(1)[0]))
