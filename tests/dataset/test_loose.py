from __future__ import annotations

from pathlib import Path

import pytest

from birdscope.core.errors import DatasetError
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.loose import recording_of


def test_files_of_one_name_are_two_recordings(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.wav").touch()
    first, second = (recording_of(tmp_path / one / "x.wav", None) for one in "ab")
    assert first.key != second.key
    assert first.name == second.name == "x.wav"
    assert first.path == (tmp_path / "a" / "x.wav").resolve()
    assert recording_of(tmp_path / "b" / ".." / "a" / "x.wav", None) == first


def test_a_datasets_own_file_keeps_its_key(tiny_dataset: Path) -> None:
    catalog = Catalog.open(tiny_dataset)
    known = catalog.soundscapes("train_soundscapes")[0]
    assert recording_of(known.path, catalog) == known


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such sound file"):
        recording_of(tmp_path / "nowhere.wav", None)
