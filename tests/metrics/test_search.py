"""The search finds what helps, judges itself on folds it did not see, and goes on where it was."""

import json
from dataclasses import replace

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from birdscope.core.errors import Cancelled, ScoresError, UsageError
from birdscope.core.events import Stop
from birdscope.core.settings import Gaussian, LowRankPower, Settings, Smooth
from birdscope.metrics.fold_parts import FoldPart, fold_parts
from birdscope.metrics.search import SearchPlan, search_settings
from birdscope.metrics.search_space import SearchSpace
from birdscope.postprocess.baselines import baselines, notebook
from birdscope.postprocess.stack import apply_settings
from tests.metrics.made_scores import made

BASE = Settings(name="base")
PLAN = SearchPlan(trials=12, seed=3, resamples=100)


def plain(report):
    """A report without what only this run's clock decides."""
    nested = report.nested
    folds = [(one.fold, one.settings, one.held_out, one.chosen_at) for one in nested.folds]
    return nested.settings, folds, nested.gain, nested.in_sample, report.trials, report.pruned


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    scores, truth = made()
    path = tmp_path_factory.mktemp("search") / "s.sqlite"
    return search_settings(scores, truth, BASE, path, PLAN), path


def test_it_finds_the_member_that_sees_and_says_what_to_expect(searched):
    report, _ = searched
    nested = report.nested
    assert nested.settings.weights["good"] > nested.settings.weights["noise"]
    assert nested.gain > 0 and nested.badge == "better"
    assert nested.nested == pytest.approx(np.mean([one.held_out for one in nested.folds]))
    assert nested.baseline_mean == pytest.approx(np.mean([one.baseline for one in nested.folds]))
    assert nested.overfit == pytest.approx(nested.in_sample - nested.nested)
    assert report.trials == 6 * PLAN.trials


def test_each_search_is_at_least_the_baseline_where_it_searched(searched):
    scores, truth = made()
    parts = fold_parts(scores, truth)
    report, _ = searched
    for one in report.nested.folds:
        seen = [part.macro(BASE) for part in parts if part.fold != one.fold]
        assert one.chosen_at >= np.mean(seen) - 1e-12


def test_what_is_found_without_a_fold_does_not_depend_on_it(searched, tmp_path):
    scores, truth = made()
    turned = truth.values.copy()
    turned[truth.folds == 1] = 1 - turned[truth.folds == 1]
    again = search_settings(scores, replace(truth, values=turned), BASE, tmp_path / "s", PLAN)
    before, after = (report.nested.folds[1] for report in (searched[0], again))
    assert before.settings == after.settings and before.chosen_at == after.chosen_at
    assert before.held_out != after.held_out


def test_a_cancelled_search_goes_on_to_the_same_end(searched, tmp_path):
    scores, truth = made()
    path, stop, seen = tmp_path / "s.sqlite", Stop(), []

    def emit(event):
        seen.append(event)
        if len(seen) == 31:
            stop.set()

    with pytest.raises(Cancelled):
        search_settings(scores, truth, BASE, path, PLAN, emit=emit, stop=stop)
    assert len(seen) == 31 and (seen[-1].done, seen[-1].total) == (31, 72)
    rest = []
    report = search_settings(scores, truth, BASE, path, PLAN, emit=rest.append)
    assert len(rest) == 72 - 31 and (rest[0].done, rest[-1].done) == (32, 72)
    assert plain(report) == plain(searched[0])


def test_a_finished_search_is_told_again_without_a_trial(searched):
    scores, truth = made()
    events = []
    again = search_settings(scores, truth, BASE, searched[1], PLAN, emit=events.append)
    assert plain(again) == plain(searched[0]) and events == []


def test_the_memory_of_another_search_is_refused(searched, tmp_path):
    scores, truth = made(seed=1)
    with pytest.raises(ScoresError, match="other scores"):
        search_settings(scores, truth, BASE, searched[1], PLAN)
    scores, truth = made()
    with pytest.raises(ScoresError, match="another seed"):
        search_settings(scores, truth, BASE, searched[1], replace(PLAN, seed=4))
    bad = tmp_path / "bad.sqlite"
    bad.write_text("this is no database at all")
    with pytest.raises(ScoresError, match="no memory of a search"):
        search_settings(scores, truth, BASE, bad, PLAN)


def test_a_trial_that_was_killed_is_tried_again(tmp_path, monkeypatch):
    scores, truth = made()
    path, plan = tmp_path / "s.sqlite", SearchPlan(trials=3, resamples=0)
    calls = []
    real = FoldPart.macro

    def dies(self, settings):
        calls.append(settings)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, settings)

    monkeypatch.setattr(FoldPart, "macro", dies)
    with pytest.raises(KeyboardInterrupt):
        search_settings(scores, truth, BASE, path, plan)
    monkeypatch.undo()
    report = search_settings(scores, truth, BASE, path, plan)
    whole = search_settings(scores, truth, BASE, tmp_path / "whole.sqlite", plan)
    assert plain(report) == plain(whole) and report.trials == 18


def test_poor_trials_are_stopped_early(tmp_path, monkeypatch):
    scores, truth = made(recordings=12, folds=3)
    folds = []
    real = FoldPart.macro
    monkeypatch.setattr(
        FoldPart, "macro", lambda self, one: folds.append(self.fold) or real(self, one)
    )
    report = search_settings(
        scores, truth, BASE, tmp_path / "s", SearchPlan(trials=24, resamples=0)
    )
    assert report.pruned > 0 and len(folds) < 24 * (3 * 2 + 3)


def test_progress_can_be_written_down(tmp_path):
    scores, truth = made(recordings=4)
    events = []
    search_settings(scores, truth, BASE, tmp_path / "s", SearchPlan(2), emit=events.append)
    body = json.loads(events[0].to_json())
    assert body["done"] == 1 and body["unit"] == "trial" and "without fold 0" in body["message"]


def test_too_little_is_refused(tmp_path):
    with pytest.raises(UsageError, match="0 trials"):
        SearchPlan(trials=0)
    scores, truth = made(recordings=1)
    with pytest.raises(ScoresError, match="folds"):
        search_settings(scores, truth, BASE, tmp_path / "s", PLAN)
    scores, truth = made(recordings=4)
    silent = replace(truth, values=np.zeros_like(truth.values))
    with pytest.raises(ScoresError, match="within a fold"):
        search_settings(scores, silent, BASE, tmp_path / "s", PLAN)


@pytest.mark.parametrize("unit", ["window", "file"])
@pytest.mark.parametrize("members", [("good",), ("good", "fair", "noise")])
def test_the_space_reaches_the_baselines(members, unit):
    scores, _ = made(members=members)
    space = SearchSpace(members, len(scores.classes), unit)
    for wanted in baselines(members):
        found = space.settings(optuna.trial.FixedTrial(space.parameters(wanted, scores.weights)))
        np.testing.assert_allclose(
            apply_settings(scores, found), apply_settings(scores, wanted), atol=1e-12
        )


STEPS = st.one_of(
    st.builds(Smooth, weight=st.integers(0, 50).map(lambda n: n / 100), at=st.just("member")),
    st.builds(Gaussian, sigma=st.integers(3, 30).map(lambda n: n / 10), at=st.just("member")),
)


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    STEPS,
    st.integers(0, 5),
    st.integers(5, 80).map(lambda n: n * 0.05),
    st.lists(st.integers(0, 100), min_size=2, max_size=2).filter(max),
)
def test_settings_of_the_space_come_back_from_their_parameters(step, top_k, exponent, weights):
    top = max(weights)
    shares = {"a": round(weights[0] / top, 2), "b": round(weights[1] / top, 2)}
    power = LowRankPower(at="checkpoint", members=("b",), top_k=top_k, exponent=round(exponent, 4))
    given_settings = Settings(name="found", weights=shares, steps=(power, step))
    space = SearchSpace(("a", "b"), 5)
    parameters = space.parameters(given_settings, {})
    assert space.settings(optuna.trial.FixedTrial(parameters)) == given_settings


def test_the_notebook_comes_first_and_stays_where_nothing_beats_it(tmp_path, monkeypatch):
    scores, truth = made()
    monkeypatch.setattr(FoldPart, "macro", lambda self, one: 0.5)
    base = notebook(scores.members)
    report = search_settings(scores, truth, base, tmp_path / "s", SearchPlan(6, resamples=0))
    np.testing.assert_allclose(
        apply_settings(scores, report.nested.settings), apply_settings(scores, base)
    )
