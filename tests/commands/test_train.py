import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from birdscope.cli import main

RECIPE = """\
name = "tiny"
folds = 2
[front_end]
n_mels = 32
n_fft = 1024
hop_length = 1600
[model]
backbone = "test_resnet"
in_channels = 1
hidden = 16
[data]
first_s = 6.0
min_clips_per_class = 0
[augment]
noises = 2
[optim]
epochs = 4
batch_size = 8
"""


@pytest.fixture
def recipe(tmp_path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _arguments(recipe: Path, data: Path, out: Path, *more: str) -> list[str]:
    common = ["train", str(recipe), "--data", str(data), "--out", str(out)]
    return [*common, "--device", "cpu", "--threads", "1", *more]


def test_train_then_predict_then_evaluate(recipe, tiny_dataset, tmp_path, capsys):
    out, scores = tmp_path / "run", tmp_path / "scores"
    events = tmp_path / "events.jsonl"
    options = ("--epochs", "1", "--seed", "5", "--json", "--quiet", "--events", str(events))
    assert main(_arguments(recipe, tiny_dataset, out, *options)) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["results"]) == {"0", "1"}
    kinds = [json.loads(line)["kind"] for line in events.read_text().splitlines()]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert kinds.count("metric") == 2

    predict = ["predict", "--data", str(tiny_dataset), "--split", "train_soundscapes", "--quiet"]
    assert main([*predict, "--ensemble", str(out / "ensemble.toml"), "--out", str(scores)]) == 0
    capsys.readouterr()
    labels = tiny_dataset / "train_soundscapes_labels.csv"
    evaluate = ["evaluate", "--scores", str(scores), "--labels", str(labels), "--json"]
    assert main(evaluate) == 0
    result = json.loads(capsys.readouterr().out)
    assert 0 <= result["macro_roc_auc"] <= 1
    assert result["scored_classes"] > 0


def test_a_killed_run_resumes_to_the_same_weights(recipe, tiny_dataset, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(_arguments(recipe, tiny_dataset, whole, "--fold", "0", "--quiet")) == 0

    arguments = _arguments(recipe, tiny_dataset, killed, "--fold", "0", "--quiet")
    process = subprocess.Popen([sys.executable, "-m", "birdscope.cli", *arguments])
    state = killed / "folds" / "0" / "state.pt"
    deadline = time.monotonic() + 120
    while not state.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "folds" / "0" / "result.json").exists()

    assert main([*arguments, "--resume"]) == 0
    for name in ("last", "best"):
        one = load_file(whole / "folds" / "0" / f"{name}.safetensors")
        two = load_file(killed / "folds" / "0" / f"{name}.safetensors")
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)
    # the seconds an epoch took are the clock's, all else must agree
    histories = [
        [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in text]
        for text in ((run / "metrics.jsonl").read_text().splitlines() for run in (whole, killed))
    ]
    assert histories[0] == histories[1]


def test_interrupt_ends_with_130_and_a_cancelled_event(recipe, tiny_dataset, tmp_path):
    out, events = tmp_path / "run", tmp_path / "events.jsonl"
    arguments = _arguments(recipe, tiny_dataset, out, "--epochs", "500", "--quiet")
    process = subprocess.Popen(
        [sys.executable, "-m", "birdscope.cli", *arguments, "--events", str(events)],
        stderr=subprocess.PIPE,
        text=True,
    )
    state = out / "folds" / "0" / "state.pt"
    deadline = time.monotonic() + 120
    while not state.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert json.loads(events.read_text().splitlines()[-1])["kind"] == "cancelled"
    assert (out / "ensemble.toml").is_file()


def test_an_unknown_recipe_is_a_configuration_error(tiny_dataset, tmp_path, capsys):
    code = main(["train", "smal-cpu", "--data", str(tiny_dataset), "--out", str(tmp_path / "r")])
    assert code == 5
    assert "small-cpu" in capsys.readouterr().err


def test_a_wrong_override_names_the_key(recipe, tiny_dataset, tmp_path, capsys):
    arguments = _arguments(recipe, tiny_dataset, tmp_path / "run", "--epochs", "0")
    assert main(arguments) == 5
    assert "optim.epochs" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
