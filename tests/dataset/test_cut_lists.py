from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from birdscope.core.errors import DatasetError
from birdscope.dataset.cut_lists import (
    ChangedMeanwhileError,
    Cut,
    CutList,
    Kept,
    cuts_folder,
    joined,
    load_cuts,
    merged,
    read_cuts,
    write_cuts,
)

A, B = "train_audio/a/1.ogg", "train_audio/b, odd/2.ogg"
CUTS = (
    Cut(A, 1.0, 2.5, "speech", 0.91),
    Cut(A, 2.0, 3.0, "speech", 0.7, "accepted"),
    Cut(A, 3.0, 3.5, "clipping", 0.2, "accepted"),
    Cut(B, 0.0, 30.0, "duplicate", 1.0, "rejected", note="same sound as x.ogg"),
)


def test_a_list_is_written_and_read_back(tmp_path: Path) -> None:
    write_cuts(tmp_path, reversed(CUTS))
    assert read_cuts(tmp_path) == CUTS


def test_only_accepted_cuts_are_applied_unless_asked(tmp_path: Path) -> None:
    write_cuts(tmp_path, CUTS)
    assert load_cuts(tmp_path) == {A: ((2.0, 3.5),)}
    assert load_cuts(tmp_path, proposed=True) == {A: ((1.0, 3.5),)}
    assert load_cuts(tmp_path, reasons=["speech"]) == {A: ((2.0, 3.0),)}
    assert load_cuts(tmp_path / "nowhere") == {}


def test_the_folder_is_beside_the_dataset_or_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BIRDSCOPE_CUTS", raising=False)
    assert cuts_folder(tmp_path / "data") == tmp_path.resolve() / "data-cuts"
    monkeypatch.setenv("BIRDSCOPE_CUTS", str(tmp_path / "mine"))
    assert cuts_folder(tmp_path / "data") == tmp_path / "mine" / "data-cuts"


def test_decisions_are_saved_at_once_and_undone(tmp_path: Path) -> None:
    write_cuts(tmp_path, CUTS)
    cuts = CutList(tmp_path)
    assert cuts.undo() is None
    cuts.decide(0, "accepted")
    cuts.decide(0, "rejected")
    assert read_cuts(tmp_path)[0].decision == "rejected"
    assert cuts.undo() == 0
    assert read_cuts(tmp_path)[0].decision == "accepted"
    assert cuts.undo() == 0
    assert read_cuts(tmp_path) == CUTS


def test_what_cannot_be_saved_is_not_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cuts(tmp_path, CUTS)
    cuts = CutList(tmp_path)

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("birdscope.dataset.cut_lists.write_text", full)
    with pytest.raises(DatasetError, match="can't be written: No space"):
        cuts.decide(0, "accepted")
    assert cuts.cuts[0].decision == "proposed"
    assert cuts.undo() is None


def test_a_list_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    write_cuts(tmp_path, CUTS)
    cuts = CutList(tmp_path)
    write_cuts(tmp_path, CUTS[1:])
    with pytest.raises(ChangedMeanwhileError, match="meanwhile"):
        cuts.decide(0, "accepted")
    assert read_cuts(tmp_path) == CUTS[1:]


def test_new_proposals_keep_decisions_and_replace_the_undecided() -> None:
    again = [Cut(A, 0.5, 2.8, "speech", 0.8), Cut(A, 5.0, 6.0, "speech", 0.8)]
    assert merged(again, CUTS) == (CUTS[1], CUTS[2], again[1], CUTS[3])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.000,2.500", "1.000,0.500", "start_s, end_s"),
        ("speech,0.910", "talk,0.910", "'talk' is none of speech"),
        ("0.910,proposed", "0.910,maybe", "'maybe' is none of proposed"),
        ("recording,", "file,", "no column 'recording'"),
    ],
)
def test_a_damaged_list_is_refused_with_its_line(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    write_cuts(tmp_path, CUTS)
    path = tmp_path / "cuts.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DatasetError, match=message):
        read_cuts(tmp_path)


seconds = st.floats(0, 12, allow_nan=False)


@given(
    st.integers(0, 100),
    st.lists(st.tuples(seconds, seconds), max_size=5),
    st.integers(0, 110),
    st.integers(0, 60),
)
def test_kept_time_equals_deleting_the_samples(
    samples: int, drawn: list[tuple[float, float]], start: int, length: int
) -> None:
    spans = joined((min(one), max(one)) for one in drawn)
    left = np.ones(samples, bool)
    for begin, end in spans:
        left[round(begin * 10) : round(end * 10)] = False
    places = np.flatnonzero(left)
    kept = Kept(samples, spans, 10)
    assert kept.samples == len(places)
    found = [at for begin, end in kept.pieces(start, length) for at in range(begin, end)]
    assert found == places[start : start + length].tolist()
