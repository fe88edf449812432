"""`birdscope verdicts`: list, export, import, calibrate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from birdscope.cli import main
from birdscope.core.verdicts import Verdict
from birdscope.dataset.catalog import Catalog
from birdscope.session.folders import create_session
from birdscope.session.session import Session
from birdscope.session.verdicts import Verdicts, now


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path))
    monkeypatch.setenv("BIRDSCOPE_ANNOTATOR", "ada")
    return tmp_path


@pytest.fixture
def session(home: Path, tiny_dataset: Path) -> Path:
    return create_session(home / "sessions", "default", dataset=str(tiny_dataset))


@pytest.fixture
def catalog(tiny_dataset: Path) -> Catalog:
    return Catalog.open(tiny_dataset)


def judge(session: Path, catalog: Catalog, answers: str, label: str = "") -> None:
    """A verdict for each letter, window after window of the soundscapes (four each)."""
    keys = [one.key for one in catalog.soundscapes()]
    kept = Verdicts.open(session)
    for place, letter in enumerate(answers):
        index = place % 4
        answer = {"y": "yes", "n": "no", "m": "maybe"}[letter]
        kept.put(
            Verdict(
                keys[place // 4],
                index,
                index * 5.0,
                index * 5.0 + 5,
                label or catalog.taxonomy.labels[1],
                answer,
                "ada",
                now(),
            )
        )
    kept.close()


def as_json(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_list_counts_by_species_and_answer(session, catalog, capsys):
    assert main(["verdicts"]) == 0
    assert "no verdicts" in capsys.readouterr().out
    judge(session, catalog, "yynm")
    judge(session, catalog, "nnnnn", catalog.taxonomy.labels[2])
    assert main(["verdicts", "list", "--json"]) == 0
    found = as_json(capsys)
    labels = catalog.taxonomy.labels
    assert found["counts"][labels[1]] == {"yes": 2, "no": 1, "maybe": 1, "correct": 0}
    assert len(found["verdicts"]) == 9
    assert main(["verdicts", "list", "--species", labels[2]]) == 0
    text = capsys.readouterr().out
    assert labels[2] in text
    assert labels[1] not in text


@pytest.mark.parametrize(("form", "files"), [("csv", 1), ("raven", 2), ("audacity", 2)])
def test_export_and_import_into_another_session(session, catalog, home, capsys, form, files):
    judge(session, catalog, "ynymnn")
    out = home / "out"
    assert main(["verdicts", "export", "--format", form, "--out", str(out), "--json"]) == 0
    written = as_json(capsys)
    assert (written["verdicts"], len(written["files"])) == (6, files)
    other = create_session(home / "sessions", "other", dataset=str(catalog.root))
    assert main(["verdicts", "import", "--session", "other", *written["files"]]) == 0
    said = capsys.readouterr().out
    assert "taken over as" in said
    first, second = Verdicts.open(session, read_only=True), Verdicts.open(other, read_only=True)
    assert {(one.window, one.label, one.answer, one.annotator) for one in first.all()} == {
        (one.window, one.label, one.answer, one.annotator) for one in second.all()
    }
    assert main(["verdicts", "import", "--session", "other", *written["files"], "--json"]) == 0
    again = as_json(capsys)["files"]
    assert sum(one["already"] for one in again) == 6
    assert len(second.all()) == 6


def test_import_names_what_it_leaves_out_and_a_dry_run_keeps_nothing(
    session, catalog, home, capsys
):
    label = catalog.taxonomy.labels[1]
    key = catalog.soundscapes()[0].key
    path = home / "mine.csv"
    path.write_text(
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
        f"0,3,{catalog.taxonomy.get(label).scientific_name},x,0.9,{key}\n"
        f"0,3,Homo sapiens,Human,0.9,{key}\n"
        f"0,3,{label},{label},0.9,elsewhere.wav\n"
        f"x,3,{label},{label},0.9,{key}\n"
    )
    assert main(["verdicts", "import", str(path), "--dry-run"]) == 0
    text = capsys.readouterr().out
    for words in ("BirdNET-Analyzer CSV, 4 rows", "Homo sapiens", "elsewhere.wav", "line 5"):
        assert words in text
    assert "1 rows would be taken over as 1 verdicts (as 'maybe'" in text
    assert Verdicts.open(session, read_only=True).all() == []
    assert main(["verdicts", "import", str(path), "--answer", "yes", "--annotator", "BirdNET"]) == 0
    ((one),) = Verdicts.open(session, read_only=True).all()
    assert (one.answer, one.annotator, one.origin) == ("yes", "BirdNET", "mine.csv")


def test_import_works_while_the_session_is_open(session, catalog, home, capsys):
    judge(session, catalog, "yn")
    out = home / "out"
    main(["verdicts", "export", "--out", str(out)])
    create_session(home / "sessions", "other", dataset=str(catalog.root))
    held = Session.open(home / "sessions", "other")
    kept = Verdicts.open(held.folder)
    capsys.readouterr()
    assert main(["verdicts", "import", "--session", "other", str(out / "verdicts.csv")]) == 0
    assert len(kept.all()) == 2, "the open one sees them"
    kept.close()
    held.close()


def test_calibrate_says_what_is_missing_and_then_the_thresholds(
    session, catalog, tiny_scores, capsys
):
    judge(session, catalog, "yyyn")
    arguments = ["verdicts", "calibrate", "--scores", str(tiny_scores)]
    assert main(arguments) == 0
    assert "not enough verdicts: 7 more yes and 9 more no" in capsys.readouterr().out
    judge(session, catalog, "nynynynynynynynynyny"[: 4 * len(catalog.soundscapes())])
    assert main([*arguments, "--json"]) == 0
    (one,) = as_json(capsys)["species"]
    assert (one["yes"], one["no"]) == (10, 10)
    assert one["precision"][-1]["k"] == 20
    assert len(one["thresholds"]) == 3 or "not more often right" in one["reason"]
    assert main(arguments) == 0
    assert "precision@20 0.50" in capsys.readouterr().out


def test_a_session_without_dataset_and_one_that_is_not_there(home, capsys):
    create_session(home / "sessions", "empty")
    path = home / "a.csv"
    path.write_text("start,end,label\n0,5,x\n")
    assert main(["verdicts", "import", "--session", "empty", str(path)]) == 2
    assert "--data" in capsys.readouterr().err
    assert main(["verdicts", "--session", "emty"]) == 2
    assert "did you mean 'empty'" in capsys.readouterr().err
