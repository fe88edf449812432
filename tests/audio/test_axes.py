from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birdscope.audio.axes import FrequencyAxis, Scale, TimeAxis

SCALES: list[Scale] = ["mel", "linear", "log"]


@pytest.mark.parametrize("scale", SCALES)
@given(row=st.floats(0, 60))
def test_rows_and_hertz_are_inverse(scale: Scale, row: float) -> None:
    axis = FrequencyAxis(60, 50.0, 16_000.0, scale)
    assert axis.hz_to_row(axis.row_to_hz(row)) == pytest.approx(row, abs=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_the_top_row_is_the_highest(scale: Scale) -> None:
    axis = FrequencyAxis(40, 100.0, 8000.0, scale)
    assert axis.row_to_hz(0) == pytest.approx(8000)
    assert axis.row_to_hz(40) == pytest.approx(100)
    edges = axis.edges_hz()
    assert edges == sorted(edges)
    assert len(edges) == 41


def test_the_mel_scale_is_that_of_htk() -> None:
    axis = FrequencyAxis(100, 0.0, 8000.0, "mel")
    # 2595 log10(1 + f/700): 1000 Hz is 999.99 mel of 2840.02
    assert axis.hz_to_row(1000.0) == pytest.approx(100 * (1 - 999.99 / 2840.02), abs=0.01)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("rows", [5, 12, 30, 90])
def test_frequency_ticks_are_apart_and_in_place(scale: Scale, rows: int) -> None:
    axis = FrequencyAxis(rows, 40.0, 16_000.0, scale)
    ticks = axis.ticks(min_gap=3)
    assert ticks
    cells = [tick.cell for tick in ticks]
    assert all(below - above >= 3 for above, below in pairwise(cells))
    for tick in ticks:
        assert tick.cell == min(int(axis.hz_to_row(tick.value)), rows - 1)
    assert len(ticks) >= min(3, rows // 6)


def test_frequency_labels_read_well() -> None:
    labels = [tick.label for tick in FrequencyAxis(40).ticks()]
    assert labels[0] == "16 kHz"
    assert "1 kHz" in labels


@pytest.mark.parametrize("span", [(0.0, 60.0), (0.0, 10_800.0), (3.2, 4.0), (59.97, 60.03), (7, 9)])
@pytest.mark.parametrize("columns", [20, 80, 300])
def test_time_ticks_are_round_and_apart(span: tuple[float, float], columns: int) -> None:
    axis = TimeAxis(columns, *span)
    ticks = axis.ticks(min_gap=10)
    cells = [tick.cell for tick in ticks]
    assert all(right - left >= 9 for left, right in pairwise(cells))
    assert all(0 <= cell < columns for cell in cells)
    assert len({tick.label for tick in ticks}) == len(ticks)
    for tick in ticks:
        assert axis.column_to_s(tick.cell) <= tick.value + 1e-6
        assert tick.value - axis.column_to_s(tick.cell) < (span[1] - span[0]) / columns + 1e-6


def test_a_minute_is_marked_every_five_seconds() -> None:
    ticks = TimeAxis(160, 0.0, 60.0).ticks()
    assert [tick.label for tick in ticks[:3]] == ["0:00", "0:05", "0:10"]
    assert TimeAxis(160, 0.0, 60.0).s_to_column(30.0) == 80.0


def test_impossible_axes_are_refused() -> None:
    with pytest.raises(ValueError, match="frequency"):
        FrequencyAxis(0)
    with pytest.raises(ValueError, match="frequency"):
        FrequencyAxis(10, 500.0, 400.0)
    with pytest.raises(ValueError, match="time"):
        TimeAxis(10, 3.0, 3.0)
