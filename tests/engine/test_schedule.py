from hypothesis import given
from hypothesis import strategies as st

from birdscope.engine.live import context_span, window_at
from birdscope.engine.schedule import PAGE_WINDOWS, nearby_order, window_order
from birdscope.engine.waveforms import MARGIN_WINDOWS, block_bounds

recordings = st.integers(1, 60).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(-3, n + 3), st.sets(st.integers(0, n - 1)))
)


def test_playhead_first_then_on_then_round():
    assert window_order(12, 8) == (8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7)
    assert window_order(5, 3, {3, 0}) == (4, 1, 2)
    assert window_order(0, 0) == ()


@given(recordings)
def test_every_missing_window_is_asked_once(case):
    n_windows, at, done = case
    order = window_order(n_windows, at, done)
    assert sorted(order) == sorted(set(range(n_windows)) - done)
    clipped = min(max(at, 0), n_windows - 1)
    ahead = [(index - clipped) % n_windows for index in order]
    assert ahead == sorted(ahead)


def test_long_recordings_stay_near_the_playhead():
    order = nearby_order(2160, 100)
    assert order[0] == 100
    assert set(order) == set(range(96, 124))
    assert nearby_order(2160, 2159)[0] == 2159
    assert max(nearby_order(2160, 2150)) == 2159


@given(recordings)
def test_nearby_is_a_part_of_all(case):
    n_windows, at, done = case
    nearby = nearby_order(n_windows, at, done)
    assert set(nearby) <= set(window_order(n_windows, at, done))
    assert len(nearby) <= 3 * PAGE_WINDOWS


@given(st.integers(1, 3000), st.data())
def test_a_block_holds_the_window_and_its_context(n_windows, data):
    index = data.draw(st.integers(0, n_windows - 1))
    first, last = block_bounds(index, n_windows)
    assert max(0, index - MARGIN_WINDOWS) >= first
    assert min(n_windows, index + 1 + MARGIN_WINDOWS) <= last
    assert 0 <= first < last <= n_windows


def test_times_and_windows():
    assert window_at(-1, 12) == 0
    assert window_at(59.99, 12) == 11
    assert window_at(61, 12) == 11
    assert context_span(0, 60) == (0, 7)
    assert context_span(5, 60) == (23, 32)
    assert context_span(11, 60) == (53, 60)
