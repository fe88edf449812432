from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from birdscope.audio.live_tape import WINDOW_SAMPLES, LivePictures, LiveTape
from birdscope.audio.spectrogram import SpectrogramSettings, display_spectrogram
from tests.audio.conftest import noise, tone

LOOK = SpectrogramSettings()


@given(st.lists(st.integers(0, 90_000), max_size=8), st.integers(0, 5))
@settings(deadline=None)
def test_samples_keep_their_numbers_whatever_the_blocks(sizes: list[int], first: int) -> None:
    tape, sound = LiveTape(2.0, first), np.arange(sum(sizes), dtype=np.float32) + 1
    at = 0
    for size in sizes:
        tape.write(sound[at : at + size])
        at += size
    assert tape.end == first + at
    assert tape.begin == first + max(0, at - 64_000)
    begin = max(tape.end - 100, 0)
    expected = np.concatenate([np.zeros(first, np.float32), sound])[begin : tape.end]
    expected[: max(0, tape.begin - begin)] = 0
    assert np.array_equal(tape.between(begin, tape.end), expected)


def test_what_is_forgotten_or_to_come_is_silence() -> None:
    tape = LiveTape(1.0)
    tape.write(np.ones(40_000, np.float32))
    assert tape.between(7_000, 9_000).tolist() == [0.0] * 1_000 + [1.0] * 1_000
    assert tape.between(39_000, 41_000).sum() == 1_000
    assert len(tape.between(5, 5)) == 0


def test_silence_fills_a_window_that_can_not_be_completed() -> None:
    tape = LiveTape(20.0)
    tape.write(np.ones(WINDOW_SAMPLES + 10, np.float32))
    assert tape.fill_window() == 2
    assert tape.end == 2 * WINDOW_SAMPLES
    assert tape.fill_window() == 2
    assert tape.between(WINDOW_SAMPLES, tape.end).sum() == 10


def test_columns_drawn_one_by_one_are_those_of_the_whole() -> None:
    sound = noise(12.0)
    whole = display_spectrogram(sound, 32_000, columns=24, rows=40)
    tape = LiveTape(30.0)
    pictures = LivePictures(tape)
    for begin in range(0, len(sound), 5_000):
        tape.write(sound[begin : begin + 5_000])
        pictures.columns(0, 24, 0.5, 40, LOOK)
    drawn = pictures.columns(0, 24, 0.5, 40, LOOK)
    # a column is drawn when its last sample is there: its last frame ends in silence
    assert np.percentile(np.abs(drawn - whole), 99) < 1.5
    assert np.array_equal(drawn[:, :1] > -99, whole[:, :1] > -99)


def test_a_tone_stands_where_it_sounded_and_nowhere_else() -> None:
    tape = LiveTape(30.0)
    pictures = LivePictures(tape)
    tape.write(np.concatenate([np.zeros(64_000, np.float32), tone(4000, 2.0)]))
    cells = pictures.columns(0, 12, 0.5, 32, LOOK)
    assert np.isnan(cells[:, 8:]).all(), "the future is not known"
    assert not np.isnan(cells[:, :8]).any()
    loudest = int(cells[:, 6].argmax())
    assert abs(LOOK.axis(32).row_to_hz(loudest + 0.5) - 4000) < 400
    assert cells[loudest, 6] > -10
    assert cells[:, :3].max() < -90


def test_forgotten_columns_and_another_look() -> None:
    tape = LiveTape(5.0)
    pictures = LivePictures(tape)
    tape.write(noise(20.0))
    cells = pictures.columns(0, 40, 0.5, 16, LOOK)
    assert np.isnan(cells[:, :30]).all()
    assert not np.isnan(cells[:, 30:]).any()
    other = pictures.columns(30, 10, 0.5, 20, SpectrogramSettings(scale="linear"))
    assert other.shape == (20, 10)
    assert not np.isnan(other).any()
