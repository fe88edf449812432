"""Precision on the tab Submit: what is said, what is refused, what is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from birdscope.core import cpu, int8
from birdscope.core.int8 import CalibratedEnsemble, Int8Calibration, keep_calibrated
from birdscope.jobs.manager import Jobs
from birdscope.submission.parity import Parity, keep_parity
from birdscope.tui import submit_facts
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.submit import SubmitPane
from birdscope.tui.submit_precision import Computing, choices
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


def calibrated(folder: Path, dataset: str = "") -> CalibratedEnsemble:
    """Nets of one checkpoint that look as if they were there."""
    net = folder / "net"
    net.mkdir(parents=True, exist_ok=True)
    (net / "model.xml").touch()
    one = Int8Calibration("c0ffee", "tiny", dataset, "train_soundscapes", 5, 40, 0, "3", 1.0)
    return CalibratedEnsemble(one, "feedbeef12345678", (net,), int8.converter_versions())


def test_int8_asks_for_its_calibration_before_anything_else(tmp_path: Path) -> None:
    computing = Computing("openvino", "int8")
    assert "not calibrated" in computing.missing and computing.objection == ""
    assert computing.entry().note == "not calibrated: enter calibrates it"
    ready = replace(computing, calibrated=calibrated(tmp_path))
    assert ready.missing == "" and "was not compared" in ready.refusal
    assert ready.argv == ["--precision", "int8", "--calibration", "c0ffee"]
    assert ready.suffix == "-int8-feedbeef"
    small = replace(GOOD, precision="int8", calibration="feedbeef12345678")
    assert replace(ready, measured=small).refusal == ""


def test_what_stands_against_a_precision_is_said(tmp_path: Path) -> None:
    able, old = cpu.CpuFeatures(True, True), cpu.CpuFeatures(False, False)
    assert [one.problem for one in choices(Computing("openvino"), able, nncf=True)] == [""] * 3
    found = choices(Computing("openvino"), old, nncf=False)
    assert "no bfloat16" in found[1].problem and "no VNNI" in found[2].note
    assert "birdscope[int8]" in found[2].problem
    known = Computing("openvino", calibrated=calibrated(tmp_path))
    three = choices(known, able, nncf=False)[2]
    assert three.problem == "" and "40 windows of 5 recordings of tiny" in three.note
    assert all(one.problem for one in choices(Computing("torch"), able, nncf=True)[1:])


@pytest.fixture
def fake_jobs(tmp_path: Path) -> Iterator[Callable[[], Jobs]]:
    program = fake_program(tmp_path)

    def make() -> Jobs:
        folder = tmp_path / "home" / "sessions" / "test" / "jobs"
        return Jobs(folder, slots=2, program=program)

    yield make
    stop_all(make())


@pytest.fixture
def budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ensemble, and a machine that has OpenVINO and can do it fast; where speeds are kept."""
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    (models / "demo.toml").write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    (models / "alpha.pth").touch()
    monkeypatch.setattr(submit_facts, "usual_backend", lambda: "openvino")
    monkeypatch.setattr(cpu, "cpu_features", lambda: cpu.CpuFeatures(True, True))
    return tmp_path / "home" / "sessions" / "test" / "budget"


def precision(pane: SubmitPane) -> str:
    entries = {one.key: one for one in pane.query_one(SubmitForm).entries}
    return f"{entries['precision'].value}  {entries['precision'].note}"


async def test_a_drift_is_refused_until_it_is_accepted_or_small(
    make_app: MakeApp,
    tiny_dataset: Path,
    fake_jobs: Callable[[], Jobs],
    budget: Path,
) -> None:
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


async def test_int8_offers_to_calibrate_and_is_measured_before_an_export(
    make_app: MakeApp,
    tiny_dataset: Path,
    fake_jobs: Callable[[], Jobs],
    budget: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(int8, "can_calibrate", lambda: True)
    async with submit_tab(make_app(tiny_dataset), fake_jobs, LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: not pane.plan.why_not())
        pane.query_one(SubmitForm).focus()
        await pilot.press("home", "down", "down", "down", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: "calibrate it now" in screen_text(pilot))
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, ChooseOne))
        assert pane.plan.computing.precision == "exact"
        assert not pane._services.jobs.snapshot.views

        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: "calibrate it now" in screen_text(pilot))
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(pane._services.jobs.snapshot.views) == 1)
        argv = pane._services.jobs.snapshot.views[0].job.spec.argv
        assert argv[0] == "quantize" and str(tiny_dataset) in argv
        await wait_for(pilot, lambda: "not calibrated" in precision(pane))
        await pilot.press("e")
        assert "int8 is not calibrated" in told(pane)

        keep_calibrated(FINGERPRINT, calibrated(tmp_path / "nets"))
        pane.facts.look()
        await wait_for(pilot, lambda: "was not compared" in precision(pane))
        keep_parity(budget, replace(GOOD, precision="int8", calibration="older nets"))
        pane.facts.look()
        await pilot.press("e")
        assert "int8 was not compared with torch here" in told(pane).lower()
        keep_parity(budget, replace(GOOD, precision="int8", calibration="feedbeef12345678"))
        pane.facts.look()
        await wait_for(pilot, lambda: precision(pane).startswith("int8 · openvino  Δ 1e-02"))
        await pilot.press("e")
        await wait_for(pilot, lambda: len(pane._services.jobs.snapshot.views) == 2)
        argvs = [view.job.spec.argv for view in pane._services.jobs.snapshot.views]
        (export,) = [one for one in argvs if one[0] == "submit"]
        assert export[export.index("--calibration") + 1] == "c0ffee"


def screen_text(pilot: Pilot[None]) -> str:
    """All options of the list on show."""
    options = pilot.app.screen.query(OptionList)
    return "\n".join(
        str(one.get_option_at_index(number).prompt)
        for one in options
        for number in range(one.option_count)
    )
