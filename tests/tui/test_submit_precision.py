"""Precision on the tab Submit: what is said, what is refused, what is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from birdscope.core import cpu
from birdscope.jobs.manager import Jobs
from birdscope.submission.parity import Parity, keep_parity
from birdscope.tui import submit_facts
from birdscope.tui.screens.submit import SubmitPane
from birdscope.tui.submit_precision import Computing
from birdscope.tui.widgets.submit_form import SubmitForm
from tests.tui.conftest import MakeApp
from tests.tui.fake_engine import FINGERPRINT
from tests.tui.jobs_kit import LARGE, fake_program, stop_all, submit_tab, told, wait_for

FAST = Parity(
    "demo", FINGERPRINT, "openvino", "fast", 0.01, 0.9999, 8, 96, 1.0, 2.5,
    auc=0.9, auc_difference=-0.0041, auc_low=-0.0063, auc_high=-0.0004, scored_classes=7, made=5.0,
)  # fmt: skip
GOOD = replace(FAST, auc_difference=-0.0001, auc_low=-0.0005, auc_high=0.0004, made=6.0)


def test_torch_is_never_objected_to() -> None:
    entry = Computing("torch").entry()
    assert (entry.value, entry.note, entry.role) == ("exact · torch", "the reference", "text")
    assert Computing("torch", "fast").objection == ""


def test_exact_may_be_exported_unmeasured_and_says_how_to_compare() -> None:
    computing = Computing("openvino")
    assert (computing.objection, computing.argv, computing.suffix) == ("", [], "")
    assert computing.entry().note == "p compares it with torch"


def test_fast_tells_its_drift_and_has_scores_of_its_own() -> None:
    computing = Computing("openvino", "fast", GOOD)
    assert computing.argv == ["--precision", "fast"] and computing.suffix == "-fast"
    note = computing.entry().note
    assert note == "Δ 1e-02 · AUC -0.0001 [-0.0005, +0.0004] · 8 files"
    refused = Computing("openvino", "fast", FAST)
    assert "0.0063" in refused.refusal and "a accepts" in refused.refusal
    assert refused.entry().role == "bad"
    accepted = replace(refused, accepted=True)
    assert accepted.refusal == "" and accepted.entry().note.startswith("accepted")


@pytest.fixture
def fake_jobs(tmp_path: Path) -> Iterator[Callable[[], Jobs]]:
    program = fake_program(tmp_path)

    def make() -> Jobs:
        folder = tmp_path / "home" / "sessions" / "test" / "jobs"
        return Jobs(folder, slots=2, program=program)

    yield make
    stop_all(make())


def precision(pane: SubmitPane) -> str:
    entries = {one.key: one for one in pane.query_one(SubmitForm).entries}
    return f"{entries['precision'].value}  {entries['precision'].note}"


async def test_a_drift_is_refused_until_it_is_accepted_or_small(
    make_app: MakeApp,
    tiny_dataset: Path,
    fake_jobs: Callable[[], Jobs],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    (models / "demo.toml").write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    (models / "alpha.pth").touch()
    monkeypatch.setattr(submit_facts, "usual_backend", lambda: "openvino")
    monkeypatch.setattr(cpu, "cpu_features", lambda: cpu.CpuFeatures(True, True))
    budget = tmp_path / "home" / "sessions" / "test" / "budget"
    async with submit_tab(make_app(tiny_dataset), fake_jobs, LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: not pane.plan.why_not())
        assert precision(pane).startswith("exact · openvino")
        pane.query_one(SubmitForm).focus()
        await pilot.press("home", "down", "down", "down", "enter")
        await pilot.pause()
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: "was not compared" in precision(pane))
        await pilot.press("e")
        assert "fast was not compared with torch here" in told(pane).lower()
        assert not pane._services.jobs.snapshot.views
        keep_parity(budget, FAST)
        pane.facts.look()
        await wait_for(pilot, lambda: "may cost 0.0063" in precision(pane))
        await pilot.press("a")
        await wait_for(pilot, lambda: "accepted · Δ 1e-02" in precision(pane))
        await pilot.press("e")
        await wait_for(pilot, lambda: len(pane._services.jobs.snapshot.views) == 1)
        argv = pane._services.jobs.snapshot.views[0].job.spec.argv
        assert argv[argv.index("--precision") + 1] == "fast"
        keep_parity(budget, GOOD)
        pane.facts.look()
        await wait_for(pilot, lambda: precision(pane).startswith("fast · openvino  Δ 1e-02"))
        await pilot.press("p")
        await wait_for(pilot, lambda: len(pane._services.jobs.snapshot.views) == 2)
        argvs = [view.job.spec.argv for view in pane._services.jobs.snapshot.views]
        assert any(one[0] == "parity" and str(budget) in one for one in argvs)
