from __future__ import annotations

import pytest

from birdscope.core import units


@pytest.mark.parametrize(
    ("seconds", "tenths", "text"),
    [
        (0, False, "0:00"),
        (67.43, True, "1:07.4"),
        (59.96, True, "1:00.0"),
        (3661, False, "1:01:01"),
        (-1, False, "0:00"),
    ],
)
def test_clock(seconds: float, tenths: bool, text: str) -> None:
    assert units.clock(seconds, tenths=tenths) == text


def test_hertz_and_sizes_carry_their_units() -> None:
    assert units.hertz(850) == "850 Hz"
    assert units.hertz(3210) == "3.21 kHz"
    assert units.size(999) == "999 B"
    assert units.size(1_500_000) == "1.5 MB"
    assert units.duration(7500) == "2 h 5 min"


@pytest.mark.parametrize(("text", "seconds"), [("00:01:05", 65), ("2:30", 150), ("7.5", 7.5)])
def test_clock_texts_are_read(text: str, seconds: float) -> None:
    assert units.parse_clock(text) == seconds


@pytest.mark.parametrize("text", ["", "a", "1:2:3:4", "-5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        units.parse_clock(text)
