from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from birdscope import __version__
from birdscope.core.settings import Power, Settings
from birdscope.engine.messages import EnsembleInfo, MemberInfo
from birdscope.submission.budget import Speed
from birdscope.tui.submit_parts import DEBUG_FIRST, Part, Stack, parts_of, stacks_of
from birdscope.tui.submit_plan import (
    SubmitPlan,
    again_argv,
    slug,
    stamp,
    write_settings,
    writer_of,
)
from tests.tui.test_jobs_text import view

INFO = EnsembleInfo(
    Path("/m/blend.toml"), "my blend", (MemberInfo("nfnet", "", 0.5, 3),), Settings(), "f" * 64, ""
)


@pytest.fixture
def plan(tmp_path: Path) -> SubmitPlan:
    parts = parts_of({"test_soundscapes": 4, "train_soundscapes": 200})
    return SubmitPlan(
        tmp_path / "home" / "sessions" / "mine", tmp_path / "data", "data", "d" * 16, parts,
        parts[0], tmp_path / "blend.toml", INFO,
    )  # fmt: skip


def test_test_soundscapes_come_first_and_many_others_can_be_cut_short() -> None:
    parts = parts_of({"test_soundscapes": 4, "train_soundscapes": 200})
    assert [one.name for one in parts] == [
        "test_soundscapes", f"train_soundscapes-first-{DEBUG_FIRST}", "train_soundscapes",
    ]  # fmt: skip
    assert parts[1].text == "train_soundscapes · the first 50 of 200"
    assert parts_of({"train_soundscapes": 3}) == (Part("train_soundscapes", 3, 3),)
    assert parts_of({}) == ()


def test_the_export_keeps_scores_by_what_they_are_of(plan: SubmitPlan) -> None:
    argv = plan.export_argv(plan.session / "s.csv")
    assert argv[0] == "submit" and "--settings" not in argv and "--debug-limit" not in argv
    assert plan.part is not None
    scores = plan.scores_folder(plan.part)
    kept = plan.session / "scores-jobs" / ("f" * 16) / ("d" * 16)
    assert scores == kept / __version__ / "test_soundscapes"
    assert argv[argv.index("--scores") + 1] == str(scores)
    assert plan.predict_argv(plan.part)[-1] == str(scores)
    assert argv[argv.index("--speed") + 1] == str(plan.session / "budget")


def test_a_part_cut_short_has_scores_of_its_own(plan: SubmitPlan) -> None:
    short = replace(plan, part=plan.parts[1])
    argv = short.export_argv(Path("/s.csv"))
    assert argv[argv.index("--debug-limit") + 1] == "50"
    assert argv[argv.index("--scores") + 1].endswith("train_soundscapes-first-50")


def test_settings_come_from_the_ensemble_a_file_or_the_session(plan: SubmitPlan) -> None:
    out = plan.session / "s.csv"
    filed = replace(plan, stack=Stack("mine", Path("/mine.toml")))
    argv = filed.export_argv(out)
    assert argv[argv.index("--settings") + 1] == "/mine.toml"
    write_settings(filed, out)
    assert not out.parent.exists()
    own = Settings(name="tuned", steps=(Power(exponent=3.0),))
    session = replace(plan, stack=Stack("the session's", settings=own))
    write_settings(session, out)
    path = Path(session.export_argv(out)[session.export_argv(out).index("--settings") + 1])
    ((stack, problem),) = stacks_of(path.parent)
    assert problem == "" and stack.path == path
    from birdscope.core.config import load

    assert load(Settings, path) == own


def test_settings_that_are_not_valid_say_why(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "good"\n')
    (tmp_path / "b.toml").write_text("nonsense = 1\n")
    good, bad = stacks_of(tmp_path)
    assert good == (Stack("a", tmp_path / "a.toml"), "")
    assert "nonsense" in bad[1]
    assert stacks_of(tmp_path / "nowhere") == []


def test_why_not_names_the_first_obstacle(plan: SubmitPlan) -> None:
    assert plan.why_not() == ""
    assert "No dataset" in replace(plan, data=None).why_not()
    assert "neither" in replace(plan, part=None).why_not()
    assert "No ensemble" in replace(plan, ensemble_path=None).why_not()
    assert "looked at" in replace(plan, ensemble=None).why_not()
    assert replace(plan, ensemble=replace(INFO, problem="weights gone")).why_not() == "weights gone"


def test_the_form_says_what_is_chosen_and_what_is_there(plan: SubmitPlan) -> None:
    entries = {one.key: one for one in plan.entries()}
    assert entries["split"].value == "test_soundscapes · 4 files"
    assert entries["ensemble"].note == "3 checkpoints: nfnet"
    assert entries["file"].value == "sessions/mine/submissions/data-my-blend-<date-time>.csv"
    assert entries["scores"].value == "0 of 4 there"
    speed = Speed("b", "f", "torch", "cpu", 2, {"a": 5.0}, {"a": "a"}, ("a",), 1.0, 4.0)
    some = {one.key: one for one in replace(plan, kept=1, speed=speed).entries()}
    assert some["scores"].note == "needs 22 s"
    every = {one.key: one for one in replace(plan, kept=4).entries()}
    assert every["scores"].value == "all there"


def test_debugging_is_said_plainly(plan: SubmitPlan) -> None:
    chosen = replace(plan, part=plan.parts[1]).entries()[0]
    assert (chosen.note, chosen.role) == ("for debugging", "warn")
    parts = parts_of({"train_soundscapes": 3})
    fallback = replace(plan, parts=parts, part=parts[0]).entries()[0]
    assert fallback.note == "debug: test_soundscapes is empty"


def test_the_writer_of_scores_is_found() -> None:
    live, ended = view("running"), view("finished")
    assert writer_of([ended, live], Path("a b")) is live
    assert writer_of([ended], Path("a b")) is None and writer_of([live], Path("c")) is None


def test_names_are_good_for_files() -> None:
    assert slug("my blend/ä:1") == "my-blend-ä-1" and slug("//") == "unnamed"


@pytest.mark.parametrize(
    ("out", "name"),
    [("s/frogs-demo-20250101-120000.csv", "frogs-demo"), ("s/mine.csv", "mine")],
)
def test_an_export_done_again_writes_another_file(out: str, name: str) -> None:
    argv = again_argv(("submit", "--out", out, "--split", "test_soundscapes"), 1_700_000_000.0)
    assert argv[2] == f"s/{name}-{stamp(1_700_000_000.0)}.csv"
    assert argv[3:] == ["--split", "test_soundscapes"]
