"""The tab Submit, with keys: states, choices, exports, jobs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from birdscope.core.events import Event
from birdscope.jobs.folder import load_mark
from birdscope.jobs.manager import Jobs
from birdscope.submission.budget import Speed, keep_speed, project
from birdscope.submission.report import read_report
from birdscope.tui.screens.choose_one import AskPath, ChooseOne
from birdscope.tui.screens.job_log import FileHead, HeadTable, JobLog, TextRows
from birdscope.tui.screens.scope import ScopePane
from birdscope.tui.screens.submit import SubmitPane
from birdscope.tui.widgets.budget_meter import BudgetMeter
from birdscope.tui.widgets.job_detail import JobDetail
from birdscope.tui.widgets.jobs_table import JobsTable
from birdscope.tui.widgets.key_hints import KeyHints
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.submit_form import SubmitForm
from tests.commands.conftest import make_ensemble
from tests.tui.conftest import MakeApp
from tests.tui.fake_engine import FINGERPRINT
from tests.tui.jobs_kit import (
    LARGE,
    LONG,
    REAL,
    SMALL,
    describing_engine,
    fake_program,
    lines_of,
    made_up,
    states,
    stop_all,
    submit_tab,
    told,
    wait_for,
)

OpenJobs = Callable[[], Jobs]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "home" / "sessions" / "test"


@pytest.fixture
def fake_jobs(tmp_path: Path, session: Path) -> Iterator[OpenJobs]:
    """Jobs of the session, run by the fake program."""
    program = fake_program(tmp_path)

    def make() -> Jobs:
        return Jobs(session / "jobs", slots=2, program=program)

    yield make
    stop_all(make())


@pytest.fixture
def real_jobs(session: Path) -> Iterator[OpenJobs]:
    def make() -> Jobs:
        return Jobs(session / "jobs", slots=2, program=REAL)

    yield make
    stop_all(make())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A file in the home's models, which the fake engine does not read."""
    path = tmp_path / "home" / "models" / "demo.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    path.with_name("alpha.pth").touch()
    return path


@pytest.fixture(scope="module")
def ensemble(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from birdscope.dataset.catalog import Catalog

    folder = tmp_path_factory.mktemp("tiny-ensemble")
    return make_ensemble(folder, Catalog.open(tiny_dataset).taxonomy.labels)


def shown(pane: SubmitPane) -> str:
    """Text of the detail."""
    return pane.query_one(JobDetail).content.plain


def meter(pane: SubmitPane) -> str:
    return str(pane.query_one(BudgetMeter).render())


def table_text(pane: SubmitPane) -> str:
    table = pane.query_one(JobsTable)
    return lines_of([table.render_line(y) for y in range(table.size.height)])


def values(pane: SubmitPane) -> dict[str, str]:
    return {one.key: f"{one.value}  {one.note}" for one in pane.query_one(SubmitForm).entries}


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_without_anything_every_panel_says_what_to_do(
    size: tuple[int, int], make_app: MakeApp, fake_jobs: OpenJobs
) -> None:
    async with submit_tab(make_app(None), fake_jobs, size) as (pilot, pane):
        assert "no dataset is open" in values(pane)["split"]
        assert "no jobs yet: e exports" in table_text(pane)
        assert "nothing to measure" in meter(pane).replace("\n", " ")
        await wait_for(pilot, lambda: "goes on when birdscope is closed" in shown(pane))
        await pilot.press("e")
        assert "No dataset is open" in told(pane)
        await pilot.press("1")
        assert pilot.app.query_one("#welcome-pane").display


async def test_a_dataset_without_an_ensemble_says_so(
    make_app: MakeApp, tiny_dataset: Path, fake_jobs: OpenJobs
) -> None:
    async with submit_tab(make_app(tiny_dataset), fake_jobs) as (pilot, pane):
        await wait_for(pilot, lambda: "none for this dataset yet" in values(pane)["ensemble"])
        await wait_for(pilot, lambda: "2 files" in values(pane)["split"])
        await pilot.press("R")
        assert "No ensemble for this dataset yet" in told(pane)


async def test_an_empty_test_split_falls_back_and_says_so(
    make_app: MakeApp, tiny_dataset: Path, tmp_path: Path, fake_jobs: OpenJobs, models: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(tiny_dataset, data)
    shutil.rmtree(data / "test_soundscapes")
    async with submit_tab(make_app(data), fake_jobs, LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: pane.plan.part is not None)
        assert values(pane)["split"].startswith("train_soundscapes · 5 files")
        assert "test_soundscapes is empty" in values(pane)["split"]
        shutil.rmtree(data / "train_soundscapes")


async def test_the_choices_change_by_keys(
    make_app: MakeApp, tiny_dataset: Path, fake_jobs: OpenJobs, models: Path, session: Path
) -> None:
    (session / "settings").mkdir(parents=True)
    (session / "settings" / "tuned.toml").write_text('name = "tuned"\n')
    (session / "settings" / "wrong.toml").write_text("wrong = 1\n")
    async with submit_tab(make_app(tiny_dataset), fake_jobs) as (pilot, pane):
        await wait_for(pilot, lambda: pane.plan.ensemble is not None and pane.plan.part)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ChooseOne)
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: "for debugging" in values(pane)["split"])
        assert pane.query_one(SubmitForm).entries[0].role == "warn"
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ChooseOne))
        assert pilot.app.screen.query_one(OptionList).get_option_at_index(2).disabled
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: "tuned" in values(pane)["settings"])
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskPath))
        line = pilot.app.screen.query_one(Input)
        line.value = str(tiny_dataset / "s.csv")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, AskPath)
        assert "dataset folder" in str(pilot.app.screen.query_one("#ask-problem").render())
        line.value = str(session / "mine.csv")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "sessions/test/mine.csv" in values(pane)["file"])
        argv = pane.plan.export_argv(pane.plan.out or Path())
        assert argv[argv.index("--settings") + 1].endswith("tuned.toml")
        assert argv[argv.index("--split") + 1] == "train_soundscapes"


async def test_the_budget_tells_minutes_by_member_and_what_to_drop(
    make_app: MakeApp, tiny_dataset: Path, fake_jobs: OpenJobs, models: Path, session: Path
) -> None:
    speed = Speed(
        "demo", FINGERPRINT, "torch", "cpu", 2, {"alpha/a": 3.0, "beta/a": 2.0},
        {"alpha/a": "alpha", "beta/a": "beta"}, ("beta/a", "alpha/a"), 0.5, 5.0,
    )  # fmt: skip
    async with submit_tab(make_app(tiny_dataset), fake_jobs, LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: "b measures it on 3 soundscapes" in meter(pane))
        keep_speed(session / "budget", speed)
        pane.facts.look()
        whole = project(speed)
        await wait_for(pilot, lambda: f"{whole.total_s / 60:.0f} of 90 min" in meter(pane))
        assert "alpha" in meter(pane) and "35 min" in meter(pane) and "23 min" in meter(pane)
        assert "leave out" not in meter(pane)
        slow = {"alpha/a": 6.5, "beta/a": 2.0}
        slower = Speed(**{**vars(speed), "seconds": slow})
        keep_speed(session / "budget", slower)
        pane.facts.look()
        over = project(slower)
        await wait_for(pilot, lambda: f"{over.total_s / 60:.0f} of 90 min" in meter(pane))
        kept = f"to fit, leave out beta/a  then {over.kept_s / 60:.0f} min"
        assert kept in meter(pane) and "┃" in meter(pane)


async def test_one_key_exports_and_the_report_is_in_plain_words(
    make_app: MakeApp, tiny_dataset: Path, real_jobs: OpenJobs, ensemble: Path, session: Path
) -> None:
    app = make_app(tiny_dataset)
    app.services.ensemble = ensemble
    async with submit_tab(app, real_jobs, LARGE, describing_engine()) as (pilot, pane):
        await wait_for(pilot, lambda: not pane.plan.why_not())
        await pilot.press("e")
        await wait_for(pilot, lambda: app.query_one(PlayerBar).jobs.startswith("1 "))
        await wait_for(pilot, lambda: states(pane) == ["finished"], 90)
        await wait_for(pilot, lambda: "✓ would be accepted: 8 rows" in shown(pane))
        assert "✓ every value lies between 0 and 1" in shown(pane)
        (csv,) = (session / "submissions").glob("*.csv")
        assert csv.name.startswith("tiny-tiny-") and csv.name in shown(pane)
        assert app.query_one(PlayerBar).jobs == "" and "Finished: Export tiny" in told(pane)
        await wait_for(pilot, lambda: values(pane)["scores"].startswith("all there"))
        await wait_for(pilot, lambda: "of 90 min" in meter(pane) and "one" in meter(pane))
        await pilot.press("c")
        assert app.clipboard == str(csv)
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(app.screen, FileHead))
        head = app.screen.query_one(HeadTable)
        await wait_for(pilot, lambda: head.row_total() == 8)
        assert "row_id" in head.render_line(0).text and "_5" in head.render_line(1).text
        await pilot.press("right", "escape")
        before = csv.read_bytes()
        await pilot.press("e")
        await wait_for(pilot, lambda: states(pane) == ["finished"] * 2, 90)
        second = max((session / "submissions").glob("*.csv"))
        assert second != csv and second.read_bytes() == before
        assert read_report(second.with_name(second.name + ".report.json")).predicted == 0


async def test_measuring_fills_the_budget(
    make_app: MakeApp, tiny_dataset: Path, real_jobs: OpenJobs, ensemble: Path
) -> None:
    app = make_app(tiny_dataset)
    app.services.ensemble = ensemble
    async with submit_tab(app, real_jobs, LARGE, describing_engine()) as (pilot, pane):
        await wait_for(pilot, lambda: not pane.plan.why_not())
        assert "Not measured yet" in meter(pane)
        said: list[str] = []
        bar = app.query_one(PlayerBar)
        pane.watch(bar, "jobs", lambda text: said.append(text), init=False)
        await pilot.press("b")
        await wait_for(pilot, lambda: "of 90 min" in meter(pane), 90)
        assert "700 soundscapes" in shown(pane)
        assert said[0] == "starting …", "said before the process is there"


async def test_predict_all_takes_the_split_and_the_ensemble_of_scope(
    make_app: MakeApp, tiny_dataset: Path, fake_jobs: OpenJobs, models: Path
) -> None:
    async with submit_tab(make_app(tiny_dataset), fake_jobs) as (pilot, pane):
        scope = pilot.app.query_one(ScopePane)
        await wait_for(pilot, lambda: not pane.plan.why_not() and scope.feed.ensemble)
        await wait_for(pilot, lambda: scope.feed.recording is not None)
        assert scope.feed.recording is not None
        assert scope.feed.recording.split == "train_soundscapes"
        await pilot.press("1", "R")
        assert pane.display and "R once more" in told(pane)
        await pilot.press("2", "R")
        await wait_for(pilot, lambda: len(states(pane)) == 1)
        job = fake_jobs().list()[0]
        assert job.spec.argv[0] == "predict" and job.spec.title.startswith("Predict train_")
        assert job.spec.argv[job.spec.argv.index("--split") + 1] == "train_soundscapes"
        await wait_for(pilot, lambda: states(pane) == ["failed"])
        await pilot.press("6", "R")
        await wait_for(pilot, lambda: len(states(pane)) == 2)
        argv = fake_jobs().list()[0].spec.argv
        assert argv[argv.index("--split") + 1] == "test_soundscapes"


async def test_two_jobs_never_write_the_same_scores(
    make_app: MakeApp, tiny_dataset: Path, fake_jobs: OpenJobs, models: Path
) -> None:
    async with submit_tab(make_app(tiny_dataset), fake_jobs) as (pilot, pane):
        await wait_for(pilot, lambda: not pane.plan.why_not())
        assert pane.plan.part is not None
        folder = str(pane.plan.scores_folder(pane.plan.part))
        fake_jobs().start(["--mode", "run", *LONG, "--out", folder], "the writer")
        await wait_for(pilot, lambda: states(pane) == ["running"])
        await pilot.press("e")
        assert "being made by the job “the writer”" in told(pane)
        assert len(fake_jobs().list()) == 1


async def test_keys_of_a_job_are_there_when_they_mean_something(
    make_app: MakeApp, fake_jobs: OpenJobs, session: Path
) -> None:
    made_up(session / "jobs", 1, title="an old one")
    async with submit_tab(make_app(None), fake_jobs) as (pilot, pane):
        table = pane.query_one(JobsTable)
        table.focus()
        await wait_for(pilot, lambda: "a line of job 1" in shown(pane))
        hints = pilot.app.query_one(KeyHints)
        assert "Again" in str(hints.render()) and "Cancel" not in str(hints.render())
        await pilot.press("x")
        polite = ["--mode", "polite", "--mark", os.devnull, *LONG]
        job = await pilot.app.services.jobs.start(polite, "live")  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: "running" in states(pane))
        assert table.view is not None and table.view.job.spec.title == "an old one"
        table.select(job.id)
        await wait_for(pilot, lambda: "Cancel" in str(hints.render()))
        assert "Resume" not in str(hints.render())
        await pilot.press("d", "r")
        assert job.folder.exists() and len(states(pane)) == 2
        await pilot.press("x")
        await wait_for(pilot, lambda: states(pane) == ["cancelled", "finished"])
        await pilot.press("r")
        await wait_for(pilot, lambda: len(states(pane)) == 3)
        assert table.view.job.spec.parents == (job.id,)
        await pilot.press("x")
        await wait_for(pilot, lambda: states(pane)[0] == "cancelled")
        await pilot.press("d")
        await wait_for(pilot, lambda: len(states(pane)) == 2)


async def test_a_failure_is_told_with_reason_and_remedy(
    make_app: MakeApp, fake_jobs: OpenJobs
) -> None:
    async with submit_tab(make_app(None), fake_jobs, LARGE) as (pilot, pane):
        watch = pilot.app.services.jobs  # type: ignore[attr-defined]
        await watch.start(["--mode", "fail"], "bad luck")
        await wait_for(pilot, lambda: "Failed: bad luck" in told(pane))
        assert "disk is full" in told(pane)
        await wait_for(pilot, lambda: "✗ failed" in shown(pane) and "disk is full" in shown(pane))
        await watch.start(["--mode", "killed"], "too big")
        await wait_for(pilot, lambda: states(pane) == ["failed", "failed"])
        await pilot.press("tab", "home")
        await wait_for(pilot, lambda: "lack of memory" in shown(pane))
        assert "→ free memory" in shown(pane)


async def test_a_killed_job_is_interrupted_and_resumes(
    make_app: MakeApp, fake_jobs: OpenJobs
) -> None:
    async with submit_tab(make_app(None), fake_jobs) as (pilot, pane):
        job = await pilot.app.services.jobs.start(["--mode", "run", *LONG], "shot")  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: states(pane) == ["running"])
        mark = load_mark(job.folder)
        assert mark is not None
        os.killpg(mark.pid, signal.SIGKILL)
        await wait_for(pilot, lambda: states(pane) == ["interrupted"])
        await wait_for(pilot, lambda: "goes on where it stopped" in shown(pane))
        assert "Interrupted: shot" in told(pane) and "interrupted" in table_text(pane)
        await pilot.press("r")
        await wait_for(pilot, lambda: states(pane) == ["running", "interrupted"])


async def test_a_job_outlives_the_app_and_is_found_again(
    make_app: MakeApp, fake_jobs: OpenJobs, tmp_path: Path
) -> None:
    enough = tmp_path / "enough"
    async with submit_tab(make_app(None), fake_jobs) as (pilot, pane):
        steps = ["--mode", "run", "--until", str(enough)]
        await pilot.app.services.jobs.start(steps, "long")  # type: ignore[attr-defined]
        await wait_for(pilot, lambda: states(pane) == ["running"])
        await pilot.press("q")
    async with submit_tab(make_app(None), fake_jobs) as (pilot, pane):
        await wait_for(pilot, lambda: states(pane) == ["running"])
        assert pilot.app.query_one(PlayerBar).jobs.startswith("1 ")
        enough.touch()
        await wait_for(pilot, lambda: states(pane) == ["finished"])
        await wait_for(pilot, lambda: "Finished: long" in told(pane))


async def test_a_click_on_the_indicator_goes_to_the_jobs(
    make_app: MakeApp, tiny_dataset: Path, fake_jobs: OpenJobs
) -> None:
    app = make_app(tiny_dataset)
    async with submit_tab(app, fake_jobs) as (pilot, pane):
        await app.services.jobs.start(["--mode", "run", *LONG], "long")
        await wait_for(pilot, lambda: bool(app.query_one(PlayerBar).jobs))
        await pilot.press("1")
        assert not pane.display
        await pilot.click(PlayerBar, offset=(SMALL[0] - 4, 0))
        assert pane.display


async def test_leaving_says_that_jobs_go_on(make_app: MakeApp, fake_jobs: OpenJobs) -> None:
    app = make_app(None)
    async with submit_tab(app, fake_jobs) as (pilot, pane):
        assert app._jobs.farewell() is None
        await app.services.jobs.start(["--mode", "run", *LONG], "long")
        await wait_for(pilot, lambda: states(pane) == ["running"])
        assert "1 job goes on" in (app._jobs.farewell() or "")


async def test_a_replayed_recording_plays_in_the_table(
    make_app: MakeApp, real_jobs: OpenJobs, tmp_path: Path
) -> None:
    from birdscope.cli import main

    events = [Event("started", t=1.0)]
    events += [Event("progress", f"epoch {n}", n, 4, "epoch", t=1.0 + n) for n in range(1, 5)]
    events += [Event("metric", data={"loss": 0.25}, t=5.0), Event("finished", t=6.0)]
    recorded = tmp_path / "recorded" / "events.jsonl"
    recorded.parent.mkdir()
    recorded.write_text("garbage\n" + "".join(event.to_json() + "\n" for event in events))
    async with submit_tab(make_app(None), real_jobs, LARGE) as (pilot, pane):
        arguments = ["jobs", "--session", "test", "replay", str(recorded), "--speed", "4"]
        assert main(arguments) == 0
        await wait_for(pilot, lambda: "epoch" in shown(pane) and "of 4 epochs" in shown(pane))
        await wait_for(pilot, lambda: states(pane) == ["finished"])
        await wait_for(pilot, lambda: "loss      0.25" in shown(pane))
        assert "Replay recorded" in table_text(pane)


async def test_a_log_of_many_megabytes_opens_at_its_end_and_follows(
    make_app: MakeApp, fake_jobs: OpenJobs, session: Path
) -> None:
    made_up(session / "jobs", 1)
    log = next((session / "jobs").iterdir()) / "log.txt"
    with open(log, "wb") as file:
        file.truncate(100_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"".join(b"\x1b[32mline %d\x1b[0m\n" % n for n in range(20_000)))
    async with submit_tab(make_app(None), fake_jobs) as (pilot, pane):
        pane.query_one(JobsTable).focus()
        await wait_for(pilot, lambda: "line 19999" in shown(pane))
        assert shown(pane).count("\n") < 120
        begin = time.monotonic()
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, JobLog))
        rows = pilot.app.screen.query_one(TextRows)
        await wait_for(pilot, lambda: rows.row_total() > 0)
        assert time.monotonic() - begin < 3.0
        assert rows.lines[-1] == "line 19999" and rows.row_total() <= 5000
        with open(log, "ab") as file:
            file.write(b"one more\n")
        await wait_for(pilot, lambda: rows.lines[-1] == "one more")
        assert rows.cursor == rows.row_total() - 1
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, JobLog)


async def test_fifty_jobs_stay_smooth(
    make_app: MakeApp, fake_jobs: OpenJobs, session: Path
) -> None:
    for number in range(50):
        steps = [Event("progress", f"{n}", n, 40, "step") for n in range(40)]
        made_up(session / "jobs", number, Event("started"), *steps, Event("finished"))
    async with submit_tab(make_app(None), fake_jobs, LARGE) as (pilot, pane):
        watch = pilot.app.services.jobs  # type: ignore[attr-defined]
        await watch.start(["--mode", "run", *LONG], "the live one")
        await wait_for(pilot, lambda: len(states(pane)) == 51 and "running" in states(pane))
        table = pane.query_one(JobsTable)
        took = []
        for _ in range(20):
            begin = time.perf_counter()
            snapshot = watch._look()
            pane._jobs_changed(snapshot)
            lines_of([table.render_line(y) for y in range(table.size.height)])
            took.append(time.perf_counter() - begin)
        assert sorted(took)[len(took) // 2] < 0.05, took
        await pilot.press("end", "home")
        assert table.cursor == 0 or pane.query_one(SubmitForm).has_focus


async def test_another_session_has_other_jobs_and_files(make_app: MakeApp, session: Path) -> None:
    from birdscope.session.session import Session

    made_up(session / "jobs", 1, title="of the first session")
    made_up(session.parent / "other" / "jobs", 2, title="of the other session")
    app = make_app(None)
    app.services.__dict__["engine"] = describing_engine()
    async with app.run_test(size=SMALL) as pilot:
        await wait_for(pilot, lambda: len(app.query(SubmitPane)) == 1)
        app.action_show_tab("submit")
        pane = app.query_one(SubmitPane)
        await wait_for(pilot, lambda: "of the first session" in table_text(pane))
        before = app.services.session
        app.services.use_session(Session.open(session.parent, "other"))
        before.close()
        await wait_for(pilot, lambda: "of the other session" in table_text(pane))
        assert "of the first session" not in table_text(pane)
        assert pane.plan.session == session.parent / "other" and told(pane) == ""


async def test_every_action_is_in_the_palette(
    make_app: MakeApp, fake_jobs: OpenJobs, session: Path
) -> None:
    from birdscope.tui.commands import commands_of

    made_up(session / "jobs", 1)
    async with submit_tab(make_app(None), fake_jobs) as (pilot, pane):
        await wait_for(pilot, lambda: "a line of job 1" in shown(pane))
        helps = {one.help for one in commands_of(pilot.app.screen)}
        for binding in pane.BINDINGS:
            assert binding.id and binding.tooltip in helps, binding  # type: ignore[union-attr]


async def test_garbage_in_events_and_reports_is_no_obstacle(
    make_app: MakeApp, fake_jobs: OpenJobs, session: Path
) -> None:
    report = session / "s.csv.report.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"path": 3}))
    made_up(
        session / "jobs", 1, Event("started"),
        Event("artifact", data={"path": str(report)}), Event("metric", data={"x": [1, {"y": 2}]}),
        Event("failed", "no [b]markup[/] \x1b[31mhere", data={"remedy": "[/]"}),
        title="[red]title[/]",
    )  # fmt: skip
    events = next((session / "jobs").iterdir()) / "events.jsonl"
    events.write_bytes(b"\x00\xff\n{]\n" + events.read_bytes())
    async with submit_tab(make_app(None), fake_jobs, LARGE) as (pilot, pane):
        await wait_for(pilot, lambda: "no [b]markup[/] here" in shown(pane))
        assert "[red]title[/]" in table_text(pane)
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, FileHead))
