import numpy as np
import pytest

from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.engine.waveforms import BLOCK_WINDOWS, Waveforms

WINDOW = WINDOW_S * SAMPLE_RATE_HZ


class Recorder:
    """A decoder that says what it was asked; samples hold the number of their window."""

    def __init__(self):
        self.asked = []

    def __call__(self, path, start_s, duration_s):
        self.asked.append((start_s, duration_s))
        first, count = int(start_s // WINDOW_S), int(duration_s // WINDOW_S)
        return np.repeat(np.arange(first, first + count, dtype=np.float32), WINDOW)


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "a.wav"
    made.write_bytes(b"x")
    return made


def test_a_minute_is_decoded_once(path):
    decode = Recorder()
    waveforms = Waveforms(decode)
    for index in (3, 4, 0):
        waveform, local, count = waveforms.around(path, index, 12)
        assert (local, count) == (index, 12)
        assert waveform[local * WINDOW] == index
    assert decode.asked == [(0, 65)], "the sound past the last window is its context"


def test_a_long_recording_is_decoded_by_blocks_with_context(path):
    decode = Recorder()
    waveforms = Waveforms(decode)
    for index in (0, BLOCK_WINDOWS - 1, BLOCK_WINDOWS, 2159):
        waveform, local, count = waveforms.around(path, index, 2160)
        assert waveform[local * WINDOW] == index
        assert local + 1 < count or index == 2159, "there is sound after it for the context"
    assert len(decode.asked) == 3
    assert max(duration_s for _, duration_s in decode.asked) <= 155


def test_the_least_used_is_forgotten_and_a_new_file_is_read_again(path):
    decode = Recorder()
    waveforms = Waveforms(decode, kept_bytes=40 * WINDOW * 4)
    waveforms.around(path, 0, 500)
    waveforms.around(path, 100, 500)
    waveforms.around(path, 0, 500)
    assert len(decode.asked) == 3
    path.write_bytes(b"another file")
    waveforms.around(path, 0, 500)
    assert len(decode.asked) == 4
