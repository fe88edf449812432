from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from birdscope.commands import scan
from birdscope.core.errors import Cancelled, UsageError
from birdscope.core.events import Event, Stop
from birdscope.core.types import Problem
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.problems import find_problems
from tests.dataset.folders import (
    row,
    write_csv,
    write_sample,
    write_sound,
    write_taxonomy,
    write_train,
)


def problems_of(root: Path, *, durations: bool = False) -> dict[str, Problem]:
    """Kind → the first problem of that kind."""
    found = find_problems(Catalog.open(root), durations=durations)
    return {one.kind: one for one in reversed(found)}


def usual(root: Path, *rows: dict[str, str]) -> None:
    """A clean dataset of the classes a and b, and more rows."""
    write_taxonomy(root, ["a", "b"])
    write_sample(root, ["a", "b"])
    write_train(root, [row("a", "1"), row("b", "2"), *rows])


@pytest.mark.parametrize("torn", ["a,['']", "a,['']\n", "a,\"['', 'b"])
def test_the_torn_end_of_a_download_is_left_out_and_named(tmp_path: Path, torn: str) -> None:
    usual(tmp_path)
    with open(tmp_path / "train.csv", "a") as file:
        file.write(torn)
    assert len(Catalog.open(tmp_path).recordings("train_audio")) == 2
    assert problems_of(tmp_path)["malformed-row"].subject == "train.csv: line 4"


def test_a_clean_dataset_has_none(tmp_path: Path) -> None:
    usual(tmp_path)
    assert find_problems(Catalog.open(tmp_path), durations=True) == []


@pytest.mark.parametrize(
    ("cells", "kind", "severity"),
    [
        ({"primary_label": "ghost"}, "unknown-label", "error"),
        ({"primary_label": ""}, "empty-label", "error"),
        ({"secondary_labels": "['a'"}, "malformed-cell", "error"),
        ({"secondary_labels": "['ghost']"}, "unknown-secondary-label", "note"),
        ({"rating": "six"}, "malformed-cell", "note"),
        ({"latitude": "912"}, "malformed-cell", "note"),
        ({"filename": "a/1.ogg"}, "duplicate-row", "error"),
    ],
)
def test_odd_rows(tmp_path: Path, cells: dict[str, str], kind: str, severity: str) -> None:
    usual(tmp_path, row("a", "3", **cells))
    found = problems_of(tmp_path)
    assert list(found) == [kind]
    assert found[kind].severity == severity


def test_missing_and_unlisted_files(tmp_path: Path) -> None:
    usual(tmp_path)
    (tmp_path / "train_audio" / "a" / "1.ogg").rename(tmp_path / "train_audio" / "a" / "9.ogg")
    found = problems_of(tmp_path)
    assert found["missing-file"].subject == "train_audio/a/1.ogg"
    assert found["unlisted-file"].subject == "train_audio/a/9.ogg"


def test_columns(tmp_path: Path) -> None:
    write_taxonomy(tmp_path, ["a"])
    write_sample(tmp_path, ["a"])
    header = ("primary_label", "filename", "secondary_labels", "autor", "autor")
    write_csv(tmp_path / "train.csv", header, [["a", "a/1.ogg", "[]", "", ""]])
    write_sound(tmp_path / "train_audio" / "a" / "1.ogg")
    found = problems_of(tmp_path)
    assert set(found) == {"unknown-column", "missing-column", "duplicate-column"}
    assert "did you mean 'author'" in found["unknown-column"].text


def test_tables_that_disagree(tmp_path: Path) -> None:
    usual(tmp_path)
    write_taxonomy(tmp_path, ["a", "c", "c"])
    found = problems_of(tmp_path)
    assert found["not-in-taxonomy"].subject == "b"
    assert found["not-in-sample"].subject == "c"
    assert found["duplicate-class"].subject == "taxonomy.csv: c"


def test_labels_of_soundscapes(tmp_path: Path) -> None:
    usual(tmp_path)
    header = ("filename", "start", "end", "primary_label")
    path = tmp_path / "train_soundscapes_labels.csv"
    write_csv(path, header, [["gone.ogg", "0", "5", "a;ghost"]])
    found = problems_of(tmp_path)
    assert set(found) == {"unknown-label", "missing-file", "no-positive-window"}
    assert found["no-positive-window"].subject == "b"
    write_csv(path, header, [["gone.ogg", "later", "5", "a"]])
    assert "row 2" in problems_of(tmp_path)["malformed-labels"].text


def test_sounds_that_cannot_be_read_or_have_an_odd_length(tmp_path: Path) -> None:
    usual(tmp_path)
    folder = tmp_path / "test_soundscapes"
    write_sound(folder / "odd.ogg", 61.0)
    write_sound(folder / "minute.ogg", 60.0)
    whole = (folder / "minute.ogg").read_bytes()
    (folder / "cut.ogg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.ogg").touch()
    (tmp_path / "train_audio" / "a" / "1.ogg").write_text("not a sound")
    found = find_problems(Catalog.open(tmp_path), durations=True)
    kinds = {(one.kind, one.subject) for one in found}
    assert ("unreadable-file", "train_audio/a/1.ogg") in kinds
    assert ("unreadable-file", "test_soundscapes/empty.ogg") in kinds
    assert ("cut-off-file", "test_soundscapes/cut.ogg") in kinds
    assert ("odd-length", "test_soundscapes/odd.ogg") in kinds
    assert not any(one.subject.endswith("minute.ogg") for one in found)
    assert [one.severity for one in found] == sorted(one.severity for one in found)


def test_soundscapes_of_one_stem_clash(tmp_path: Path) -> None:
    usual(tmp_path)
    for name in ("x.ogg", "x.wav"):
        (tmp_path / "test_soundscapes").mkdir(exist_ok=True)
        (tmp_path / "test_soundscapes" / name).touch()
    assert problems_of(tmp_path)["duplicate-stem"].subject == "test_soundscapes/x"


def test_progress_and_stop(tiny_dataset: Path) -> None:
    catalog = Catalog.open(tiny_dataset)
    events: list[Event] = []
    find_problems(catalog, durations=True, emit=events.append)
    assert (events[-1].done, events[-1].total) == (31, 31)
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        find_problems(catalog, durations=True, stop=stop)


def scanned(*words: str) -> int:
    parser = ArgumentParser()
    scan.add_arguments(parser)
    return scan.run(parser.parse_args([*words, "--quiet"]))


def test_the_command_prints_json(tiny_dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scanned("--data", str(tiny_dataset), "--json", "--durations") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["splits"]["train_audio"]["recordings"] == 24
    assert result["splits"]["test_soundscapes"]["seconds"] == 40.0
    assert sum(one["recordings"] for one in result["species"]) == 24
    assert result["classes"]["Aves"]["species"] == 8
    assert {one["kind"] for one in result["problems"]} <= {"odd-length", "no-positive-window"}


def test_the_command_fails_on_errors_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual(tmp_path, *(row("ghost", str(n)) for n in range(3)))
    assert scanned("--data", str(tmp_path)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 errors, 0 notes"
    assert "species\tghost\t\t\t3 recordings" in lines
    usual(tmp_path)
    assert scanned("--data", str(tmp_path), "--quick") == 0
    with pytest.raises(UsageError):
        scanned("--data", str(tmp_path), "--quick", "--durations")


@pytest.mark.real
def test_the_real_datasets_have_only_true_findings(calfrog32: Path, esc10clef: Path) -> None:
    """The four frogs without a positive window are so on purpose, says their README."""
    found = find_problems(Catalog.open(calfrog32), durations=True)
    assert {one.kind for one in found} == {"no-positive-window"}
    assert {one.subject for one in found} == {"1668858", "1668962", "24261", "66012"}
    assert find_problems(Catalog.open(esc10clef), durations=True) == []
