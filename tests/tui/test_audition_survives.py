"""A verdict outlives the interface; the screen works with the real study lane and real files."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from birdscope.core import paths
from birdscope.core.verdicts import Verdict
from birdscope.engine.study_client import Study
from birdscope.session.verdicts import Verdicts
from birdscope.tui.screens.choose_one import AskPath, ChooseOne
from birdscope.tui.widgets.verdict_summary import VerdictSummary
from tests.commands.conftest import make_ensemble
from tests.tui.audition_kit import ME, audition_tab, introduce, kept, settled, study_of
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import describing_engine, wait_for

# An app in a terminal; all is real but the study lane, the engine and the sound.
IN_A_TERMINAL = """
import sys
from pathlib import Path
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.silent_player import SilentPlayer
from tests.tui.audition_kit import study_of
from tests.tui.fake_engine import FakeEngine

data = Path(sys.argv[1])
app = BirdscopeApp(
    data, session="test", make_player=lambda: (SilentPlayer(), ""), engine=FakeEngine()
)
app.services.__dict__["study"] = study_of(data)
app.run()
"""
MARK = "✓".encode()


class Terminal:
    """What the app in it has painted so far, and its keyboard."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.painted = b""

    def press(self, key: str) -> None:
        os.write(self._handle, key.encode())

    def read(self, seconds: float) -> None:
        if select.select([self._handle], [], [], seconds)[0]:
            self.painted += os.read(self._handle, 65536)


async def test_a_verdict_that_is_shown_survives_sigkill(tiny_dataset: Path) -> None:
    introduce()
    ours, theirs = pty.openpty()
    app = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, str(tiny_dataset)],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
    )  # fmt: skip
    os.close(theirs)
    terminal, deadline = Terminal(ours), time.monotonic() + 90
    try:
        while b"Queue 1/" not in terminal.painted:
            assert time.monotonic() < deadline and app.poll() is None
            terminal.press("3")
            for _ in range(10):
                terminal.read(0.05)
        assert kept() == []
        terminal.painted = b""
        terminal.press("y")
        while MARK not in terminal.painted:
            assert time.monotonic() < deadline and app.poll() is None
            terminal.read(0.01)
        os.killpg(app.pid, signal.SIGKILL)
        assert app.wait(10) == -signal.SIGKILL
    finally:
        if app.poll() is None:
            os.killpg(app.pid, signal.SIGKILL)
        os.close(ours)
    (verdict,) = kept()
    assert (verdict.answer, verdict.annotator, verdict.index) == ("yes", ME, 0)


async def test_answers_of_the_last_moment_are_written_before_the_app_ends(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        pane.action_answer("yes")
        pane.action_answer("no")
        await pilot.pause()
        pilot.app.exit()
    assert [one.answer for one in kept()] == ["yes", "no"]


@pytest.fixture(scope="module")
def scored(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny ensemble and its scores of the labelled soundscapes."""
    from birdscope.cli import main
    from birdscope.dataset.catalog import Catalog

    folder = tmp_path_factory.mktemp("scored")
    ensemble = make_ensemble(folder / "ensemble", Catalog.open(tiny_dataset).taxonomy.labels)
    argv = ["predict", "--data", tiny_dataset, "--ensemble", ensemble, "--out", folder / "scores"]
    argv += ["--split", "train_soundscapes", "--threads", "1", "--quiet"]
    assert main([str(one) for one in argv]) == 0
    return ensemble, folder / "scores"


async def test_the_real_study_lane_ranks_and_judges(
    make_app: MakeApp, tiny_dataset: Path, scored: tuple[Path, Path]
) -> None:
    introduce()
    app = make_app(tiny_dataset)
    app.services.ensemble, scores = scored
    app.services.__dict__["engine"] = describing_engine()
    async with audition_tab(app, Study()) as (pilot, pane):
        assert "no recording has scores" in pane.feed.found.problem
        pane.feed.choose(scores=scores)
        await wait_for(pilot, lambda: settled(pane) and len(pane.queue.items) == 20)
        found = [one.score for one in pane.queue.items]
        assert found == sorted(found, reverse=True)
        best = pane.queue.item
        assert best.path.is_file() and best.members
        await pilot.press("y", "n")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 2)
        await wait_for(pilot, lambda: "2 judged" in pane.query_one(VerdictSummary).text)
        text = pane.query_one(VerdictSummary).text
        assert "precision@2" in text and "50%" in text
        assert "9 more yes" in text and "9 more no" in text
        assert kept()[0].score == pytest.approx(best.score)
        for kind in ("uncertainty", "disagreement", "stratified", "auc_loss", "clips"):
            pane.feed.choose(kind=kind)
            await wait_for(pilot, lambda kind=kind: settled(pane) and pane.feed._asked is not None)
            assert pane.feed._asked.kind == kind
            assert pane.queue.items or pane.feed.found.problem


async def test_verdicts_go_out_and_come_in_again(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    introduce()
    out = tmp_path / "out"
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        await pilot.press("y", "n", "m")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 3)
        await _exchange(pilot, 0, out)
        await wait_for(pilot, lambda: (out / "verdicts.csv").is_file())
        before = kept()
        await pilot.press("u")
        await wait_for(pilot, lambda: len(kept()) == 2)
        await _exchange(pilot, 3, out / "verdicts.csv")
        await wait_for(pilot, lambda: len(kept()) == 3 and len(pane.feed.verdicts) == 3)
        assert _said(kept()) == _said(before)
        assert any("1 new verdict" in one.message for one in pilot.app._notifications)


async def test_a_file_that_holds_no_verdicts_says_so(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path
) -> None:
    introduce()
    other = tmp_path / "shopping.csv"
    other.write_text("milk,eggs\n1,2\n")
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, _):
        await _exchange(pilot, 3, other)
        await wait_for(
            pilot, lambda: any("shopping.csv" in one.message for one in pilot.app._notifications)
        )
    assert kept() == []


async def test_another_session_has_its_own_verdicts(make_app: MakeApp, tiny_dataset: Path) -> None:
    from birdscope.session.session import Session

    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (pilot, pane):
        await pilot.press("y")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
        before = pilot.app.services.session
        other = Session.open(paths.sessions(), "other")
        other.update(annotator="somebody else")
        pilot.app.services.use_session(other)
        before.close()
        await wait_for(pilot, lambda: settled(pane) and not pane.feed.verdicts)
        await pilot.press("n")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1)
    verdicts = Verdicts.open(paths.sessions() / "other", read_only=True)
    assert [(one.answer, one.annotator) for one in verdicts.all()] == [("no", "somebody else")]
    verdicts.close()
    assert [one.answer for one in kept()] == ["yes"]


async def _exchange(pilot: object, choice: int, path: Path) -> None:
    """Press e, take a choice, give a path."""
    await pilot.press("e")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
    pilot.app.screen.query_one(OptionList).highlighted = choice
    await pilot.press("enter")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskPath))
    pilot.app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")
    await wait_for(pilot, lambda: not isinstance(pilot.app.screen, AskPath))


def _said(verdicts: list[Verdict]) -> set[tuple[str, int, str, str]]:
    return {(one.recording, one.index, one.label, one.answer) for one in verdicts}
