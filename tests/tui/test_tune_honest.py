"""Tune says where its figures flatter, forgets nothing, and calls things by their names."""

from __future__ import annotations

from pathlib import Path

from birdscope.core.settings import Settings, Smooth
from birdscope.engine.tune_messages import TuningSource
from birdscope.postprocess.chosen_notes import chosen_note
from birdscope.session.saved_settings import SavedSettings
from birdscope.tui.widgets.class_deltas import ClassDeltas
from birdscope.tui.widgets.settings_table import SettingsTable
from tests.tui.conftest import MakeApp
from tests.tui.fake_tuning import SOURCE, FakeTuning
from tests.tui.jobs_kit import wait_for
from tests.tui.tune_kit import current, editor, go_to, line, text_of, tune_tab

NOTE = chosen_note(
    "soundscape labels", "notebook 0.88", "within noise", nested=0.88, gain=-0.01, in_sample=0.93
)
FILE = TuningSource("file", "labels of a file", Path("/scores/demo"), Path("/labels.csv"))


def weight(row: object) -> bool:
    knob = getattr(row, "knob", None)
    return knob is not None and knob.field == "weight" and getattr(row, "step", None) is not None


async def test_settings_chosen_on_these_labels_have_a_star_and_their_nested_figure(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    shelf = SavedSettings(tmp_path / "home" / "sessions" / "test")
    steps = (Smooth(at="member", weight=0.25),)
    shelf.save(Settings(name="searched", note=NOTE, steps=steps))
    shelf.save(Settings(name="elsewhere", note=NOTE.replace("soundscape", "other"), steps=steps))
    async with tune_tab(make_app(tiny_dataset), FakeTuning(), (120, 34)) as (pilot, pane):
        table = pane.query_one(SettingsTable)
        await wait_for(pilot, lambda: any(one.key == "saved searched" for one in table.lines))
        await wait_for(pilot, lambda: line(pane, "saved searched").interval is not None)
        assert line(pane, "saved searched").chosen_here
        assert not line(pane, "saved elsewhere").chosen_here, "not chosen on the labels on show"
        table.focus()
        table.select("saved searched")
        await wait_for(pilot, lambda: "noise*" in text_of(table) or "better*" in text_of(table))
        assert text_of(table).count("*") == 1
        assert "* chosen on these labels" in str(pane.query_one("#tune-upper").border_subtitle)
        said = pane.query_one("#tune-line")
        await wait_for(pilot, lambda: "nested 0.8800" in text_of(said))
        assert "overfit +0.0500" in text_of(said) and "within noise" in text_of(said)


async def test_what_a_hand_changed_is_called_so_and_keeps_its_star(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    shelf = SavedSettings(tmp_path / "home" / "sessions" / "test")
    shelf.save(Settings(name="searched", note=NOTE, steps=(Smooth(at="member", weight=0.25),)))
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        table = pane.query_one(SettingsTable)
        await wait_for(pilot, lambda: any(one.key == "saved searched" for one in table.lines))
        table.focus()
        table.select("saved searched")
        await pilot.press("c")
        assert pane.feed.settings.name == "searched"
        await go_to(pilot, pane, weight)
        await pilot.press("right", "right")
        assert pane.feed.settings.name == "searched changed"
        assert pane.feed.settings.note == f"changed by hand; before that {NOTE}"
        await wait_for(pilot, lambda: not current(pane).stale)
        assert current(pane).chosen_here
        await pilot.press("u")
        session = pane._services.session
        await wait_for(pilot, lambda: session.state.settings is not None)
        assert session.state.settings is not None
        assert session.state.settings.name == "searched changed"
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: session.state.settings is None)
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: pane.feed.settings.name == "searched")


async def test_a_fitted_blend_carries_what_it_is_worth(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await pilot.press("b")
        await wait_for(pilot, lambda: "nested 0.9100" in pane.feed.settings.note)
        assert "overfit +0.0100" in pane.feed.settings.note
        assert pane.feed.settings.name == "demo changed"
        assert current(pane).chosen_here


async def test_other_labels_are_measured_for_every_row(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning(sources=(SOURCE, FILE))) as (
        pilot,
        pane,
    ):
        row = "built-in blend only"
        await wait_for(pilot, lambda: line(pane, row).interval is not None)
        await pilot.press("l", "down", "enter")
        await wait_for(pilot, lambda: pane.feed.source == FILE and pane.feed.phase == "open")
        await wait_for(pilot, lambda: line(pane, row).measured is not None)
        await wait_for(pilot, lambda: line(pane, row).interval is not None)


async def test_what_was_in_hand_is_there_again_next_time(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    study = FakeTuning(sources=(SOURCE, FILE))
    async with tune_tab(make_app(tiny_dataset), study) as (pilot, pane):
        await pilot.press("l", "down", "enter")
        await wait_for(pilot, lambda: pane.feed.source == FILE and pane.feed.phase == "open")
        await go_to(pilot, pane, weight)
        await pilot.press("right", "right")
        pane.query_one(SettingsTable).select("built-in raw mean")
        await pilot.press("equals_sign")
        await wait_for(pilot, lambda: pane.feed.baseline.name == "raw mean")
        classes = pane.query_one(ClassDeltas)
        await wait_for(pilot, lambda: len(pane.feed.figures.deltas) == 3)
        await pilot.pause(0.2)
        classes.cursor = classes.labels.index("b")
        await wait_for(pilot, lambda: pane.feed.label == "b")
        before, label = pane.feed.settings, pane.feed.label
        pilot.app.exit()
    async with tune_tab(make_app(tiny_dataset), FakeTuning(sources=(SOURCE, FILE))) as (
        pilot,
        again,
    ):
        assert again.feed.settings == before and before.steps[1].weight == 0.22  # type: ignore[union-attr]
        assert again.feed.baseline.name == "raw mean"
        await pilot.pause(0.2)
        assert again.feed.label == label == again.query_one(ClassDeltas).label
        assert again.feed.source == FILE
        assert again._services.session.state.settings is None, "nothing was made the session's"


async def test_while_there_is_nothing_no_key_of_the_hidden_stack_is_offered(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    none = TuningSource("soundscapes", "soundscape labels", Path("/x"), problem="no scores yet")
    study = FakeTuning(sources=(none,))
    async with tune_tab(make_app(tiny_dataset), study, opens=False) as (pilot, pane):
        await wait_for(pilot, lambda: pane.feed.phase == "empty")
        await wait_for(pilot, lambda: pane.query_one("#tune-hint").has_focus)
        actions = {one.binding.action for one in pane.screen.active_bindings.values()}
        assert "predict" in actions and "remove" not in actions
        study.sources = (SOURCE,)
        pane.feed.look()
        await wait_for(pilot, lambda: editor(pane).has_focus)


async def test_the_border_says_how_to_type_a_value(make_app: MakeApp, tiny_dataset: Path) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, weight)
        assert "⏎ type" in str(editor(pane).border_subtitle)
        await pilot.press("enter")
        assert "esc" in str(editor(pane).border_subtitle)
        await pilot.press("escape")
        await go_to(pilot, pane, lambda row: row.kind == "step")
        assert "on/off" in str(editor(pane).border_subtitle)
