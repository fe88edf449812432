from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birdscope.core.windows import row_id, stem_of, window_count, windows_of


@pytest.mark.parametrize(
    ("duration_s", "count"), [(59.9, 12), (60.0, 12), (61.0, 12), (62.5, 13), (3.0, 1), (0.0, 1)]
)
def test_window_count_matches_the_public_arithmetic(duration_s: float, count: int) -> None:
    assert window_count(duration_s) == count


@given(st.integers(1, 3000))
def test_whole_multiples_of_five_seconds_have_one_window_each(windows: int) -> None:
    assert window_count(5.0 * windows) == windows


def test_rows_are_named_after_stem_and_end_second() -> None:
    windows = windows_of("test_soundscapes/H02_20230504_050000.ogg", 60.0)
    assert windows[0].row_id == "H02_20230504_050000_5"
    assert windows[-1].row_id == row_id("H02_20230504_050000", 11) == "H02_20230504_050000_60"
    assert windows[3].start_s == 15 and windows[3].end_s == 20


def test_stem_keeps_inner_dots() -> None:
    assert stem_of("a/b.c.ogg") == "b.c"
    assert stem_of("plain") == "plain"
