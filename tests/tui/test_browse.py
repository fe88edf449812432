"""Search, filter, order, marks, bulk actions, plots and details of Browse."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Awaitable, Callable
from itertools import groupby
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from birdscope.core import paths
from birdscope.dataset.catalog import Catalog
from birdscope.session.class_auc import load_class_auc, save_class_auc
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.screens.choose_one import AskPath, ChooseOne
from birdscope.tui.screens.filter_recordings import FilterRecordings
from birdscope.tui.screens.plots import Plots
from birdscope.tui.screens.recording_details import RecordingDetails
from birdscope.tui.widgets.bars import Bars
from birdscope.tui.widgets.chips import Chips
from birdscope.tui.widgets.details import Details
from birdscope.tui.widgets.facet_list import FacetList
from birdscope.tui.widgets.plot import PlotView
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.species_list import SpeciesList
from tests.tui.conftest import MakeApp, Until
from tests.tui.fake_tuning import FakeTuning
from tests.tui.tune_kit import tune_tab

Filled = Callable[[Pilot[None]], Awaitable[None]]
SMALL, LARGE = (80, 24), (160, 48)


async def go_to_all(app: BirdscopeApp, pilot: Pilot[None], until: Until) -> RecordingsTable:
    """List every recording, with the focus on the table."""
    table = app.query_one(RecordingsTable)
    catalog = app.services.catalog
    assert catalog is not None
    await pilot.press("home")
    await until(pilot, lambda: table.row_total() == len(catalog.recordings("train_audio")))
    await pilot.press("tab")
    return table


def tick(form: FacetList, facet: str, value: str) -> None:
    """Put the cursor on a value and tick it."""
    rows = [(one, text) for one, text, _ in form._rows]
    form.cursor = rows.index((facet, value))  # type: ignore[arg-type]
    form.action_tick()


async def test_search_finds_authors_files_and_places_of_every_species(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        catalog = app.services.catalog
        assert catalog is not None
        every = list(catalog.recordings("train_audio"))
        one = next(one for one in every if one.author and one.latitude is not None)
        place = f"{one.latitude:.2f},{one.longitude:.2f}"
        for words in (one.author, one.name, place, f"{one.primary_label} {one.name}"):
            app.query_one("#filter", Input).value = words
            await pilot.pause()
            found = [row for row in app.query_one(SpeciesList).rows_shown if row.kind == "all"]
            wanted = [
                other
                for other in every
                if all(
                    word.casefold()
                    in f"{other.primary_label} {other.name} {other.author} ".casefold()
                    + ("" if other.latitude is None
                       else f"{other.latitude:.2f},{other.longitude:.2f}")
                    for word in words.split()
                )
            ]  # fmt: skip
            assert one in wanted and found[0].count == len(wanted), words


async def test_the_form_filters_while_it_is_filled_in_and_escape_clears(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        pane, species = app.query_one(BrowsePane), app.query_one(SpeciesList)
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, FilterRecordings))
        form = app.screen.query_one(FacetList)
        tick(form, "class", "Amphibia")
        await pilot.pause()
        classes = [row.key for row in species.rows_shown if row.kind == "class"]
        assert classes == ["Amphibia"]
        assert "fit" in str(form.border_subtitle)
        await pilot.press("escape")
        chips = pane.query_one(Chips)
        assert chips.display and "Amphibia" in str(chips.render())
        await pilot.press("escape")
        assert not chips.display
        assert len([row for row in species.rows_shown if row.kind == "class"]) > 1


async def test_lengths_are_read_when_they_are_filtered_by(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        pane = app.query_one(BrowsePane)
        await pilot.press("F")
        form = app.screen.query_one(FacetList)
        tick(form, "length", "<5 s")
        total = pane.finder.total
        await until(pilot, lambda: len(pane.probes.lengths) == total)
        short = sum(seconds is not None and seconds < 5 for seconds in pane.probes.lengths.values())
        assert 0 < short < total
        await until(pilot, lambda: pane.finder.found == short)


async def test_missing_files_are_found_as_problems(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, until: Until
) -> None:
    data = tmp_path / "holed"
    shutil.copytree(tiny_dataset, data)
    lost = sorted((data / "train_audio").rglob("*.ogg"))[0]
    lost.unlink()
    app = make_app(data)
    async with app.run_test(size=LARGE) as pilot:
        species = app.query_one(SpeciesList)
        await until(pilot, lambda: species.row_total() > 0 and len(app.query("#scope")) == 1)
        await pilot.press("F")
        tick(app.screen.query_one(FacetList), "problems", "any")
        table = app.query_one(RecordingsTable)
        await until(pilot, lambda: [one.path for one in table.recordings] == [lost])
        assert any("no such file" in one for one in app.query_one(BrowsePane).finder.problems_of(
            table.recordings[0]))  # fmt: skip


async def test_a_title_sorts_and_the_cursor_stays_on_its_recording(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        table = await go_to_all(app, pilot, until)
        await pilot.press("down", "down")
        here = table.recording
        await pilot.click(RecordingsTable, offset=(6, 1))
        names = [one.name for one in table.recordings]
        assert names == sorted(names) and table.recording == here
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, ChooseOne))
        options = app.screen.query_one(OptionList)
        titles = ["as in the dataset", "file", *(one.title for one in table.columns)]
        options.highlighted = titles.index("★")
        await pilot.press("enter")
        ratings = [one.rating for one in table.recordings]
        assert ratings == sorted(ratings, reverse=True) and table.recording == here


async def test_sorting_by_length_reads_every_header(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        table = await go_to_all(app, pilot, until)
        table.post_message(RecordingsTable.SortChosen("duration"))
        lengths = app.query_one(BrowsePane).probes.lengths

        def in_order() -> bool:
            known = [lengths.get(one.key) for one in table.recordings]
            return None not in known and known == sorted(known)  # type: ignore[type-var]

        await until(pilot, in_order)


async def test_marks_survive_other_lists_and_are_exported(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        table = await go_to_all(app, pilot, until)
        await pilot.press("m", "down", "shift+down")
        marked = [table.recordings[row].key for row in (0, 2, 3)]
        assert [one.key for one in table.marks.recordings] == marked
        assert "3 marked" in str(table.border_subtitle)
        await pilot.press("shift+tab", "down", "down")
        await until(pilot, lambda: len(table.recordings) < 10)
        assert len(table.marks) == 3
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, AskPath))
        out = tmp_path / "out.csv"
        app.screen.query_one(Input).value = str(tiny_dataset / "inside.csv")
        await pilot.press("enter")
        assert isinstance(app.screen, AskPath), "nothing is written into a dataset"
        app.screen.query_one(Input).value = str(out)
        await pilot.press("enter")
        await until(pilot, out.exists)
        with open(out, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [one["key"] for one in rows] == marked
        assert all(Path(one["path"]).is_file() and "rating" in one for one in rows)
        await pilot.press("tab", "U")
        assert not len(table.marks)


async def test_all_that_is_listed_can_be_marked_at_once(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        table = await go_to_all(app, pilot, until)
        await pilot.press("M")
        assert len(table.marks) == table.row_total()
        await pilot.press("M")
        assert not len(table.marks)


async def test_paths_are_copied(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tiny_dataset)
    copied: list[str] = []
    monkeypatch.setattr(BirdscopeApp, "copy_to_clipboard", lambda app, text: copied.append(text))
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        table = app.query_one(RecordingsTable)
        await pilot.press("y")
        assert copied == [str(cast("object", table.recordings[0].path))]


async def test_nothing_marked_is_not_predicted(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.press("r")
        await until(pilot, lambda: any("Nothing is marked" in one.message
                                       for one in app._notifications))  # fmt: skip


async def test_details_open_where_there_is_no_panel_and_follow_the_arrows(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        table = await go_to_all(app, pilot, until)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, RecordingDetails))
        static = app.screen.query_one("#details-static")
        assert table.recordings[0].name in str(static.render())
        assert app.screen.query_one(Details).has_class("-mapped")
        await pilot.press("down")
        assert table.recordings[1].name in str(static.render())
        await pilot.press("escape")
        assert app.query_one(BrowsePane).selected == table.recordings[1]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_plots_show_balance_ratings_and_places(
    size: tuple[int, int], make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=size) as pilot:
        await filled(pilot)
        await go_to_all(app, pilot, until)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, Plots))
        says = str(app.screen.query_one("#balance-says").render())
        assert "Aves" in says and "median" in says
        assert "•" in str(app.screen.query_one("#balance", PlotView).render())
        if size == SMALL:
            await pilot.press("right")
        bars = app.screen.query_one(Bars)
        await until(pilot, lambda: "▆" in str(bars.render()))
        if size == SMALL:
            await pilot.press("right")
            await pilot.pause()
        place = app.screen.query_one("#map", PlotView)
        await until(pilot, lambda: "◆" in str(place.render()))


async def test_soundscapes_are_listed_by_site_date_or_hour(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        species = app.query_one(SpeciesList)
        seen = []
        for _ in range(3):
            await pilot.press("T")
            await pilot.pause()
            seen.append(app.query_one(BrowsePane).finder.by)
            groups = [row for row in species.rows_shown if row.kind == "group"]
            for split in ("train_soundscapes", "test_soundscapes"):
                titles = [row.title for row in groups if row.key.startswith(split)]
                assert titles == sorted(titles)
                assert seen[-1] != "hour" or all(title.endswith(":00") for title in titles)
        assert seen == ["date", "hour", "site"]


async def test_auc_measured_in_tune_is_kept_for_the_species_list(
    make_app: MakeApp, tiny_dataset: Path, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with tune_tab(app, FakeTuning(), size=LARGE) as (pilot, pane):
        await pilot.press("1")
        catalog, session = app.services.catalog, app.services.session
        assert catalog is not None
        await until(pilot, lambda: bool(load_class_auc(session.folder, catalog.name)))
        opened, measured = pane.feed.opened, pane.feed.measured
        assert opened is not None and measured is not None
        figures = dict(zip(opened.classes, measured.measured.per_class.tolist(), strict=True))
        kept = load_class_auc(session.folder, catalog.name)
        assert kept.keys() == {label for label, value in figures.items() if value == value}


async def test_known_auc_is_listed_and_sorted_by_the_worst_first(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    labels = Catalog.open(tiny_dataset).taxonomy.labels
    auc = {label: round(0.9 - 0.01 * number, 2) for number, label in enumerate(labels[1:])}
    save_class_auc(paths.sessions() / "test", tiny_dataset.name, auc)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        species = app.query_one(SpeciesList)
        known = {one.species.label: one.auc for one in species.data.entries}
        assert known == {labels[0]: None, **auc}
        assert species.columns(44) == ("n", "★", "AUC")
        app.query_one(BrowsePane).sort = "AUC"
        await pilot.pause()
        for _, rows in groupby(species.rows_shown, key=lambda row: row.kind):
            shown = [row.entry.auc for row in rows if row.entry is not None]
            values = [value for value in shown if value is not None]
            assert values == sorted(values) and shown[: len(values)] == values
