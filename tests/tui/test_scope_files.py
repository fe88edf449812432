from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.scope import ScopePane
from tests.tui.conftest import MakeApp, Until
from tests.tui.fake_engine import FakeEngine


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "garden.wav"
    soundfile.write(path, np.zeros(32_000 * 12, np.float32), 32_000)
    return path


@pytest.fixture
def ensemble(tmp_path: Path) -> None:
    path = tmp_path / "home" / "models" / "demo.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    path.with_name("alpha.pth").touch()


async def test_a_file_opens_without_a_dataset(
    make_app: MakeApp, sound: Path, ensemble: None, until: Until
) -> None:
    app, engine = make_app(None, files=[sound]), FakeEngine(classes=("a", "b"))
    app.services.__dict__["engine"] = engine
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.tab == "scope" and bool(app.query(ScopePane)))
        pane = app.query_one(ScopePane)
        await until(pilot, lambda: pane.feed.n_windows == 2 and pane.feed.can_predict)
        await pilot.press("r")
        await until(pilot, lambda: len(pane.feed.done) == 2 and pane.feed.blended is not None)
        await until(pilot, lambda: pane.label in ("a", "b"))
        assert pane.feed.recording.name == "garden.wav"


async def test_a_path_typed_opens_beside_the_dataset(
    make_app: MakeApp, tiny_dataset: Path, sound: Path, ensemble: None, until: Until
) -> None:
    app = make_app(tiny_dataset)
    app.services.__dict__["engine"] = FakeEngine()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: bool(app.query(ScopePane)))
        pane = app.query_one(ScopePane)
        app.action_show_tab("scope")
        await until(pilot, lambda: pane.feed.recording is not None)
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press(*"nowhere", "enter")
        assert isinstance(app.screen, AskText), "what is not there can't be opened"
        app.screen.query_one("#ask-path").value = str(sound)
        await pilot.press("enter")
        await until(pilot, lambda: pane.feed.recording.path == sound.resolve())
        await until(pilot, lambda: pane.feed.n_windows == 2)
