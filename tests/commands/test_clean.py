from __future__ import annotations

import json
from pathlib import Path

import pytest

from birdscope.cli import main


def test_a_dataset_without_speech_is_examined(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, events = tmp_path / "cuts", tmp_path / "events.jsonl"
    options = ["clean", "--data", str(tiny_dataset), "--out", str(out), "--no-speech", "--quiet"]
    assert main([*options, "--json", "--events", str(events)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["recordings"] == 24 and result["reused"] == 0
    assert result["folder"] == str(out)
    assert result["by_reason"]["speech"] == {"cuts": 0, "seconds": 0}
    assert json.loads(events.read_text().splitlines()[-1])["kind"] == "finished"
    assert main(options) == 0
    assert "24 known from before" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--threshold", "1.5"], 5, "speech_threshold"),
        (["--label", "nobody"], 3, "no species 'nobody'"),
    ],
)
def test_a_wrong_option_is_explained(
    options: list[str],
    code: int,
    message: str,
    tiny_dataset: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["clean", "--data", str(tiny_dataset), "--quiet", *options]) == code
    assert message in capsys.readouterr().err
