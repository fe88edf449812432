from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static

from birdscope.core import paths
from birdscope.core.errors import EngineError
from birdscope.core.verdicts import Verdict
from birdscope.session.session import Session
from birdscope.tui import audition_text
from birdscope.tui.messages import OpenInAudition
from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.choose_species import ChooseSpecies
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.verdict_summary import CalibrationView, VerdictSummary
from tests.tui.audition_kit import (
    LARGE,
    ME,
    SMALL,
    audition_tab,
    give_name,
    introduce,
    kept,
    settled,
    study_of,
)
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import wait_for


def said(verdicts: list[Verdict]) -> list[tuple[str, int, str]]:
    return [(one.recording.rsplit("/", 1)[-1], one.index, one.answer) for one in verdicts]


async def test_three_takes_the_species_of_browse_along(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        browse = pilot.app.query_one(BrowsePane)
        first = pane.feed.choice.label
        assert first == browse.label
        await pilot.press("1", "down", "3")
        await wait_for(pilot, lambda: settled(pane) and pane.feed.choice.label == browse.label)
        assert browse.label != first
        await pilot.press("slash")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseSpecies))
        pilot.app.screen.query_one(Input).value = first
        await pilot.pause()
        await pilot.press("enter")
        await wait_for(pilot, lambda: settled(pane) and pane.feed.choice.label == first)
        await pilot.press("1", "3")
        await pilot.pause()
        assert pane.feed.choice.label == first, "Browse was only looked at"


async def test_answers_are_kept_at_once_in_their_order_and_lead_on(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        items, label = pane.queue.items, pane.feed.choice.label
        await pilot.press("y", "n", "m")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 3)
        assert pane.queue.cursor == 3
        found = kept()
        assert [one.answer for one in found] == ["yes", "no", "maybe"]
        assert [one.window for one in found] == [(one.recording, one.index) for one in items[:3]]
        first = found[0]
        assert (first.label, first.annotator, first.queue) == (label, ME, "score")
        assert (first.start_s, first.end_s) == (items[0].start_s, items[0].end_s)
        assert first.score == pytest.approx(items[0].score)
        assert first.ensemble == "e" * 64
        assert pane.queue.spans_of(0, 60)[-1] == ("  ✓ yes     ", "good")
        await wait_for(pilot, lambda: "3 judged" in pane.query_one(VerdictSummary).text)
        text = pane.query_one(VerdictSummary).text
        assert "of 2 judged" in text and "50%" in text and "20%–90%" in text
        assert "not enough verdicts: 2 more yes, 2 more no" in text


async def test_a_window_judged_again_counts_once_and_undo_goes_back_to_it(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        await pilot.press("y", "up", "n")
        await wait_for(pilot, lambda: [one.answer for one in kept()] == ["no"])
        assert pane.queue.cursor == 1
        await pilot.press("u")
        await wait_for(pilot, lambda: [one.answer for one in kept()] == ["yes"])
        assert pane.queue.cursor == 0
        await wait_for(pilot, lambda: pane.queue.spans_of(0, 60)[-1][1] == "good")
        await pilot.press("u")
        await wait_for(pilot, lambda: kept() == [] and not pane.feed.verdicts)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(pilot.app._notifications) > 0)


async def test_corrected_to_another_species(make_app: MakeApp, tiny_dataset: Path) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        taxonomy = pilot.app.services.catalog.taxonomy
        asked = pane.feed.choice.label
        other = next(one for one in taxonomy.labels if one != asked)
        await pilot.press("c")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseSpecies))
        assert asked not in [one.label for one in pilot.app.screen._listed]
        pilot.app.screen.query_one(Input).value = other
        await pilot.pause()
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
        (verdict,) = kept()
        assert (verdict.answer, verdict.corrected_label) == ("correct", other)
        assert f"→ {other}"[:8] in pane.queue.spans_of(0, 60)[-1][0]
        pane.open_species(OpenInAudition(other))
        await wait_for(pilot, lambda: settled(pane) and pane.feed.choice.label == other)
        assert audition_text.marks(pane.feed)[verdict.window] == ("✓ yes", "good")


async def test_the_name_is_asked_once(make_app: MakeApp, tiny_dataset: Path) -> None:
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        await pilot.press("y")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        await pilot.press("escape")
        await pilot.pause()
        assert kept() == [], "nobody, no verdict"
        await pilot.press("y")
        await give_name(pilot, "Ana y n")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
        await pilot.press("n")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 2)
        assert {one.annotator for one in kept()} == {"Ana y n"}
        assert pilot.app.services.session.state.annotator == "Ana y n"


async def test_what_can_not_be_saved_is_said_and_leaves_no_mark(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        file = paths.sessions() / "test" / "verdicts.sqlite"
        with sqlite3.connect(file) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON verdicts "
                "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
        await pilot.press("y")
        await wait_for(pilot, lambda: bool(pane.feed.save_problem))
        assert "disk is full" in pane.feed.save_problem
        assert not pane.feed.verdicts and kept() == []
        assert pane.queue.spans_of(0, 60)[-1][1] == "bad"
        assert "NOT SAVED" in pane.query_one(VerdictSummary).text
        assert any("NOT saved" in one.title for one in pilot.app._notifications)
        with sqlite3.connect(file) as other:
            other.execute("DROP TRIGGER full")
        await pilot.press("up", "y")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
        assert not pane.feed.save_problem and len(kept()) == 1


async def test_a_read_only_session_says_so(make_app: MakeApp, tiny_dataset: Path) -> None:
    introduce()
    holder = Session.open(paths.sessions(), "test")
    try:
        async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
            pilot.app.clear_notifications()
            await pilot.press("y")
            await pilot.pause()
            assert any("can't be kept" in one.message for one in pilot.app._notifications)
            assert not pane.feed.verdicts and pane.queue.cursor == 0
    finally:
        holder.close()
    assert kept() == []


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_window_is_marked_with_its_context(
    make_app: MakeApp, tiny_dataset: Path, size: tuple[int, int]
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset), size) as (pilot, pane):
        view = pane.query_one("#audition-window", SpectrogramView)
        await pilot.press("down")
        await wait_for(pilot, lambda: view.selected_span == (5.0, 10.0))
        assert (view.view_start_s, view.view_end_s) == (3.0, 12.0)
        assert view.path == pane.queue.item.path
        await pilot.press("enter")
        playback = pilot.app.services.playback
        await wait_for(pilot, lambda: playback.status.state == "playing")
        assert playback.position_s == pytest.approx(3.0)
        await pilot.press("space")
        await wait_for(pilot, lambda: playback.status.state == "paused")
        await pilot.press("down", "space")
        await wait_for(pilot, lambda: playback.status.state == "playing")
        await wait_for(pilot, lambda: playback.position_s == pytest.approx(10.0))


async def test_autoplay_plays_each_window_that_is_reached(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        playback = pilot.app.services.playback
        await pilot.press("j")
        await pilot.pause(0.2)
        assert playback.status.state == "stopped"
        await pilot.press("a")
        await wait_for(pilot, lambda: playback.position_s == pytest.approx(5.0))
        await pilot.press("j")
        await wait_for(pilot, lambda: playback.position_s == pytest.approx(10.0))
        await pilot.press("y")
        await wait_for(pilot, lambda: playback.position_s == pytest.approx(15.0))
        assert "autoplay" in str(pane.query_one("#audition-header", Static).content)


@pytest.mark.parametrize("size", [SMALL, (90, 44), LARGE])
async def test_the_best_reference_is_one_key_away(
    make_app: MakeApp, tiny_dataset: Path, size: tuple[int, int]
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset), size) as (pilot, pane):
        catalog = pilot.app.services.catalog
        label = max(catalog.species_counts, key=catalog.species_counts.__getitem__)
        pane.open_species(OpenInAudition(label))
        await wait_for(pilot, lambda: settled(pane) and pane.feed.choice.label == label)
        best = sorted(catalog.recordings_of(label), key=lambda one: (-one.rating, one.key))
        window = pane.query_one("#audition-window", SpectrogramView)
        reference = pane.query_one("#audition-reference", SpectrogramView)
        assert not reference.display
        await pilot.press("v")
        await wait_for(pilot, lambda: reference.path == best[0].path)
        assert reference.display and window.display and pane.spectrogram is window
        assert pane.query_one(VerdictSummary).parent.display == (size != SMALL)
        await pilot.press("tab")
        playback = pilot.app.services.playback
        await wait_for(pilot, lambda: playback.path == best[0].path)
        await pilot.press("tab")
        await wait_for(pilot, lambda: playback.path == pane.queue.item.path)
        await pilot.press("V")
        await wait_for(pilot, lambda: reference.path == best[1 % len(best)].path)
        await pilot.press("v")
        await wait_for(pilot, lambda: not reference.display and window.display)


async def test_queues_filters_and_hidden_verdicts_are_asked_of_the_study(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    study = study_of(tiny_dataset)
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        await pilot.press("s")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        assert pilot.app.screen.query_one(OptionList).option_count == len(audition_text.KINDS)
        await pilot.press(*["down"] * 4, "enter")
        await wait_for(pilot, lambda: settled(pane) and study.asked[-1].kind == "stratified")
        await pilot.press("y")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
        assert kept()[0].sampling_probability == 0.25
        await pilot.press("H")
        await wait_for(pilot, lambda: settled(pane) and study.asked[-1].skip_judged)
        assert pane.feed.found.judged == 1 and len(pane.queue.items) == 19
        await pilot.press("F")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        name, hours = pilot.app.screen.query(Input)
        name.value, hours.value = pane.queue.items[0].recording.rsplit("/", 1)[-1], "5-33"
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, AskText), "there is no hour 33"
        hours.value = "5-9"
        await pilot.press("enter")
        await wait_for(pilot, lambda: settled(pane) and study.asked[-1].hours == (5, 9))
        assert len({one.recording for one in pane.queue.items}) == 1
        await pilot.press("escape")
        await wait_for(pilot, lambda: settled(pane) and len(pane.queue.items) == 20)


async def test_enough_verdicts_give_a_curve_and_thresholds(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset), LARGE) as (pilot, pane):
        await pilot.press("y", "y", "y", "n", "n")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 5)
        curve = pane.query_one(CalibrationView)
        await wait_for(pilot, lambda: pane.feed.summary.no == 2)
        assert not curve.has_class("-fitted")
        await pilot.press("n")
        await wait_for(pilot, lambda: curve.has_class("-fitted"))
        text = pane.query_one(VerdictSummary).text
        assert "90% right" in text and "0.700" in text and "0.550–0.830" in text
        assert "no score reaches it" in text


async def test_keys_typed_into_a_field_judge_nothing(make_app: MakeApp, tiny_dataset: Path) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        await pilot.press("slash", *"ynmu3")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseSpecies))
        assert pilot.app.screen.query_one(Input).value == "ynmu3"
        await pilot.press("escape")
        await pilot.pause()
        assert kept() == [] and not pane.feed.verdicts


async def test_tune_opens_the_windows_that_cost_most(make_app: MakeApp, tiny_dataset: Path) -> None:
    introduce()
    study = study_of(tiny_dataset)
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        label = pilot.app.services.catalog.taxonomy.labels[-1]
        await pilot.press("1")
        pilot.app.post_message(OpenInAudition(label, "auc_loss", tiny_dataset / "scores"))
        await wait_for(pilot, lambda: pilot.app.tab == "audition" and settled(pane))
        await wait_for(pilot, lambda: study.asked[-1].kind == "auc_loss")
        assert study.asked[-1].label == label
        assert study.asked[-1].source.scores == tiny_dataset / "scores"
        view = pane.query_one("#audition-window", SpectrogramView)
        await wait_for(pilot, lambda: "labels: there" in str(view.border_title))


async def test_no_scores_say_what_to_do(make_app: MakeApp, tiny_dataset: Path) -> None:
    study = study_of(tiny_dataset, problem="no recording has scores of this ensemble yet")
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        hint = pane.query_one("#audition-hint", Static)
        assert hint.display and "No ensemble for this dataset yet" in str(hint.content)
        await pilot.press("y", "n", "c", "space", "enter", "tab")
        await pilot.pause()
        assert kept() == [] and not isinstance(pilot.app.screen, ChooseSpecies)
        await pilot.press("slash")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseSpecies))


async def test_scores_that_can_not_be_read_say_why(make_app: MakeApp, tiny_dataset: Path) -> None:
    study = study_of(tiny_dataset, refuses=EngineError("the scores are damaged", remedy="press r"))
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        hint = str(pane.query_one("#audition-hint", Static).content)
        assert "the scores are damaged" in hint and "press r" in hint
        study.refuses = None
        await pilot.press("r")
        await wait_for(pilot, lambda: settled(pane) and len(pane.queue.items) == 20)


async def test_the_next_start_is_where_the_last_one_ended(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        label = pilot.app.services.catalog.taxonomy.labels[-1]
        pane.open_species(OpenInAudition(label, "disagreement"))
        await wait_for(pilot, lambda: settled(pane) and pane.feed.choice.label == label)
        await pilot.press("down", "down", "down", "v")
        chosen = (pane.queue.item.recording, pane.queue.item.index)
        pilot.app.exit()
    app = make_app(tiny_dataset)
    app.services.__dict__["study"] = study_of(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for(pilot, lambda: app.tab == "audition")
        from birdscope.tui.screens.audition import AuditionPane

        pane = app.query_one(AuditionPane)
        await wait_for(pilot, lambda: settled(pane) and len(pane.queue.items) > 0)
        assert (pane.feed.choice.label, pane.feed.choice.kind) == (label, "disagreement")
        assert (pane.queue.item.recording, pane.queue.item.index) == chosen
        assert pane.query_one("#audition-reference").display
        await wait_for(pilot, lambda: app.query_one(SpeciesList).row_total() > 0)


def test_hours_are_read_as_people_write_them() -> None:
    assert audition_text.hours_of("") is None
    assert audition_text.hours_of("5-9") == (5, 9)
    assert audition_text.hours_of(" 20 h – 4 h ") == (20, 4)
    for wrong in ("5", "5-5", "x-y", "3-25"):
        with pytest.raises(ValueError, match="hours"):
            audition_text.hours_of(wrong)
