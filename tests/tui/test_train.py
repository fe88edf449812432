from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import cast

import pytest
from textual.widgets import Input, Static

from birdscope.engine.train_messages import CheckData
from birdscope.inference.ensemble import load_ensemble
from birdscope.jobs.manager import Jobs
from birdscope.session.runs import Runs
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.commands import commands_of
from birdscope.tui.jobs_watch import JobsWatch
from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.show_text import ShowText
from birdscope.tui.screens.train import TrainPane
from birdscope.tui.widgets.recipe_form import RecipeForm
from birdscope.tui.widgets.recipe_list import RecipeList
from birdscope.tui.widgets.runs_table import RunsTable
from tests.tui.conftest import MakeApp
from tests.tui.fake_training import FakeTraining, InlineStudy
from tests.tui.jobs_kit import LARGE, REAL, SMALL, stop_all, wait_for
from tests.tui.train_kit import own_recipe, train_tab, trained
from tests.tui.tune_kit import text_of


def said(pane: TrainPane, selector: str) -> str:
    return str(pane.query_one(selector, Static).content)


def form_of(pane: TrainPane, key: str) -> RecipeForm:
    form = pane.query_one(RecipeForm)
    form.focus()
    form.go_to(key)
    return form


def value(pane: TrainPane, key: str) -> str:
    return next(row.text for row in pane.feed.rows if row.key == key)


async def test_a_key_shows_where_it_comes_from_and_is_checked_while_it_is_typed(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):
        form = form_of(pane, "optim.learning_rate")
        await wait_for(pilot, lambda: "measured: 0.911" in said(pane, "#train-about"))
        assert "number > 0" in said(pane, "#train-about")
        await pilot.press("enter", "ctrl+u", *"-1")
        await wait_for(pilot, lambda: "✗" in said(pane, "#train-about"))
        assert "optim.learning_rate" in said(pane, "#train-about")
        assert cast(BirdscopeApp, pilot.app).tab == "train", "digits stay in the value"
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert form.is_typing and value(pane, "optim.learning_rate") == "0.004", "not taken"
        await pilot.press("ctrl+u", *"2e-3", "enter")
        await wait_for(pilot, lambda: value(pane, "optim.learning_rate") == "0.002")
        await wait_for(pilot, lambda: not form.is_typing)
        assert "* learning_rate" in text_of(form) and "changed here" in text_of(form)
        await pilot.press("0")
        await wait_for(pilot, lambda: value(pane, "optim.learning_rate") == "0.004")
        assert pane.feed.changes == {}


async def test_choices_turn_and_tables_are_leapt_over(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with train_tab(make_app(tiny_dataset), InlineStudy()) as (pilot, pane):
        form = form_of(pane, "data.crop")
        await pilot.press("right")
        await wait_for(pilot, lambda: value(pane, "data.crop") == "energy")
        await pilot.press("left", "left")
        await wait_for(pilot, lambda: value(pane, "data.crop") in ("random", "hop"))
        await pilot.press("g")
        await wait_for(pilot, lambda: form.row is not None and form.row.group == "augment")
        await pilot.press("z")
        await wait_for(pilot, lambda: pane.feed.changes == {})


async def test_a_stage_has_its_own_keys_and_others_can_be_set(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with train_tab(make_app(tiny_dataset), InlineStudy()) as (pilot, pane):
        pane.feed.choose("first-2025")
        await wait_for(pilot, lambda: any("round 1" in one.group for one in pane.feed.rows))
        await pilot.press("a")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one("#ask-key", Input).value = "stages.round 1.optim.epochs"
        pilot.app.screen.query_one("#ask-value", Input).value = "7"
        await pilot.press("enter")
        await wait_for(pilot, lambda: pane.feed.changes == {"stages.round 1.optim.epochs": "7"})
        assert value(pane, "stages.round 1.optim.epochs") == "7"


async def test_an_own_recipe_keeps_only_what_differs(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    async with train_tab(make_app(tiny_dataset), InlineStudy()) as (pilot, pane):
        form_of(pane, "optim.epochs")
        await pilot.press("enter", "ctrl+u", *"3", "enter")
        await wait_for(pilot, lambda: pane.feed.changes == {"optim.epochs": "3"})
        await pilot.press("w")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "demo"
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, AskText), "a name that is taken is refused"
        pilot.app.screen.query_one(Input).value = "quick"
        await pilot.press("enter")
        path = tmp_path / "home/sessions/test/recipes/quick.toml"
        await wait_for(pilot, path.is_file)
        body = tomllib.loads(path.read_text())
        assert body["base"] == "small-cpu" and body["optim"] == {"epochs": 3}
        await wait_for(pilot, lambda: pane.feed.source == str(path))
        assert any(one.name == "quick" and not one.built_in for one in pane.feed.entries)


async def test_data_is_checked_before_the_start(make_app: MakeApp, tiny_dataset: Path) -> None:
    study = InlineStudy()
    async with train_tab(make_app(tiny_dataset), study, LARGE) as (pilot, pane):
        text = said(pane, "#train-check-text")
        assert "24 clips" in text and "m measures" in text, "nothing is known of the time yet"
        assert "✗ 4 folds are too many" in text and "use 2 folds" in text
        await pilot.press("s")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, AskText), "what can't be trained isn't started"
        form_of(pane, "folds")
        await pilot.press("enter", "ctrl+u", *"2", "enter")
        await wait_for(pilot, lambda: "no author is in two folds" in said(
            pane, "#train-check-text"))  # fmt: skip
        before = sum(isinstance(one, CheckData) for one in study.asked)
        form_of(pane, "folds")
        await pilot.press("enter", "ctrl+u", *"1", "enter")
        await wait_for(pilot, lambda: "nothing is validated" in said(pane, "#train-check-text"))
        assert sum(isinstance(one, CheckData) for one in study.asked) == before + 1


async def test_a_recipe_that_can_not_be_read_is_listed_and_says_why(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    own_recipe(tmp_path / "home", 'name = "odd"\n[optim]\nepocs = 3\n', "odd")
    async with train_tab(make_app(tiny_dataset), InlineStudy()) as (pilot, pane):
        recipes = pane.query_one(RecipeList)
        recipes.focus()
        await pilot.press("home")
        await wait_for(pilot, lambda: "epocs" in said(pane, "#train-about"))
        assert "✗ odd" in text_of(recipes)


async def test_without_a_dataset_nothing_starts(make_app: MakeApp) -> None:
    app = make_app(None)
    app.services.__dict__["study"] = InlineStudy()
    async with app.run_test(size=LARGE) as pilot:
        await wait_for(pilot, lambda: len(app.query(TrainPane)) == 1)
        pane = app.query_one(TrainPane)
        pane.feed.look()
        await wait_for(pilot, lambda: bool(pane.feed.rows))
        pane.action_start()
        await pilot.pause()
        assert "Open a dataset first" in said(pane, "#train-check-text")
        assert any("Open a dataset" in one.message for one in app._notifications)


async def test_a_lane_that_fails_is_said(make_app: MakeApp, tiny_dataset: Path) -> None:
    study = FakeTraining("the process for tuning was lost")
    async with train_tab(make_app(tiny_dataset), study, opens=False) as (pilot, pane):
        await wait_for(pilot, lambda: "was lost" in said(pane, "#train-header"))


async def test_marked_runs_are_compared_and_their_recipes_differ(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    trained(home, "one")
    trained(home, "two", recipe={"optim": {"epochs": 3, "learning_rate": 2e-3}})
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: len(pane.runs.views) == 2)
        table = pane.query_one(RunsTable)
        table.focus()
        await pilot.press("home", "space", "down", "space")
        await wait_for(pilot, lambda: len(table.chosen) == 2)
        titles = said(pane, "#run-auc-title")
        assert "one 0.8000" in titles and "two 0.8000" in titles
        assert len(pane.query_one("#run-loss")._series) == 2  # type: ignore[attr-defined]
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ShowText))
        shown = str(pilot.app.screen.query_one("VerticalScroll Static", Static).content)
        assert "optim.learning_rate" in shown and "0.002" in shown
        assert "optim.epochs" not in shown, "what is alike is left out"


async def test_runs_become_one_ensemble(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    trained(home, "one")
    trained(home, "two")
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: len(pane.runs.views) == 2)
        pane.query_one(RunsTable).focus()
        await pilot.press("home", "space", "down", "space", "e")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one("#ask-name", Input).value = "both"
        pilot.app.screen.query_one("#ask-weights", Input).value = "1"
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, AskText), "a weight for each run is needed"
        pilot.app.screen.query_one("#ask-weights", Input).value = "3, 1"
        await pilot.press("enter")
        path = home / "models" / "both.toml"
        await wait_for(pilot, path.is_file)
    made = load_ensemble(path)
    assert sorted(made.weights.values()) == [0.25, 0.75] and len(made.members) == 2
    assert all(file.is_file() for member in made.members for file in made.files(member))


async def test_a_run_is_cloned_and_one_that_was_stopped_says_how_to_go_on(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    trained(home, "half", epochs=2, finished=False, recipe={"seed": 5})
    async with train_tab(make_app(tiny_dataset), InlineStudy()) as (pilot, pane):
        await wait_for(pilot, lambda: len(pane.runs.views) == 1)
        await pilot.press("v")
        await wait_for(pilot, lambda: pane.query_one("#train-check").has_focus)
        await pilot.press("v")
        await wait_for(pilot, lambda: pane.query_one(RunsTable).has_focus)
        await wait_for(pilot, lambda: "r goes on" in said(pane, "#train-run-line"))
        await pilot.press("n")
        await wait_for(pilot, lambda: value(pane, "seed") == "5")
        assert pane.has_class("-view-recipe"), "and leads to the form"


async def test_a_session_of_another_name_has_other_runs(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    trained(home, "one")
    (home / "sessions/test/runs/odd").mkdir()
    (home / "sessions/test/runs/odd/recipe.toml").write_text("recipe = 3")
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: len(pane.runs.views) == 2)
        assert "can't be read" in text_of(pane.query_one(RunsTable)), "one damaged run is a row"
        pane.runs.forget()
        assert pane.runs.views == ()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_recipe_is_trained_to_its_end(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    if size == SMALL:
        await _cancelled_and_resumed(make_app(tiny_dataset), tmp_path / "home")
        return
    home = tmp_path / "home"
    own_recipe(home)
    app = make_app(tiny_dataset)
    jobs = Jobs(home / "sessions/test/jobs", program=REAL)
    app.services.__dict__["jobs"] = JobsWatch(app, lambda: jobs)
    try:
        async with train_tab(app, InlineStudy(), size) as (pilot, pane):
            await _start(pilot, pane)
            table = pane.query_one(RunsTable)
            await wait_for(pilot, lambda: bool(table.view and table.view.run.done), 120)
            await wait_for(pilot, lambda: table.has_focus)
            assert "tiny" in text_of(table)
            await wait_for(pilot, lambda: bool(table.view and table.view.state == "finished"), 120)
            await wait_for(pilot, lambda: "finished" in said(pane, "#train-run-line"))
            run = Runs(home / "sessions/test/runs").list()[0]
            assert run.is_finished and run.ensemble is not None and run.done == 4
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(pilot.app.screen, ShowText))
            shown = str(pilot.app.screen.query_one("VerticalScroll Static", Static).content)
            assert "macro ROC-AUC" in shown
            await pilot.press("escape")
            pane.feed.check()
            await wait_for(pilot, lambda: "rests on the epochs of run tiny" in said(
                pane, "#train-check-text"))  # fmt: skip
    finally:
        stop_all(jobs)


async def _start(pilot: object, pane: TrainPane) -> None:
    pane.feed.choose(next(one.source for one in pane.feed.entries if one.name == "tiny"))
    await wait_for(pilot, lambda: pane.feed.name == "tiny" and pane.feed.found is not None)  # type: ignore[arg-type]
    pane.action_start()
    app = pane.app
    await wait_for(pilot, lambda: isinstance(app.screen, AskText))  # type: ignore[arg-type]
    await pilot.press("enter")  # type: ignore[attr-defined]


async def _cancelled_and_resumed(app: BirdscopeApp, home: Path) -> None:
    own_recipe(home)
    jobs = Jobs(home / "sessions/test/jobs", program=REAL)
    app.services.__dict__["jobs"] = JobsWatch(app, lambda: jobs)
    try:
        async with train_tab(app, InlineStudy()) as (pilot, pane):
            await _start(pilot, pane)
            table = pane.query_one(RunsTable)
            await wait_for(pilot, lambda: bool(table.view and table.view.is_live), 60)
            await asyncio.sleep(0.5)
            await pilot.press("c")
            await wait_for(pilot, lambda: bool(table.view and not table.view.is_live), 60)
            assert table.view is not None and table.view.state in ("cancelled", "interrupted")
            await pilot.press("r")
            await wait_for(pilot, lambda: bool(table.view and table.view.state == "finished"), 120)
    finally:
        stop_all(jobs)


async def test_every_action_is_in_the_palette_and_the_help(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    trained(tmp_path / "home", "one")
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: len(pane.runs.views) == 1)
        pane.query_one(RunsTable).focus()
        await pilot.pause()
        helps = {one.help for one in commands_of(pilot.app.screen)}
        for binding in (*pane.BINDINGS, *RunsTable.BINDINGS):
            assert binding.id and binding.tooltip in helps, binding  # type: ignore[union-attr]
        for binding in (*RecipeForm.BINDINGS, *RecipeList.BINDINGS):
            assert binding.id and binding.tooltip, binding  # type: ignore[union-attr]
