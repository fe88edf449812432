"""All that Tune does can be taken back with one key, in its order, and done again."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from birdscope.core.settings import Settings, Smooth
from birdscope.session.saved_settings import SavedSettings
from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.tune import TunePane
from birdscope.tui.widgets.settings_table import SettingsTable
from tests.tui.conftest import MakeApp
from tests.tui.fake_tuning import FakeTuning
from tests.tui.jobs_kit import wait_for
from tests.tui.tune_kit import go_to, saved, tune_tab

DAMAGED = b'# by hand\n[[steps]]\nkind = "smoth"\n'


def folder(home: Path) -> Path:
    return home / "sessions" / "test" / "settings"


async def put_cursor(pilot: Pilot[None], pane: TunePane, key: str) -> None:
    """On a row of the table, as soon as it is there."""
    table = pane.query_one(SettingsTable)
    await wait_for(pilot, lambda: key in [one.key for one in table.lines])
    table.focus()
    table.select(key)
    await pilot.pause()


async def type_name(pilot: Pilot[None], key: str, name: str) -> None:
    await pilot.press(key)
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
    pilot.app.screen.query_one(Input).value = name
    await pilot.press("enter")


async def delete(pilot: Pilot[None]) -> None:
    await pilot.press("D")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
    await pilot.press("down", "enter")


async def test_saving_renaming_and_deleting_are_taken_back_and_done_again(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("right")
        turned = pane.feed.settings
        await type_name(pilot, "s", "first")
        await wait_for(pilot, lambda: saved(home) == ["first"])
        await wait_for(pilot, lambda: pane.feed.settings.name == "first")
        body = (folder(home) / "first.toml").read_bytes()
        await put_cursor(pilot, pane, "saved first")
        await type_name(pilot, "f2", "second")
        await put_cursor(pilot, pane, "saved second")
        body_renamed = (folder(home) / "second.toml").read_bytes()
        await delete(pilot)
        await wait_for(pilot, lambda: saved(home) == [])
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: saved(home) == ["second"])
        assert (folder(home) / "second.toml").read_bytes() == body_renamed
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: saved(home) == ["first"])
        assert (folder(home) / "first.toml").read_bytes() == body
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: saved(home) == [])
        assert pane.feed.settings == turned, "in hand, under the name of before"
        await pilot.press("ctrl+z")
        assert pane.feed.settings != turned
        await pilot.press("ctrl+y", "ctrl+y", "ctrl+y")
        await wait_for(pilot, lambda: saved(home) == ["second"])
        assert pane.feed.settings.name == "first" and pane.feed.settings.steps == turned.steps
        await pilot.press("ctrl+y")
        await wait_for(pilot, lambda: saved(home) == [])


async def test_a_deleted_file_comes_back_byte_for_byte_even_a_damaged_one(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    folder(home).mkdir(parents=True)
    (folder(home) / "odd.toml").write_bytes(DAMAGED)
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await put_cursor(pilot, pane, "saved odd")
        await delete(pilot)
        await wait_for(pilot, lambda: saved(home) == [])
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: saved(home) == ["odd"])
        assert (folder(home) / "odd.toml").read_bytes() == DAMAGED


async def test_what_can_not_be_taken_back_is_said_and_does_not_stay_in_the_way(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shelf = SavedSettings(home / "sessions" / "test")
    shelf.save(Settings(name="mine", steps=(Smooth(at="member"),)))
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        before = pane.feed.settings
        await pilot.press("right")
        await put_cursor(pilot, pane, "saved mine")
        await delete(pilot)
        await wait_for(pilot, lambda: saved(home) == [])
        shelf.save(Settings(name="mine"))
        await pilot.press("ctrl+z")
        notes = pilot.app._notifications
        await wait_for(pilot, lambda: any("nothing is overwritten" in one.message for one in notes))
        assert shelf.load("mine") == Settings(name="mine")
        await pilot.press("ctrl+z")
        assert pane.feed.settings == before


async def test_using_settings_is_taken_back_and_done_again(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    async with tune_tab(make_app(tiny_dataset), FakeTuning()) as (pilot, pane):
        state = pane._services.session.state

        def used() -> str:
            settings = pane._services.session.state.settings
            return settings.name if settings is not None else ""

        assert state.settings is None
        await put_cursor(pilot, pane, "built-in raw mean")
        await pilot.press("enter")
        await wait_for(pilot, lambda: used() == "raw mean")
        await put_cursor(pilot, pane, "built-in blend only")
        await pilot.press("enter")
        await wait_for(pilot, lambda: used() == "blend only")
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: used() == "raw mean")
        await pilot.press("ctrl+z", "ctrl+z")
        await wait_for(pilot, lambda: used() == "")
        await pilot.press("ctrl+y")
        await wait_for(pilot, lambda: used() == "raw mean")
