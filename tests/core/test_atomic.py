from __future__ import annotations

import stat
from pathlib import Path

import pytest

from birdscope.core.atomic import replacing, write_text


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "submission.csv"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["submission.csv"]


def test_a_written_file_has_ordinary_permissions(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "text")
    assert path.read_text() == "text"
    assert stat.S_IMODE(path.stat().st_mode) & 0o400
