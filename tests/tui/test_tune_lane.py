"""Tune with the real study lane, on tiny scores; and what Scope makes of the settings."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import Power, Settings, Smooth
from birdscope.dataset.catalog import Catalog
from birdscope.engine.study_client import Study
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresStore
from birdscope.inference.store_files import ScoresMeta
from birdscope.tui.scope_stack import OWN, Pair, shown_stack
from birdscope.tui.widgets.class_deltas import ClassDeltas
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import LARGE, wait_for
from tests.tui.tune_kit import current, editor, go_to, line, text_of, tune_tab

LAYERS = (ScoredCheckpoint("a0", "alpha"), ScoredCheckpoint("b0", "beta"))
STACK = Settings(name="tiny", steps=(Smooth(at="member"), Power(at="ensemble")))


def predict(root: Path, folder: Path) -> None:
    """Scores by chance of the labelled soundscapes, kept as a job keeps them."""
    catalog = Catalog.open(root)
    keys = [one.key for one in catalog.recordings("train_soundscapes")]
    meta = ScoresMeta(
        classes=catalog.taxonomy.labels,
        checkpoints=LAYERS,
        weights={"alpha": 0.5, "beta": 0.5},
        settings=STACK.model_dump(mode="json"),
        split="train_soundscapes",
        dataset=catalog.name,
        ensemble="tiny",
        fingerprints={"dataset": catalog.fingerprint(), "ensemble": "f" * 16, "code": "1"},
    )
    generator = np.random.default_rng(0)
    with ScoresStore.create(folder, meta, lay_out(keys, [4] * len(keys))) as store:
        for key in keys:
            shape = (len(LAYERS), 4, len(meta.classes))
            store.write(key, generator.random(shape).astype(np.float32))


async def test_real_figures_follow_the_slider_and_a_lost_process_comes_back(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    predict(tiny_dataset, tmp_path / "home" / "sessions" / "test" / "scores-jobs" / "tiny")
    study = Study(tmp_path / "log")
    async with tune_tab(make_app(tiny_dataset), study, LARGE) as (pilot, pane):
        opened = pane.feed.opened
        assert opened is not None and opened.members == ("alpha", "beta")
        assert len(opened.scored_classes) < len(opened.classes), "few are heard in 3 recordings"
        await wait_for(pilot, lambda: "monotone" in text_of(editor(pane)) or pane.feed.bench.no_ops)
        assert list(pane.feed.bench.no_ops) == [1], "a power of the blend changes no class"
        await wait_for(
            pilot, lambda: pane.feed.board.is_firm(pane.feed.settings, pane.feed.baseline)
        )
        classes = pane.query_one(ClassDeltas)
        await wait_for(pilot, lambda: len(pane.feed.figures.deltas) == len(opened.scored_classes))
        unscored = [one for one in text_of(classes).splitlines() if "no positives" in one]
        assert unscored and all("—" in one for one in unscored)
        before = current(pane).measured
        await go_to(pilot, pane, lambda row: row.kind == "weight" and row.member == "alpha")
        await pilot.press("shift+right", "shift+right")
        await wait_for(pilot, lambda: not current(pane).stale)
        after = current(pane).measured
        assert before is not None and after is not None
        assert before.macro_roc_auc != after.macro_roc_auc
        assert study.pid is not None
        os.kill(study.pid, signal.SIGKILL)
        await pilot.press("shift+left", "shift+left", "shift+left")
        await wait_for(pilot, lambda: not current(pane).stale)
        assert line(pane, "built-in raw mean").measured is not None


@pytest.mark.parametrize(
    ("chosen", "before", "name", "side"),
    [
        (None, False, OWN, ""),
        (None, True, "notebook 0.88", "before"),
        (Settings(name="mine"), False, "mine", "after"),
        (Settings(name="mine"), True, OWN, "before"),
    ],
)
def test_scope_compares_the_sessions_settings_with_what_was_before(
    chosen: Settings | None, before: bool, name: str, side: str
) -> None:
    shown = shown_stack(STACK, chosen, ("alpha", "beta"), before)
    assert (shown.name, shown.side, shown.problem) == (name, side, "")


def test_scope_does_not_use_settings_for_other_members() -> None:
    chosen = Settings(name="mine", weights={"gamma": 1.0})
    shown = shown_stack(STACK, chosen, ("alpha", "beta"), before=False)
    assert shown.settings == STACK and "other members" in shown.problem


@pytest.mark.parametrize(("before", "name"), [(True, "gentle"), (False, "rough")])
def test_scope_compares_any_two_settings_in_place_of_the_sessions(before: bool, name: str) -> None:
    pair = Pair(Settings(name="gentle"), Settings(name="rough"))
    shown = shown_stack(STACK, Settings(name="mine"), ("alpha",), before, pair)
    assert (shown.name, shown.pair) == (name, ("gentle", "rough"))


def test_a_pair_for_other_members_is_not_shown() -> None:
    pair = Pair(Settings(name="gentle"), Settings(name="foreign", weights={"gamma": 1.0}))
    shown = shown_stack(STACK, None, ("alpha",), False, pair)
    assert shown.settings == STACK and shown.pair is None
    assert "foreign is for other members" in shown.problem
