"""Verdicts out to files and in from them, from the tab Audition."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from birdscope.core import paths
from birdscope.session.session import Session
from birdscope.submission.verdict_imports import ImportReport
from birdscope.tui.audition_exchange import imported
from birdscope.tui.screens.choose_one import AskPath, ChooseOne
from tests.tui.audition_kit import audition_tab, introduce, kept, study_of
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import wait_for


def told(pilot: Pilot[None]) -> str:
    """All notifications, titles too."""
    return " | ".join(f"{one.title}: {one.message}" for one in pilot.app._notifications)


async def give_path(pilot: Pilot[None], path: Path) -> None:
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskPath))
    pilot.app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")


def labels_of(path: Path, label: str, recording: str) -> Path:
    """A table of a program: confidences, no answers."""
    path.write_text(
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
        f"0,5,{label},{label},0.9,{recording}\n"
        f"5,10,{label},{label},0.8,{recording}\n"
        f"5,10,Nobody knows it,Nobody,0.8,{recording}\n"
    )
    return path


async def test_nothing_is_exported_where_there_is_nothing(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        await pilot.press("e")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        options = pilot.app.screen.query_one(OptionList)
        disabled = [options.get_option_at_index(row).disabled for row in range(4)]
        assert disabled == [True, True, True, False]
        assert "no verdicts in this session" in str(options.get_option_at_index(0).prompt)
        await pilot.press("escape", "y")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
        await pilot.press("e")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("enter", "enter")
        folder = paths.sessions() / "test" / "verdicts"
        await wait_for(pilot, lambda: "Exported" in told(pilot))
        assert "1 verdict in 1 file" in told(pilot)
        assert len(list(folder.rglob("*.csv"))) == 1


async def test_rows_without_an_answer_are_asked_about_before_anything_is_kept(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        label, key = pane.feed.choice.label, pane.queue.items[0].recording
        file = labels_of(tmp_path / "found.csv", label, key.rsplit("/", 1)[-1])
        await pilot.press("e", "down")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        pilot.app.screen.query_one(OptionList).highlighted = 3
        await pilot.press("enter")
        await give_path(pilot, file)
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        box = pilot.app.screen.query_one(OptionList).parent
        assert box is not None and "2 new verdicts without an answer" in str(box.border_title)
        assert kept() == []
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 2)
        assert {one.answer for one in kept()} == {"no"}
        assert "such as “Nobody" in told(pilot)


async def test_a_file_that_is_none_of_these_is_refused_with_a_reason(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    introduce()
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, _):
        await pilot.press("e")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        pilot.app.screen.query_one(OptionList).highlighted = 3
        await pilot.press("enter")
        await give_path(pilot, wrong)
        await wait_for(pilot, lambda: "no file of annotations" in told(pilot))
        assert "wrong.csv" in told(pilot) and kept() == []


async def test_nothing_is_imported_into_a_read_only_session(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    holder = Session.open(paths.sessions(), "test")
    try:
        async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, _):
            await pilot.press("e")
            await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
            option = pilot.app.screen.query_one(OptionList).get_option_at_index(3)
            assert option.disabled and "can't be kept" in str(option.prompt)
    finally:
        holder.close()


def test_what_an_import_left_out_is_named() -> None:
    report = ImportReport("x.csv", "a table", rows=9, verdicts=4, already=1)
    report.unknown_species = Counter({"Turdus nemo": 2})
    report.wrong = [(7, "no time")]
    text = imported(report)
    assert "9 rows, 3 new verdicts" in text
    assert "2 rows of unknown species left out, such as “Turdus nemo”" in text
    assert "1 row not understood, such as line 7: no time" in text
