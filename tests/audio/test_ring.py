from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from birdscope.audio.ring import Ring


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60))
def test_frames_come_out_in_order_whatever_the_sizes(steps: list[tuple[bool, int]]) -> None:
    ring = Ring(32, 2)
    sent = received = 0
    for writes, count in steps:
        if writes:
            block = np.arange(sent, sent + count, dtype=np.float32)[:, None].repeat(2, axis=1)
            sent += ring.write(block)
        else:
            out = np.full((count, 2), -1.0, np.float32)
            got = ring.read_into(out)
            assert np.array_equal(out[:got, 1], np.arange(received, received + got))
            received += got
        assert 0 <= ring.available <= 32
        assert ring.available == sent - received


def test_latest_keeps_the_newest() -> None:
    ring = Ring(10, 1)
    for first in range(0, 35, 7):
        ring.overwrite(np.arange(first, first + 7, dtype=np.float32)[:, None])
    assert ring.latest(4)[:, 0].tolist() == [31, 32, 33, 34]
    assert ring.latest(99)[:, 0].tolist() == list(range(25, 35))
    ring.overwrite(np.arange(100, 130, dtype=np.float32)[:, None])
    assert ring.latest(10)[:, 0].tolist() == list(range(120, 130))


def test_two_threads_share_it() -> None:
    ring, total = Ring(997, 1), 40_000
    received: list[float] = []

    def drain() -> None:
        out = np.zeros((313, 1), np.float32)
        while len(received) < total:
            received.extend(out[: ring.read_into(out), 0].tolist())

    thread = threading.Thread(target=drain)
    thread.start()
    numbers = np.arange(total, dtype=np.float32)[:, None]
    sent = 0
    while sent < total:
        sent += ring.write(numbers[sent : sent + 401])
    thread.join(60)
    assert received == numbers[:, 0].tolist()
