from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest

from birdscope.core.pages import let_go


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc/self/maps")
def test_a_mapped_file_is_still_readable(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"bird" * 40_000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:4] == b"bird"
        assert let_go(path) >= 160_000
        assert mapped[-4:] == b"bird"


def test_a_file_that_is_not_mapped_is_nothing(tmp_path: Path) -> None:
    assert let_go(tmp_path / "gone") == 0


def test_what_was_written_into_a_mapping_stays(tmp_path: Path) -> None:
    path = tmp_path / "written.bin"
    path.write_bytes(b"bird" * 2_000)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[:4] = b"frog"
        assert let_go(path) == 0
        assert mapped[:4] == b"frog"
