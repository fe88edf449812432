"""The time guard under a clock that only moves when the fake nets work."""

import numpy as np
import pytest

from birdscope.core.errors import UsageError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.inference import decoding
from birdscope.inference.decoding import plan_rows
from birdscope.inference.runner import predict_recordings
from birdscope.inference.store import ScoresMeta, ScoresStore
from birdscope.inference.time_guard import TimeGuard, reserve_s
from tests.inference.fakes import recording, tone

CHECKPOINTS = tuple(
    ScoredCheckpoint(f"{member}/{name}", member)
    for member, name in (("big", "a"), ("small", "a"), ("small", "b"))
)
WEIGHTS = {"big": 0.75, "small": 0.25}
# Seconds per 5 s window; big has 0.75 of the blend for 4 s, each small 0.125 for 1 s.
COST_S = (4.0, 1.0, 1.0)
MEL_S = 0.5


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


class SlowPredictor:
    """Every checkpoint's value is its number; work costs seconds of the clock."""

    checkpoints = CHECKPOINTS

    def __init__(self, clock, cost_s=COST_S, speed=lambda recording: 1.0):
        self.clock, self.cost_s, self.speed = clock, cost_s, speed
        self.recordings = 0

    def predict(self, waveform, n_windows, *, watch=None):
        block = np.full((3, n_windows, 2), np.nan, np.float32)
        slower = self.speed(self.recordings)
        self.recordings += 1
        for window in range(n_windows):
            self.clock.now_s += MEL_S * slower
            if watch is not None:
                watch.lap(None)
            for layer, cost_s in enumerate(self.cost_s):
                if watch is None or watch.wants(layer):
                    self.clock.now_s += cost_s * slower
                    block[layer, window] = layer
                    if watch is not None:
                        watch.lap(layer)
        return block


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audio")
    return [recording(folder / f"{n:02d}.ogg", tone(10, seed=n)) for n in range(20)]


@pytest.fixture
def run(tmp_path, recordings):
    """Predict the 20 recordings of 2 windows under a limit: report, store, events, predictor."""
    meta = ScoresMeta(("x", "y"), CHECKPOINTS, WEIGHTS, fingerprints={"dataset": "d"})

    def run(limit_s, *, folder="scores", cost_s=COST_S, speed=lambda recording: 1.0, **more):
        clock, events = Clock(), []
        keys = [one.key for one in recordings]
        guard = None
        if limit_s is not None:
            guard = TimeGuard(
                CHECKPOINTS, WEIGHTS, limit_s, clock=clock, emit=events.append, **more
            )
        predictor = SlowPredictor(clock, cost_s, speed)
        with ScoresStore.open_or_resume(
            tmp_path / folder, meta, keys, lambda: plan_rows(recordings)
        ) as store:
            report = predict_recordings(
                predictor, recordings, store, emit=events.append, guard=guard
            )
        warnings = [event for event in events if event.kind == "warning"]
        return report, ScoresStore.open(tmp_path / folder), warnings, predictor

    return run


def predicted(store):
    """Which checkpoint predicted which recording, bool [K, N]."""
    values = store.scores().values
    return np.stack([np.isfinite(values[:, span]).all((1, 2)) for span in spans(store)], axis=1)


def spans(store):
    return [store.rows.span(key) for key in store.rows.recordings]


# One recording takes 2 · (0.5 + 4 + 1 + 1) = 13 s, twenty 260 s.
def test_with_enough_time_nothing_is_left_out_and_scores_are_the_same(run):
    report, store, warnings, _ = run(300.0)
    _, free, _, _ = run(None, folder="free")
    assert predicted(store).all() and not warnings
    np.testing.assert_array_equal(store.scores().values, free.scores().values)
    assert not report.guard.drops and report.guard.used_s == pytest.approx(260.0)
    assert "nothing was left out" in report.guard.lines(20)[-1]


def test_speeds_are_measured_per_checkpoint_for_a_minute_of_sound(run):
    guard = run(300.0)[0].guard
    seconds = {"big/a": 48.0, "small/a": 12.0, "small/b": 12.0}
    assert guard.seconds == pytest.approx(seconds) and guard.other_s == pytest.approx(6.0)


def test_the_least_weight_per_second_goes_first_and_the_limit_is_kept(run):
    """small: 0.125 per s; big: 0.1875 per s; of equal ones the last goes first."""
    report, store, warnings, predictor = run(235.0)
    there = predicted(store)
    assert report.guard.order == ("small/b", "small/a", "big/a")
    assert [drop.checkpoint for drop in report.guard.drops] == ["small/b"]
    after = report.guard.drops[0].after
    assert there[:2].all() and there[2, :after].all() and not there[2, after:].any()
    assert report.guard.used_s <= 235 and not report.skipped
    assert predictor.recordings == 20
    (warning,) = warnings
    assert warning.data["left_out"] == "small/b" and "limit is 3 min 55 s" in warning.message
    assert f"from recording {after + 1} of 20" in "\n".join(report.guard.lines(20))


def test_what_was_left_out_is_kept_with_the_recording(run):
    report, store, _, _ = run(235.0)
    late = [key for key in store.rows.recordings if store.marks[key].left_out]
    assert report.out_of_time == tuple(late) and 0 < len(late) < 20
    assert {store.marks[key].left_out for key in late} == {("small/b",)}
    assert store.done == set(store.rows.recordings) - set(late) and not store.complete
    assert {mark.status for mark in report.marks} == {"ok"}


def test_a_stated_order_comes_first(run):
    report, store, _, _ = run(200.0, order=["big"])
    assert report.guard.order[0] == "big/a"
    assert [drop.checkpoint for drop in report.guard.drops] == ["big/a"]
    assert predicted(store)[1:].all()


def test_an_unknown_name_in_the_order_is_refused(run):
    with pytest.raises(UsageError, match=r"'smal'.*did you mean 'small'"):
        run(200.0, order=["smal"])


def test_one_checkpoint_always_stays_and_the_rest_is_skipped_in_time(run):
    report, store, warnings, _ = run(60.0)
    there = predicted(store)
    assert [drop.checkpoint for drop in report.guard.drops] == ["small/b", "small/a"]
    assert there.any(axis=0).sum() == 20 - len(report.skipped) > 3
    assert report.guard.used_s <= 60.0
    assert warnings[-1].data == {"too_slow": "big/a"}
    assert set(report.skipped) <= set(report.out_of_time)
    assert not set(report.skipped) & set(store.marks)


def test_no_time_at_all_runs_no_model(run):
    report, store, _, predictor = run(0.0)
    assert predictor.recordings == 0 and len(report.skipped) == 20
    assert np.isnan(store.scores().values).all()


def test_the_reserve_is_kept_for_what_comes_after(run):
    assert run(300.0, reserve_s=200.0)[0].guard.used_s <= 100.0
    assert 5 < reserve_s(8400) < 30


def test_a_recording_in_work_at_the_limit_is_cut_between_batches(run):
    """The first recording shows the speed, and it alone takes longer than there is."""
    report, store, _, _ = run(9.0)
    first = store.rows.span(store.rows.recordings[0])
    values = store.scores().values[:, first]
    assert np.isfinite(values[:, 0]).all() and np.isnan(values[2, 1]).all()
    assert store.marks[store.rows.recordings[0]].left_out
    assert report.guard.used_s <= 9.0 + max(COST_S) + MEL_S and len(report.skipped) == 19


def test_a_slow_down_in_the_middle_is_noticed(run):
    def speed(number):
        return 1.0 if number < 10 else 2.0

    report, store, _, _ = run(360.0, speed=speed)
    there = predicted(store)
    assert there[:, :10].all() and report.guard.drops[0].after >= 10
    assert report.guard.used_s <= 360 and not report.skipped


def test_a_slow_start_alone_leaves_nothing_out(run):
    """The first recording is slower (memory, kernels); the limit still holds all."""

    def speed(number):
        return 2.0 if number == 0 else 1.0

    report, store, _, _ = run(290.0, speed=speed)
    assert not report.guard.drops and predicted(store).all()


def test_a_run_with_more_time_predicts_what_was_left_out(run):
    run(60.0)
    report, store, _, predictor = run(None)
    assert predicted(store).all() and store.complete and report.predicted == predictor.recordings
    _, free, _, _ = run(None, folder="free")
    np.testing.assert_array_equal(store.scores().values, free.scores().values)


def test_a_run_with_even_less_time_takes_nothing_away(run):
    run(200.0)
    before = run(0.0)[1].scores().values.copy()
    report, store, _, _ = run(30.0, order=["small", "big"])
    lost = np.isfinite(before) & ~np.isfinite(store.scores().values)
    assert not lost.any() and not report.skipped


def test_unreadable_recordings_cost_no_time(tmp_path, monkeypatch):
    missing = [recording(tmp_path / f"{n}.ogg") for n in range(3)]
    good = [recording(tmp_path / f"good{n}.ogg", tone(10)) for n in range(3)]
    clock = Clock()
    guard = TimeGuard(CHECKPOINTS, WEIGHTS, 100.0, clock=clock)
    meta = ScoresMeta(("x", "y"), CHECKPOINTS, WEIGHTS)
    rows = plan_rows([*missing, *good])
    with ScoresStore.create(tmp_path / "scores", meta, rows) as store:
        report = predict_recordings(SlowPredictor(clock), [*missing, *good], store, guard=guard)
    assert report.counts == {"unreadable": 3, "ok": 3} and not report.out_of_time
    assert decoding.decode(missing[0]).waveform is None
