from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

import numpy as np
import pytest

from birdscope.commands._output import describe, print_json, reporter, stopping
from birdscope.core.errors import Cancelled, DatasetError
from birdscope.core.events import Event


def _args(events: Path | None = None, quiet: bool = True) -> argparse.Namespace:
    return argparse.Namespace(events=events, quiet=quiet)


def _kinds(path: Path) -> list[str]:
    return [Event.from_json(line).kind for line in path.read_text().splitlines()]


def test_the_events_file_ends_with_finished(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with reporter(_args(path)) as emit:
        emit(Event("progress", done=1, total=2, unit="recording"))
    assert _kinds(path) == ["started", "progress", "finished"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(DatasetError("gone", remedy="look"), "failed"), (Cancelled("x"), "cancelled")],
)
def test_the_events_file_says_how_it_ended(tmp_path: Path, error: Exception, kind: str) -> None:
    path = tmp_path / "events.jsonl"
    with pytest.raises(type(error)), reporter(_args(path)):
        raise error
    assert _kinds(path)[-1] == kind


def test_plain_progress_goes_to_stderr_only(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter(_args(quiet=False)) as emit:
        emit(Event("progress", done=2, total=2, unit="recording", message="a.ogg"))
        emit(Event("warning", message="b.ogg is silent"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "2/2 recording" in captured.err and "warning: b.ogg is silent" in captured.err


def test_json_turns_nan_and_arrays_into_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": np.float32(0.5), "b": float("nan"), "c": np.array([1, 2]), "d": Path("x")})
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"a": 0.5, "b": None, "c": [1, 2], "d": "x"}


def test_the_first_interrupt_asks_the_second_ends() -> None:
    with stopping() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_metrics_are_described_with_their_names() -> None:
    event = Event("metric", message="epoch 1", data={"loss": 0.5, "fold": 0})
    assert describe(event) == "epoch 1  loss 0.5  fold 0"
