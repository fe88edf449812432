"""`birdscope predict` from the outside: what it prints, keeps, resumes and refuses."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from birdscope.cli import main
from birdscope.inference import store_files
from birdscope.inference.store import ScoresStore

FILES = (store_files.VALUES, store_files.ROWS, store_files.META, store_files.MARKS)


def predict_arguments(data, ensemble, out, *more):
    return ["predict", "--data", str(data), "--ensemble", str(ensemble), "--out", str(out), *more]


def test_scores_of_every_checkpoint_and_window_are_kept(tiny_dataset, tiny_ensemble, tiny_scores):
    store = ScoresStore.open(tiny_scores)
    scores = store.scores()
    assert [one.member for one in scores.checkpoints] == ["one", "one", "two"]
    assert scores.weights == {"one": 0.25, "two": 0.75}
    assert store.complete and len(store.rows) == 5 * 4
    assert np.isfinite(scores.values).all()
    assert scores.values.min() >= 0 and scores.values.max() <= 1 and scores.values.std() > 0
    assert [step.kind for step in store.settings.steps] == ["low_rank_power", "smooth"]


def test_a_second_run_has_nothing_left_to_do(tiny_dataset, tiny_ensemble, tiny_scores, capsys):
    before = {name: (tiny_scores / name).read_bytes() for name in FILES}
    arguments = predict_arguments(
        tiny_dataset, tiny_ensemble, tiny_scores, "--split", "train_soundscapes", "--json"
    )
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["recordings"], result["predicted"]) == (5, 0)
    assert before == {name: (tiny_scores / name).read_bytes() for name in FILES}


def test_some_recordings_only(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    out = tmp_path / "one"
    arguments = predict_arguments(tiny_dataset, tiny_ensemble, out, "--limit", "1")
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "1 recordings: 1 ok" in text and str(out) in text
    keys = ScoresStore.open(out).rows.recordings
    name = keys[0].rpartition("/")[2]
    by_name = [*predict_arguments(tiny_dataset, tiny_ensemble, tmp_path / "two"), "--recordings"]
    assert main([*by_name, name]) == 0
    assert ScoresStore.open(tmp_path / "two").rows.recordings == keys
    assert main([*by_name, "no-such*"]) == 2
    assert main([*arguments[:-1], "2"]) == 7
    assert main([*arguments[:-1], "2", "--restart"]) == 0


def test_events_end_with_finished_or_failed(tiny_dataset, tiny_ensemble, tmp_path):
    events = tmp_path / "events.jsonl"
    more = ["--limit", "1", "--events", str(events), "--quiet"]
    assert main(predict_arguments(tiny_dataset, tiny_ensemble, tmp_path / "s", *more)) == 0
    kinds = [json.loads(line)["kind"] for line in events.read_text().splitlines()]
    assert kinds[-1] == "finished" and {"progress", "artifact"} <= set(kinds)
    missing = tmp_path / "no.toml"
    assert main(predict_arguments(tiny_dataset, missing, tmp_path / "t", *more)) == 5
    assert json.loads(events.read_text().splitlines()[-1])["kind"] == "failed"


def test_a_damaged_recording_is_reported_and_the_rest_goes_on(
    tiny_dataset, tiny_ensemble, tmp_path, capsys
):
    data = tmp_path / "data"
    shutil.copytree(tiny_dataset, data)
    first, *_ = sorted((data / "test_soundscapes").iterdir())
    first.write_bytes(b"this is not sound")
    assert main(predict_arguments(data, tiny_ensemble, tmp_path / "s")) == 0
    captured = capsys.readouterr()
    assert "1 ok" in captured.out and "1 unreadable" in captured.out
    assert first.name in captured.out and first.name in captured.err
    store = ScoresStore.open(tmp_path / "s")
    span = store.rows.span(f"test_soundscapes/{first.name}")
    assert span.stop - span.start == 12
    assert np.isnan(store.scores().values[:, span]).all()


@pytest.mark.slow
def test_killed_then_resumed_equals_an_uninterrupted_run(tiny_dataset, tiny_ensemble, tmp_path):
    def command(out):
        arguments = predict_arguments(tiny_dataset, tiny_ensemble, out, "--split", "train_audio")
        return [sys.executable, "-m", "birdscope", *arguments, "--threads", "1", "--quiet"]

    subprocess.run(command(tmp_path / "whole"), check=True)
    process = subprocess.Popen(command(tmp_path / "killed"))
    marks = tmp_path / "killed" / store_files.MARKS
    deadline = time.monotonic() + 120
    while not marks.exists() or marks.read_bytes().count(b"\n") < 3:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = len(ScoresStore.open(tmp_path / "killed").done)
    total = len(ScoresStore.open(tmp_path / "whole").done)
    assert 3 <= done < total
    subprocess.run(command(tmp_path / "killed"), check=True)
    for name in FILES:
        whole, killed = (tmp_path / run / name for run in ("whole", "killed"))
        assert whole.read_bytes() == killed.read_bytes(), name
