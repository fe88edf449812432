"""Which scores and labels Tune works on: chosen from a list, or in a folder that is named."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from birdscope.engine.tune_messages import FindSources, OpenTuning, TuningOpened, TuningSource
from birdscope.tui import tune_places
from birdscope.tui.screens.choose_one import AskPath, ChooseOne
from tests.tui.conftest import MakeApp
from tests.tui.fake_tuning import SOURCE, FakeTuning
from tests.tui.jobs_kit import wait_for
from tests.tui.tune_kit import editor, go_to, tune_tab

LONG = "in Audition choose a queue that draws windows by chance, judge some of it and come back"


class Looking(FakeTuning):
    """Finds a run's out-of-fold predictions only where it is told to look."""

    async def find_sources(self, wanted: FindSources) -> tuple[TuningSource, ...]:
        run = (one / "out_of_fold" for one in wanted.scores if (one / "out_of_fold").is_dir())
        held_out = (TuningSource("out of fold", "mine: out-of-fold", one) for one in run)
        return (*self.sources, *held_out)


async def name_folder(pilot: Pilot[None], folder: Path) -> None:
    """Through the list of labels."""
    await pilot.press("l")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
    await pilot.press("end", "enter")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskPath))
    pilot.app.screen.query_one(Input).value = str(folder)
    await pilot.press("enter")


async def test_a_run_anywhere_brings_its_out_of_fold_predictions(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    (run / "out_of_fold").mkdir(parents=True)
    async with tune_tab(make_app(tiny_dataset), Looking()) as (pilot, pane):
        assert pane.feed.source == SOURCE
        await name_folder(pilot, run)
        await wait_for(pilot, lambda: pane.feed.source != SOURCE and pane.feed.phase == "open")
        pilot.app.action_show_tab("browse")
        pilot.app.action_show_tab("tune")
        await pilot.pause()
        await wait_for(pilot, lambda: pane.feed.phase == "open")
        assert pane.feed.source is not None
        assert (pane.feed.source.kind, pane.feed.source.scores) == (
            "out of fold",
            run / "out_of_fold",
        )


class Others(FakeTuning):
    """Out-of-fold predictions are of one member, soundscapes of two."""

    async def open_tuning(self, wanted: OpenTuning) -> TuningOpened:
        self.members = ("alpha",) if wanted.kind == "out of fold" else ("gamma", "delta")
        return await super().open_tuning(wanted)


async def test_what_was_in_hand_for_an_ensemble_is_there_again_with_its_scores(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    run = TuningSource("out of fold", "mine: out-of-fold", Path("/run/out_of_fold"))
    async with tune_tab(make_app(tiny_dataset), Others(sources=(SOURCE, run))) as (pilot, pane):
        own = pane.feed.settings
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("right")
        turned = pane.feed.settings
        assert turned != own
        for source, keys in ((run, ("l", "down", "enter")), (SOURCE, ("l", "up", "enter"))):
            await pilot.press(*keys)
            await wait_for(
                pilot, lambda one=source: pane.feed.source == one and pane.feed.phase == "open"
            )
            if source == run:
                assert pane.feed.settings == own
                assert editor(pane).row is not None and editor(pane).row.kind != "note"
        assert pane.feed.settings == turned


async def test_the_cursor_of_the_stack_never_rests_on_a_remark(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        stack = editor(pane)
        stack.focus()
        stack.cursor = len(stack._rows) - 1
        await pilot.press("x", "x", "x")
        bare = pane.feed.settings.model_copy(update={"steps": ()})
        pane.feed.change(bare)
        await wait_for(pilot, lambda: stack.settings == bare)
        assert [one.kind for one in stack._rows][-1] == "note"
        assert stack.row is not None and stack.row.kind == "weight"


async def test_a_folder_without_scores_is_said_and_changes_nothing(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), Looking()) as (pilot, pane):
        await name_folder(pilot, tmp_path)
        notes = pilot.app._notifications
        await wait_for(pilot, lambda: any("no scores of this" in one.message for one in notes))
        assert pane.feed.source == SOURCE and pane.feed.phase == "open"


async def test_long_remarks_go_on_below_their_beginning(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    none = TuningSource("verdicts", "verdicts", Path("/x"), problem=f"none yet\n  → {LONG}")
    async with tune_tab(make_app(tiny_dataset), FakeTuning(sources=(SOURCE, none))) as (pilot, _):
        await pilot.press("l")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        options = pilot.app.screen.query_one(OptionList)

        def lines() -> list[str]:
            return str(options.get_option_at_index(1).prompt).splitlines()

        await wait_for(pilot, lambda: len(lines()) > 4)
        assert lines()[2] == "    none yet" and lines()[3].startswith("    → in Audition")
        assert all(one.startswith("    ") for one in lines()[1:])
        assert max(map(len, lines())) <= options.size.width


def test_folders_are_looked_through_again_next_time() -> None:
    from birdscope.session.state import TunePlace

    run, given = Path("/runs/mine/out_of_fold"), Path("/given")
    place = TunePlace(scores=str(run))
    assert tune_places.folders((given,), place, None) == (given, run)
    assert tune_places.folders((given,), None, SOURCE) == (given, SOURCE.scores)
    assert tune_places.folders((), None, None) == ()
