from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher, Input, Static
from textual.widgets._toast import Toast

from birdscope.core.errors import DatasetError
from birdscope.tui import recent, safe_app
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.screens.help import HelpScreen
from birdscope.tui.services import file_spectrogram
from birdscope.tui.widgets.details import Details
from birdscope.tui.widgets.key_hints import KeyHints
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.tab_strip import TabStrip
from tests.tui.conftest import Clock, MakeApp, Until

Filled = Callable[[Pilot[None]], Awaitable[None]]
SMALL, LARGE = (80, 24), (160, 48)

FIRST_PAINT = """
import sys
from pathlib import Path
from birdscope.tui.app import BirdscopeApp

class Watched(BirdscopeApp):
    async def _after_first_paint(self):
        heavy = ("torch", "torchaudio", "timm", "pandas", "scipy", "sklearn", "numpy", "plotext")
        print([name for name in heavy if name in sys.modules])
        self.exit()

Watched(Path(sys.argv[1])).run(headless=True)
"""


def test_first_paint_imports_nothing_heavy(tiny_dataset: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, str(tiny_dataset)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip().endswith("[]"), done.stdout


async def test_lists_species_and_shows_the_first_recording(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        catalog = app.services.catalog
        assert catalog is not None
        species = app.query_one(SpeciesList)
        assert species.species_shown == len(catalog.taxonomy)
        assert species.row is not None and species.row.kind == "species"
        table = app.query_one(RecordingsTable)
        assert list(table.recordings) == list(catalog.recordings_of(species.row.key))
        assert app.query_one("#spectrogram", SpectrogramView).path == table.recordings[0].path
        assert f"{len(catalog.taxonomy)} species" in app.query_one(TabStrip).note


async def test_filter_keeps_digits_and_finds_by_class(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        catalog = app.services.catalog
        assert catalog is not None
        frogs = {one.label for one in catalog.taxonomy if one.class_name == "Amphibia"}
        await pilot.press("slash", *"amphi")
        species = app.query_one(SpeciesList)
        await until(pilot, lambda: species.species_shown == len(frogs))
        await pilot.press("2")
        assert app.query_one(Input).value == "amphi2"
        assert app.query_one(ContentSwitcher).current == "browse"
        assert species.species_shown == 0
        await pilot.press("escape")
        assert species.species_shown == len(catalog.taxonomy)
        assert app.focused is species


async def test_a_filter_without_a_match_empties_the_right_side(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        table, view = app.query_one(RecordingsTable), app.query_one("#spectrogram", SpectrogramView)
        details = app.query_one("#details-static", Static)
        assert table.recordings and str(details.render())
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: view.path is None)
        assert not table.recordings and str(details.render()) == ""
        assert app.query_one(BrowsePane).selected is None
        await pilot.press("escape")
        await until(pilot, lambda: len(table.recordings) > 0 and view.path is not None)
        assert view.path == table.recordings[0].path


async def test_arrows_load_other_recordings_and_enter_plays(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, clock: Clock
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        table = app.query_one(RecordingsTable)
        species = app.query_one(SpeciesList)
        while len(table.recordings) < 2:
            await pilot.press("down")
            assert species.cursor < species.row_total() - 1
        await pilot.press("enter")
        assert app.focused is table
        await pilot.press("down", "enter")
        playback = app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")
        assert playback.path == table.recordings[1].path
        view = app.query_one("#spectrogram", SpectrogramView)
        await until(pilot, lambda: view.path == table.recordings[1].path)
        clock.seconds += 1.0
        await until(pilot, lambda: abs(playback.position_s - 1.0) < 1e-6)
        assert app.query_one(PlayerBar).tenths == 10
        assert table.playing_key == table.recordings[1].key


async def test_space_pauses_goes_on_and_seeks(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, clock: Clock
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        playback = app.services.playback
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "playing")
        clock.seconds += 2.0
        await until(pilot, lambda: playback.position_s == pytest.approx(2.0))
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "paused")
        clock.seconds += 5.0
        await pilot.press("comma")
        assert playback.position_s == pytest.approx(1.0)
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "playing")
        clock.seconds += 100.0
        await until(pilot, lambda: playback.status.state == "stopped")
        assert playback.position_s == pytest.approx(playback.status.duration_s)


async def test_volume_stays_between_silence_and_full(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        for _ in range(4):
            await pilot.press("right_square_bracket")
        assert app.services.playback.status.volume == 1.0
        await pilot.press("left_square_bracket")
        assert app.services.playback.status.volume == pytest.approx(0.9)


async def test_missing_recording_is_marked_and_explained(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, until: Until
) -> None:
    data = tmp_path / "holed"
    shutil.copytree(tiny_dataset, data)
    lost = sorted((data / "train_audio").rglob("*.ogg"))[0]
    lost.unlink()
    app = make_app(data)
    async with app.run_test(size=SMALL) as pilot:
        species = app.query_one(SpeciesList)
        await until(pilot, lambda: species.row_total() > 0)
        await pilot.press("slash", *lost.parent.name)
        table = app.query_one(RecordingsTable)
        await until(pilot, lambda: any(one.path == lost for one in table.recordings))
        row = next(n for n, one in enumerate(table.recordings) if one.path == lost)
        await until(pilot, lambda: table.spans_of(row, 60)[0] == ("✗ ", "bad"))
        table.cursor = row
        view = app.query_one("#spectrogram", SpectrogramView)
        await until(pilot, lambda: "missing" in view.error)


async def test_soundscapes_open_in_scope(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.press("end")
        table = app.query_one(RecordingsTable)
        await until(pilot, lambda: table.recordings[0].split == "test_soundscapes")
        assert app.query_one(SpeciesList).row is not None
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.query_one(ContentSwitcher).current == "scope")
        await pilot.press("1")
        assert app.query_one(ContentSwitcher).current == "browse"


async def test_sort_by_count_puts_the_commonest_first(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.press("s")
        pane = app.query_one(BrowsePane)
        assert pane.sort == "count"
        species = app.query_one(SpeciesList)
        counts = [one.count for one in species.rows_shown if one.kind == "species"]
        first = next(one for one in species.rows_shown if one.kind == "class")
        first_class = counts[: first.species]
        assert first_class == sorted(first_class, reverse=True)


async def test_resize_shows_and_hides_details(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        details = app.query_one(Details)
        assert not details.display
        await pilot.resize_terminal(*LARGE)
        await until(pilot, lambda: bool(details.display) and details.size.width > 20)
        view = app.query_one("#spectrogram", SpectrogramView)
        await until(pilot, lambda: view.axis.columns > 80 and not view.is_loading_picture)
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: not details.display)


async def test_help_lists_the_keys_of_the_focus(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        shown = "\n".join(str(one.render()) for one in app.screen.query("#help > *"))
        for words in ("Species list", "Fold the class", "Search by code", "Leave birdscope"):
            assert words in shown
        for words in ("tab  Next panel", "ctrl+p  Palette", "Mouse", "wheel  Scroll"):
            assert words in shown
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_palette_knows_every_bound_action(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    from birdscope.tui.commands import commands_of

    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        helps = {one.help for one in commands_of(app.screen)}
        for pane in (app, app.query_one(BrowsePane), app.query_one(RecordingsTable)):
            for binding in pane.BINDINGS:
                assert isinstance(binding, Binding) and binding.id, binding
                assert binding.tooltip in helps
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"next palette")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause()
        assert app.query_one("#spectrogram", SpectrogramView).palette == "viridis"


async def test_palette_knows_actions_of_other_tabs_and_goes_there(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    from birdscope.tui.commands import commands_elsewhere

    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await until(pilot, lambda: len(app.query("#submit")) == 1)
        await pilot.press("2")
        elsewhere = commands_elsewhere(app.screen)
        assert {tab for tab, _ in elsewhere} >= {"browse", "audition", "tune", "submit"}
        assert "Export list" in {one.name for tab, one in elsewhere if tab == "browse"}
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"plots: class")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await until(pilot, lambda: type(app.screen).__name__ == "Plots")
        assert app.tab == "browse"


async def test_without_a_sound_device_the_bar_says_so_and_the_playhead_runs(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, clock: Clock
) -> None:
    app = make_app(tiny_dataset, device_note="no output device")
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        bar = app.query_one(PlayerBar)
        assert "no sound device – see birdscope doctor" in str(bar.render())
        await pilot.press("space")
        await until(pilot, lambda: app.services.playback.status.state == "playing")
        clock.seconds += 1.5
        await until(pilot, lambda: bar.tenths == 15)


async def test_welcome_without_a_dataset_opens_a_typed_one(
    make_app: MakeApp, tiny_dataset: Path, until: Until
) -> None:
    app = make_app(None)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(app.query("#welcome-path")) == 1)
        app.query_one("#welcome-path", Input).value = str(tiny_dataset)
        await pilot.press("enter")
        await until(pilot, lambda: app.services.catalog is not None)
        await until(pilot, lambda: app.query_one(SpeciesList).row_total() > 0)
        assert app.query_one(ContentSwitcher).current == "browse"


async def test_a_folder_that_is_no_dataset_gets_a_remedy(
    make_app: MakeApp, tmp_path: Path, until: Until
) -> None:
    app = make_app(tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(app.query("#welcome-problem")) == 1)
        assert "→" in str(app.query_one("#welcome-problem").render())


async def test_a_known_failure_is_a_notification(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tiny_dataset)

    def fail(self: BrowsePane) -> None:
        raise DatasetError("a made-up mishap", remedy="carry on")

    async def fail_in_worker() -> None:
        raise DatasetError("another mishap")

    monkeypatch.setattr(BrowsePane, "action_sort", fail)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.press("s")
        app.run_worker(fail_in_worker())
        await pilot.pause(0.1)
        said = " ".join(one.message for one in app._notifications)
        assert "a made-up mishap" in said and "carry on" in said and "another mishap" in said
        await pilot.press("down")
        assert app.is_running


async def test_notifications_leave_tabs_and_player_free_and_are_not_repeated(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await filled(pilot)
        for _ in range(3):
            app.notify("the same mishap", title="That failed")
        await until(pilot, lambda: len(app.screen.query(Toast)) == 1)
        for number in range(8):
            app.notify(f"{number} " + "a long story " * 40, title="That failed")
        await until(pilot, lambda: len(app.screen.query(Toast)) == 9)
        await until(pilot, lambda: isinstance(app.screen.get_widget_at(70, 20)[0], Toast))
        for widget in (app.query_one(TabStrip), app.query_one(PlayerBar), app.query_one(KeyHints)):
            row = widget.region.y
            assert {app.screen.get_widget_at(x, row)[0] for x in range(80)} == {widget}
        assert {one.size.height for one in app.screen.query(Toast)} <= {2, 3, 4, 5}
        monkeypatch.setattr(safe_app, "REPEATED_S", 0.0)
        app.notify("the same mishap", title="That failed")
        await until(pilot, lambda: len(app.screen.query(Toast)) == 10)


async def test_key_hints_fit_eighty_columns(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        hints = app.query_one(KeyHints).render()
        assert hints.cell_length <= 78
        for words in ("Play/pause", "Search", "Filter", "Keys", "Quit"):
            assert words in str(hints)


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("tab", ["1", "2", "6"])
async def test_help_and_quit_are_hinted_in_every_tab(
    tab: str, columns: int, make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.resize_terminal(columns, 24)
        await pilot.press(tab)
        await pilot.pause()
        hints = app.query_one(KeyHints).render()
        assert hints.cell_length <= columns - 2
        assert str(hints).split()[-4:] == ["?", "Keys", "q", "Quit"]


async def test_chosen_columns_are_shown(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        table = app.query_one(RecordingsTable)
        assert "license" in {one.key for one in table.columns}
        before = table.shown_keys
        await pilot.press("C", "space", "escape")
        await pilot.pause()
        assert table.shown_keys == before - {table.columns[0].key}
        titles = "".join(text for text, _ in table.header_spans(90))
        assert table.columns[0].title not in titles


async def test_hints_leave_out_keys_that_would_be_typed(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.press("slash")
        await pilot.pause()
        hints = str(app.query_one(KeyHints).render())
        assert "To the list" in hints
        for words in ("Sort", "Filter", "Zoom", "Quit"):
            assert words not in hints, "its key is a character"


async def test_brackets_in_names_are_not_markup(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, until: Until
) -> None:
    data = tmp_path / "odd"
    shutil.copytree(tiny_dataset, data)
    plain = sorted((data / "test_soundscapes").glob("*.ogg"))[0]
    plain.rename(plain.with_name("[red]site_20240101_000000.ogg"))
    app = make_app(data)
    async with app.run_test(size=LARGE) as pilot:
        species = app.query_one(SpeciesList)
        await until(pilot, lambda: species.row_total() > 0)
        app.query_one(Input).value = "[red]"
        view = app.query_one("#spectrogram", SpectrogramView)
        await until(pilot, lambda: view.path is not None and view.path.name.startswith("[red]"))
        await pilot.pause()
        assert "[red]site" in app.query_one(RecordingsTable).render_line(1).text


def test_datasets_opened_lately_come_first_and_only_if_there(tmp_path: Path) -> None:
    first, second, gone = (tmp_path / name for name in ("first", "second", "gone"))
    for folder in (first, second, gone):
        folder.mkdir()
        recent.remember(folder)
    gone.rmdir()
    recent.remember(first)
    assert recent.known_datasets() == [first.resolve(), second.resolve()]


@pytest.mark.real
async def test_a_real_recording_is_drawn(make_app: MakeApp, calfrog32: Path, until: Until) -> None:
    app = make_app(calfrog32, provider=file_spectrogram)
    async with app.run_test(size=LARGE) as pilot:
        view = app.query_one("#spectrogram", SpectrogramView)
        await until(pilot, lambda: view.duration_s > 0 and not view.is_loading_picture)
        cells = {segment.style for y in range(20) for segment in view.render_line(y)}
        assert view.error == "" and len(cells) > 50


async def test_a_dialog_styles_no_other_screen_anew(
    make_app: MakeApp, tiny_dataset: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(app.query("#submit")) == 1)
        await pilot.pause(0.2)
        styled: list[object] = []
        whole = app.stylesheet.update
        monkeypatch.setattr(app.stylesheet, "update", lambda *a, **k: styled.append(whole(*a, **k)))
        for key, screen in (("question_mark", "HelpScreen"), ("F", "FilterRecordings")):
            await pilot.press(key)
            await until(pilot, lambda name=screen: type(app.screen).__name__ == name)
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
        assert styled == []


async def test_a_dialog_does_not_parse_the_styles_of_all_others(
    make_app: MakeApp, tiny_dataset: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(app.query("#submit")))
        await pilot.pause(0.5)
        assert app.stylesheet._parse_cache.maxsize > 4 * len(app.stylesheet.source)
        misses = app.stylesheet._parse_cache.misses
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.pause(0.2)
        assert app.stylesheet._parse_cache.misses - misses < 12
