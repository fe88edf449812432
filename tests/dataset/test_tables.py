from __future__ import annotations

from pathlib import Path

import pytest

from birdscope.core.errors import DatasetError
from birdscope.dataset.tables import read_header, read_table


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfprimary_label,x\n1,2\n")
    assert read_table(path).header == ("primary_label", "x")
    assert read_header(path) == ("primary_label", "x")


def test_line_breaks_in_quotes_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\r\n1,"two\nlines"\r\n\r\n3,4\r\n', newline="")
    assert read_table(path).rows == [["1", "two\nlines"], ["3", "4"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no header"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells"),
        (b"a,b\n1,2\n1\n", "line 3 has 1 cells"),
        (b'a,b\n1,"2\n', "not valid CSV at line 2"),
        (b"a,b\n1,2\n\xff,2\n", "byte 0xff in line 3"),
    ],
)
def test_damage_names_file_line_and_remedy(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=words) as caught:
        read_table(path)
    assert caught.value.path == path
    assert caught.value.remedy


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("file_name\nx\n")
    with pytest.raises(DatasetError, match="did you mean 'file_name'"):
        read_table(path).column("filename")
