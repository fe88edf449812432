"""Training as a background job: cancelled in an epoch, it resumes to the same weights."""

import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from birdscope.cli import main
from birdscope.jobs import process
from birdscope.jobs.folder import load_mark
from birdscope.jobs.job import Job
from birdscope.jobs.manager import Jobs
from tests.commands.test_train import RECIPE

EPOCHS = 12


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path / "home"))
    return Jobs(tmp_path / "jobs")


@pytest.mark.slow
def test_a_training_job_cancelled_in_an_epoch_resumes_to_the_same_weights(
    jobs: Jobs, tiny_dataset: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"

    def arguments(out: Path) -> list[str]:
        common = ["train", str(recipe), "--data", str(tiny_dataset), "--out", str(out)]
        return [
            *common,
            "--fold",
            "0",
            "--epochs",
            str(EPOCHS),
            "--device",
            "cpu",
            "--threads",
            "1",
        ]

    threads = torch.get_num_threads()
    assert main([*arguments(whole), "--quiet"]) == 0
    torch.set_num_threads(threads)

    job = jobs.start(arguments(stopped))
    _until((stopped / "folds" / "0" / "state.pt").is_file, jobs, job)
    assert jobs.cancel(job.id).state == "cancelled"
    mark = load_mark(job.folder)
    assert mark is not None and process.group_members(mark.pid) == []
    assert (stopped / "folds" / "0" / "last.safetensors").is_file()
    assert not (stopped / "folds" / "0" / "result.json").exists()

    again = jobs.resume(job.id)
    assert "--resume" in again.spec.argv
    _until(lambda: not jobs.get(again.id).live, jobs, again)
    assert jobs.get(again.id).state == "finished", again.log.read_text()
    for name in ("last", "best"):
        one = load_file(whole / "folds" / "0" / f"{name}.safetensors")
        two = load_file(stopped / "folds" / "0" / f"{name}.safetensors")
        assert all(torch.equal(one[key], two[key]) for key in one)


def _until(condition, jobs: Jobs, job: Job) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        state = jobs.get(job.id)
        assert state.state in ("queued", "running", "finished"), state.log.read_text()
        assert time.monotonic() < deadline, state.log.read_text()
        time.sleep(0.02)
