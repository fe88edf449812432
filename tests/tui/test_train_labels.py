"""Hearing what a round labelled, keeping and dropping it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from birdscope.dataset.catalog import Catalog
from birdscope.training.config_stages import PseudoConfig
from birdscope.training.pseudo_store import PseudoMeta, TeacherFile, read_dropped, write_labels
from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.pseudo import BrowseLabels
from birdscope.tui.widgets.pseudo_table import PseudoTable
from birdscope.tui.widgets.runs_table import RunsTable
from tests.tui.conftest import MakeApp
from tests.tui.fake_training import InlineStudy
from tests.tui.jobs_kit import LARGE, SMALL, wait_for
from tests.tui.train_kit import train_tab, trained
from tests.tui.tune_kit import text_of

STAGES = [
    {"name": "round 0"},
    {"name": "round 1", "teacher": "previous", "pseudo": {"power": 2.0}},
    {"name": "round 2", "teacher": "previous", "pseudo": {"power": 3.0}},
]


def labelled(home: Path, dataset: Path) -> Path:
    """A staged run whose second stage has made labels and has begun."""
    folder = trained(home, "student", recipe={"stages": STAGES})
    catalog = Catalog.open(dataset)
    classes = catalog.taxonomy.labels
    name = catalog.soundscapes("train_soundscapes")[-1].key
    values = np.full((4, len(classes)), 0.01, np.float32)
    values[np.arange(4), [0, 1, 2, 0]] = [0.9, 0.8, 0.6, 0.2]
    stage = folder / "stages" / "2-round-1"
    meta = PseudoMeta(
        classes=classes,
        checkpoints=(TeacherFile(path="x.safetensors", fingerprint="f"),),
        config=PseudoConfig(),
        dataset=catalog.name,
        dataset_fingerprint=catalog.fingerprint(),
        recordings=1,
        excluded=0,
        made="2025-01-01T00:00:00+00:00",
    )
    (stage / "pseudo").mkdir(parents=True)
    write_labels(stage / "pseudo", meta, [(name, 5.0 * n) for n in range(4)], values)
    (stage / "metrics.jsonl").write_text((folder / "metrics.jsonl").read_text())
    (stage / "recipe.toml").write_text("")
    later = folder / "stages" / "3-round-2"
    later.mkdir()
    (later / "metrics.jsonl").write_text("")
    return folder


async def opened(pilot, pane) -> BrowseLabels:
    await wait_for(pilot, lambda: len(pane.runs.views) == 1)
    pane.query_one(RunsTable).focus()
    pane.action_labels()
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseLabels))
    screen = pilot.app.screen
    await wait_for(pilot, lambda: screen.query_one(PseudoTable).row_total() > 0)
    return screen


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_rounds_labels_are_heard_and_dropped_at_once(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    folder = labelled(tmp_path / "home", tiny_dataset)
    labels = folder / "stages/2-round-1/pseudo"
    async with train_tab(make_app(tiny_dataset), InlineStudy(), size) as (pilot, pane):
        screen = await opened(pilot, pane)
        table = screen.query_one(PseudoTable)
        shown = text_of(table)
        assert table.row_total() == 3, "a window that no class is sure of isn't used"
        assert "0.900" in shown and "→ 0.810" in shown, "after the stage's own power"
        await pilot.press("space")
        playback = pilot.app.services.playback  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: playback.status.state == "playing")
        await pilot.press("n")
        await wait_for(pilot, lambda: len(read_dropped(labels)) == 1)
        await wait_for(pilot, lambda: table.cursor == 1)
        assert "✗" in text_of(table)
        await pilot.press("n")
        await wait_for(pilot, lambda: len(read_dropped(labels)) == 2)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(read_dropped(labels)) == 1)
        await pilot.press("home", "y")
        await wait_for(pilot, lambda: not read_dropped(labels))
        await pilot.press("a")
        await wait_for(pilot, lambda: table.row_total() == 4)
        await pilot.press("p")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "1"
        await pilot.press("enter")
        await wait_for(pilot, lambda: "→ 0.900" in text_of(table))


async def test_a_stage_is_trained_anew_with_its_labels_kept(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = labelled(tmp_path / "home", tiny_dataset)
    started: list[list[str]] = []
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):

        async def start(argv: list[str], title: str) -> None:
            started.append(list(argv))

        monkeypatch.setattr(pane._services.jobs, "start", start)
        screen = await opened(pilot, pane)
        facts = screen.query_one("#pseudo-facts", Static)
        await wait_for(pilot, lambda: "R trains" in str(facts.content))
        await pilot.press("R")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        pilot.app.screen.query_one(OptionList).highlighted = 1
        await pilot.press("enter")
        await wait_for(pilot, lambda: bool(started))
    assert started[0][0] == "train" and started[0][-1] == "--resume"
    assert (folder / "stages/2-round-1/pseudo/labels.parquet").is_file()
    assert not (folder / "stages/2-round-1/metrics.jsonl").exists()
    assert not any((folder / "stages/3-round-2").iterdir()), "later stages came of it"
    assert (folder / "recipe.toml").is_file()


async def test_while_a_run_trains_its_labels_are_left_alone(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    folder = labelled(tmp_path / "home", tiny_dataset)
    async with train_tab(make_app(tiny_dataset), InlineStudy(), LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: len(pane.runs.views) == 1)
        screen = BrowseLabels(pane._services, pane.runs.views[0].run, "round 1", is_live=True)
        pilot.app.push_screen(screen)
        await wait_for(pilot, lambda: screen.is_mounted and len(screen.query(PseudoTable)) == 1)
        await wait_for(pilot, lambda: screen.table.row_total() > 0)
        await pilot.press("n", "R")
        await pilot.pause(0.2)
        assert not read_dropped(folder / "stages/2-round-1/pseudo")
        assert pilot.app.screen is screen
        assert any("cancel it first" in one.message for one in pilot.app._notifications)
        assert isinstance(screen.query_one("#pseudo-facts", Static).content, Content)
