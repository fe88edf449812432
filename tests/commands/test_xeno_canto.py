from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from birdscope.cli import main
from tests.dataset.xeno_canto.conftest import sound
from tests.dataset.xeno_canto.server import KEY, FakeXenoCanto, entry, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeXenoCanto]:
    with serving() as fake:
        monkeypatch.setenv("BIRDSCOPE_XENO_CANTO_URL", fake.url)
        monkeypatch.setenv("BIRDSCOPE_XENO_CANTO_KEY", KEY)
        fake.entries = [entry(5)]
        fake.sounds["/5/download"] = sound()
        yield fake


def test_fetch_prints_what_came(
    server: FakeXenoCanto,
    tiny_dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# wanted\nTurdus merula\nTurdus merula\n")
    out, events = tmp_path / "xc", tmp_path / "events.jsonl"
    options = ["xeno-canto", "fetch", "--out", str(out), "--species", str(names), "--json"]
    options += ["--exclude", str(tiny_dataset), "--events", str(events)]
    assert main(options) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "root": str(out),
        "kept": 1,
        "species": 1,
        "left_out": {},
        "failed": {},
    }
    assert server.requests[0][1]["query"] == 'gen:turdus sp:merula q:">D" len:">4"'
    assert json.loads(events.read_text().splitlines()[-1])["kind"] == "finished"
    assert KEY not in printed.out + printed.err + events.read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "nothing is asked for"),
        (["--query", "grp:birds", "--per-species", "0"], 2, "--per-species is at least 1"),
        (["--query", "grp:birds", "--exclude", "nowhere"], 3, "no such folder"),
    ],
)
def test_wrong_options_are_explained_before_anything_is_asked(
    options: list[str],
    code: int,
    message: str,
    server: FakeXenoCanto,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["xeno-canto", "fetch", "--out", str(tmp_path / "xc"), *options]) == code
    assert message in capsys.readouterr().err
    assert server.requests == []


def test_a_wrong_key_ends_it(
    server: FakeXenoCanto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BIRDSCOPE_XENO_CANTO_KEY", "wrong-key")
    options = ["xeno-canto", "fetch", "--out", str(tmp_path / "xc"), "--query", "grp:birds"]
    assert main(options) == 2
    printed = capsys.readouterr().err
    assert "refuses the key" in printed and "wrong-key" not in printed
