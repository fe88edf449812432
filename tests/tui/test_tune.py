from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static

from birdscope.core.settings import Settings, Smooth
from birdscope.engine.tune_messages import TuningSource
from birdscope.tui.commands import commands_of
from birdscope.tui.messages import OpenInAudition
from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.audition import AuditionPane
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.scope import ScopePane
from birdscope.tui.screens.show_text import ShowText
from birdscope.tui.screens.submit import SubmitPane
from birdscope.tui.screens.tune import TunePane
from birdscope.tui.tune_knobs import STAGES
from birdscope.tui.widgets.class_deltas import ClassDeltas
from birdscope.tui.widgets.settings_table import SettingsTable
from birdscope.tui.widgets.stage_bars import StageBars
from tests.tui.conftest import MakeApp
from tests.tui.fake_tuning import OWN, SOURCE, FakeTuning, figure
from tests.tui.jobs_kit import LARGE, SMALL, wait_for
from tests.tui.tune_kit import current, editor, go_to, line, saved, text_of, tune_tab


def weight(pane: TunePane) -> float:
    """Of the smoothing in hand."""
    return next(one.weight for one in pane.feed.settings.steps if isinstance(one, Smooth))


async def test_a_slider_answers_at_once_and_the_table_follows(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("right")
        assert weight(pane) == pytest.approx(0.21)
        assert "0.21" in text_of(editor(pane))
        await pilot.press("shift+right")
        assert weight(pane) == pytest.approx(0.26)
        await wait_for(pilot, lambda: not current(pane).stale)
        shown = current(pane).measured
        assert shown is not None
        assert shown.macro_roc_auc == pytest.approx(figure(pane.feed.settings))


async def test_of_many_moves_only_the_newest_is_measured(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    study = FakeTuning(held=True)
    async with tune_tab(make_app(tiny_dataset), study, opens=False) as (pilot, pane):
        await wait_for(pilot, lambda: pane.feed.phase == "open")
        study.let()
        await wait_for(pilot, lambda: len(study.asked) > 0)
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press(*["right"] * 12)
        assert weight(pane) == pytest.approx(0.32), "the hand waits for nobody"
        assert current(pane).stale, "the figures are known to be old"
        study.let(50)
        await wait_for(pilot, lambda: not current(pane).stale)
        mine = [
            one for one in study.asked if Settings(steps=one.steps) != Settings(steps=OWN.steps)
        ]
        weights = {s.weight for one in mine for s in one.steps if isinstance(s, Smooth)}
        assert 0.32 in {round(one, 2) for one in weights}
        between = {round(one, 2) for one in weights} - {0.2, 0.32}
        assert len(between) <= 1, f"settings that were passed over are not measured: {between}"


async def test_a_number_can_be_typed_and_its_digits_go_nowhere_else(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("enter", *"0.14")
        assert editor(pane).is_typing and pilot.app.tab == "tune"  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert weight(pane) == pytest.approx(0.14)
        await pilot.press("enter", *"0.9", "enter")
        assert weight(pane) == pytest.approx(0.14), "more than a half is not allowed"
        assert editor(pane).is_typing, "and can be mended"
        assert any("0.5" in one.message for one in pilot.app._notifications)
        await pilot.press("escape", "1")
        assert pilot.app.tab == "browse", "a digit acts again"  # type: ignore[attr-defined]


async def test_the_mouse_drags_a_slider_and_one_undo_takes_it_back(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        stack = editor(pane)
        left, y = stack.content_region.x + 13, stack.content_region.y + stack.cursor
        await pilot.mouse_down(offset=(left, y))
        for cell in range(1, 10):
            await pilot.hover(offset=(left + cell, y))
        await pilot.mouse_up(offset=(left + 60, y - 1))
        assert weight(pane) > 0.35
        assert not stack.is_typing
        await pilot.press("ctrl+z")
        assert weight(pane) == pytest.approx(0.2)
        await pilot.press("ctrl+y")
        assert weight(pane) > 0.35
        await pilot.press("ctrl+z", "ctrl+z")
        assert any("nothing to undo" in one.message for one in pilot.app._notifications)


async def test_steps_are_switched_staged_moved_and_removed(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "step" and row.step == 1)
        await pilot.press("e")
        assert not pane.feed.settings.steps[1].enabled
        await pilot.press("e", "t")
        assert pane.feed.settings.steps[1].at == STAGES[2]
        await pilot.press("shift+up")
        assert pane.feed.settings.steps[1].at == STAGES[1]
        await pilot.press("x")
        assert [one.kind for one in pane.feed.settings.steps] == ["low_rank_power"]
        await pilot.press("r")
        assert pane.feed.settings == OWN
        await pilot.press("ctrl+z")
        assert len(pane.feed.settings.steps) == 1, "even a reset can be undone"


async def test_a_step_is_added_from_a_list_that_explains(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await pilot.press("a")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        options = pilot.app.screen.query_one(OptionList)
        rows = [str(options.get_option_at_index(n).prompt) for n in range(options.option_count)]
        assert any("share of its two neighbours" in one for one in rows)
        options.highlighted = next(
            n for n, one in enumerate(rows) if "power" in one and "all" in one
        )
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(pane.feed.settings.steps) == 3)
        assert editor(pane).row is not None and editor(pane).row.kind == "step"  # type: ignore[union-attr]
        await pilot.press("t")
        await wait_for(pilot, lambda: "no effect" in text_of(editor(pane)))
        assert "monotone" in text_of(editor(pane)), "and says why"


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_table_compares_every_row_with_the_baseline(
    make_app: MakeApp, tiny_dataset: Path, size: tuple[int, int]
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning(), size) as (pilot, pane):
        table = pane.query_one(SettingsTable)
        await wait_for(pilot, lambda: "worse" in text_of(table))
        raw = line(pane, "built-in raw mean")
        await wait_for(pilot, lambda: "within noise…" not in text_of(table))
        assert raw.interval is not None and raw.interval.badge == "worse"
        shown = text_of(table)
        assert "notebook 0.88" in shown and "baseline" in shown and "within noise" in shown
        assert ("95 % interval" in shown) is (size == LARGE)
        table.focus()
        table.select("built-in raw mean")
        await pilot.press("equals_sign")
        await wait_for(pilot, lambda: line(pane, "built-in raw mean").is_baseline)
        await wait_for(pilot, lambda: "better" in text_of(table))


async def test_enter_makes_a_row_the_sessions_for_scope_and_submit(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        table = pane.query_one(SettingsTable)
        assert line(pane, "own stack").in_use, "nothing is chosen yet"
        table.focus()
        table.select("built-in raw mean")
        await pilot.press("enter")
        services = pane._services
        await wait_for(pilot, lambda: services.session.state.settings is not None)
        assert services.session.state.settings.name == "raw mean"  # type: ignore[union-attr]
        assert line(pane, "built-in raw mean").in_use and current(pane).same_as == "raw mean"
        stack = pilot.app.query_one(ScopePane).feed.stack
        if stack is not None:
            assert stack.name == "raw mean"
        facts = pilot.app.query_one(SubmitPane).facts
        await wait_for(pilot, lambda: "raw mean" in facts.plan.stack.name)
        table.select("own stack")
        await pilot.press("enter")
        await wait_for(pilot, lambda: services.session.state.settings is None)


async def test_settings_are_saved_renamed_deleted_and_never_overwritten(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("right", "s")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        field = pilot.app.screen.query_one(Input)
        field.value = "raw mean"
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, AskText), "a name that is always there is refused"
        assert "always there" in str(pilot.app.screen.query_one("#ask-problem", Static).content)
        field.value = "smoother"
        await pilot.press("enter")
        await wait_for(pilot, lambda: saved(home) == ["smoother"])
        lines = pane._drawing.lines
        await wait_for(pilot, lambda: any(one.key == "saved smoother" for one in lines()))
        table = pane.query_one(SettingsTable)
        table.focus()
        table.select("saved smoother")
        await pilot.press("f2")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "best so far"
        await pilot.press("enter")
        await wait_for(pilot, lambda: saved(home) == ["best so far"])
        await wait_for(pilot, lambda: any(one.key == "saved best so far" for one in table.lines))
        table.select("saved best so far")
        await pilot.press("D")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert saved(home) == ["best so far"], "the first choice keeps them"
        await pilot.press("D")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: saved(home) == [])


async def test_a_damaged_file_of_settings_is_a_row_that_says_so(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / "sessions" / "test" / "settings"
    folder.mkdir(parents=True)
    (folder / "odd.toml").write_text('[[steps]]\nkind = "smoth"\n')
    (folder / "other.toml").write_text('name = "other"\n[weights]\ngamma = 1.0\n')
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await wait_for(pilot, lambda: any(one.key == "saved odd" for one in pane._drawing.lines()))
        assert "smoth" in line(pane, "saved odd").problem
        assert "other members" in line(pane, "saved other").problem
        table = pane.query_one(SettingsTable)
        table.focus()
        table.select("saved other")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert pane._services.session.state.settings is None, "what can't be used is not taken"


async def test_differences_of_two_rows_are_listed(make_app: MakeApp, tiny_dataset: Path) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        table = pane.query_one(SettingsTable)
        table.focus()
        table.select("built-in raw mean")
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ShowText))
        shown = str(pilot.app.screen.query_one("VerticalScroll Static", Static).content)
        assert "low-rank power on each checkpoint" in shown and "—" in shown


async def test_classes_are_sorted_and_one_without_positives_has_no_number(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("shift+right")
        classes = pane.query_one(ClassDeltas)
        await wait_for(pilot, lambda: classes.labels[0] == "b")
        assert classes.labels == ("b", "a", "c", "d"), "the worst first, the unscored last"
        last = [one for one in text_of(classes).splitlines() if "Rufous Motmot" in one]
        assert "—" in last[0] and "no positives" in last[0] and "0." not in last[0]
        classes.focus()
        await pilot.press("S")
        assert classes.labels == ("c", "a", "b", "d")
        await pilot.press("end")
        await wait_for(pilot, lambda: pane.feed.label == "d")
        await pilot.press("v")
        await wait_for(pilot, lambda: "no positive row" in str(
            pane.query_one("#curves-roc-title", Static).content
        ))  # fmt: skip


async def test_one_key_leads_to_the_windows_that_cost_a_class_most(
    make_app: MakeApp, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[OpenInAudition] = []
    monkeypatch.setattr(AuditionPane, "open_species", lambda self, message: asked.append(message))
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await pilot.press("o")
        await wait_for(pilot, lambda: bool(asked))
        message = asked[0]
        assert (message.label, message.kind) == (pane.feed.label, "auc_loss")
        assert message.scores == SOURCE.scores and message.settings == pane.feed.settings
        assert pilot.app.tab == "audition"  # type: ignore[attr-defined]


async def test_each_step_shows_what_it_adds_and_leads_to_it(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await pilot.press("v", "v")
        stages = pane.query_one("#tune-stages", StageBars)
        await wait_for(pilot, lambda: "low rank power" in text_of(stages))
        assert "+0.0100" in text_of(stages)
        stages.focus()
        await pilot.press("end", "enter")
        await wait_for(pilot, lambda: editor(pane).has_focus)
        assert editor(pane).step_here == 1


async def test_the_screen_explains_itself(make_app: MakeApp, tiny_dataset: Path) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        said = str(pane.query_one("#tune-says", Static).content)
        assert "better" in said and "95 %" in said and "baseline" in said
        await pilot.press("i")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ShowText))
        shown = str(pilot.app.screen.query_one("VerticalScroll Static", Static).content)
        assert "1 class has no positive" in shown, "what is counted"
        assert "resample" in shown or "drawn anew" in shown
        assert "0: 0.90" in shown, "each fold's figure"


async def test_without_scores_it_says_what_to_do_and_opens_when_they_are_there(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    none = TuningSource("soundscapes", "soundscape labels", Path("/x"), problem="no scores yet")
    study = FakeTuning(sources=(none,))
    async with tune_tab(make_app(tiny_dataset), study, opens=False) as (pilot, pane):
        await wait_for(pilot, lambda: pane.feed.phase == "empty")
        hint = str(pane.query_one("#tune-hint", Static).content)
        assert "no scores yet" in hint and "P" in hint and "train_soundscapes_labels.csv" in hint
        await pilot.press("a", "g", "s", "u", "ctrl+z")
        assert pilot.app.screen is pane.screen, "keys without a meaning do nothing"
        study.sources = (SOURCE,)
        from birdscope.tui.jobs_watch import Ended

        pane._services.jobs.ended.publish(Ended(()))
        await wait_for(pilot, lambda: pane.feed.measured is not None)


async def test_what_can_not_be_opened_is_said_and_other_labels_can_be_chosen(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    other = TuningSource("verdicts", "verdicts · demo", Path("/scores/demo"))
    study = FakeTuning(sources=(SOURCE, other))
    study.problem = "labels and scores have no row in common"
    async with tune_tab(make_app(tiny_dataset), study, opens=False) as (pilot, pane):
        await wait_for(pilot, lambda: pane.feed.phase == "failed")
        assert "no row in common" in str(pane.query_one("#tune-hint", Static).content)
        study.problem = ""
        await pilot.press("l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: pane.feed.measured is not None)
        assert study.opened[-1].kind == "verdicts"


async def test_one_member_has_no_blend_to_fit(make_app: MakeApp, tiny_dataset: Path) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning(("only",))) as (pilot, pane):
        assert "one member: no blend" in text_of(editor(pane))
        await pilot.press("b")
        await wait_for(
            pilot,
            lambda: any("nothing to blend" in one.message for one in pilot.app._notifications),
        )


async def test_a_fitted_blend_is_taken_in_hand_and_its_overfit_told(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await pilot.press("b")
        await wait_for(pilot, lambda: pane.feed.settings.weights == {"alpha": 0.75, "beta": 0.25})
        await wait_for(
            pilot, lambda: any("overfit" in one.message for one in pilot.app._notifications)
        )
        await pilot.press("ctrl+z")
        assert pane.feed.settings.weights is None


async def test_every_action_is_in_the_palette_and_the_help(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        table = pane.query_one(SettingsTable)
        table.focus()
        await pilot.pause()
        helps = {one.help for one in commands_of(pilot.app.screen)}
        for binding in (*pane.BINDINGS, *SettingsTable.BINDINGS):
            assert binding.id and binding.tooltip, binding  # type: ignore[union-attr]
            if binding.action in ("rename", "delete", "members"):  # type: ignore[union-attr]
                continue
            assert binding.tooltip in helps, binding  # type: ignore[union-attr]
