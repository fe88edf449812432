"""The runner: every odd recording has its outcome, and a killed run ends like a whole one."""

import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from birdscope.core.errors import Cancelled
from birdscope.core.events import Stop
from birdscope.inference import runner, store_files
from birdscope.inference.decoding import decode, expected_windows, plan_rows
from birdscope.inference.runner import predict_recordings
from birdscope.inference.store import ScoresMeta, ScoresStore
from tests.inference.fakes import META, FakePredictor, recording, tone


def truncated(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def make_recording(kind, folder):
    path = folder / f"{kind}.ogg"
    if kind == "empty":
        path.write_bytes(b"")
        return recording(path)
    if kind == "text":
        path.write_text("this is not sound\n" * 50)
        return recording(path)
    if kind == "missing":
        return recording(path)
    sounds = {
        "minute": lambda: tone(60),
        "truncated": lambda: tone(60),
        "silent": lambda: np.zeros(60 * 32_000, np.float32),
        "short": lambda: tone(1.2),
        "stereo": lambda: tone(60, channels=2),
        "long": lambda: tone(180),
    }
    made = recording(path, sounds[kind]())
    if kind == "truncated":
        truncated(path, 0.4)
    return made


OUTCOMES = {
    "minute": ("ok", 12),
    "empty": ("unreadable", 12),
    "text": ("unreadable", 12),
    "missing": ("unreadable", 12),
    "truncated": ("damaged", 12),
    "silent": ("silent", 12),
    "short": ("short", 1),
    "stereo": ("stereo", 12),
    "long": ("long", 36),
}


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("odd")


@pytest.fixture(scope="module")
def odd_recordings(odd_folder):
    return [make_recording(kind, odd_folder) for kind in OUTCOMES]


def open_store(folder, recordings):
    keys = [one.key for one in recordings]
    return ScoresStore.open_or_resume(folder, META, keys, lambda: plan_rows(recordings))


@pytest.fixture(scope="module")
def odd_run(odd_folder, odd_recordings):
    events = []
    predictor = FakePredictor()
    with open_store(odd_folder / "scores", odd_recordings) as store:
        report = predict_recordings(predictor, odd_recordings, store, emit=events.append)
    return report, ScoresStore.open(odd_folder / "scores"), events, predictor


@pytest.mark.parametrize("kind", OUTCOMES)
def test_outcome_and_rows_of_each_kind(odd_run, odd_recordings, kind):
    report, store, _, _ = odd_run
    key = f"test_soundscapes/{kind}.ogg"
    status, windows = OUTCOMES[kind]
    mark = store.marks[key]
    assert mark.status == status
    assert (mark.message == "") == (status == "ok")
    span = store.rows.span(key)
    assert store.rows.row_ids[span] == tuple(f"{kind}_{5 * (w + 1)}" for w in range(windows))
    values = store.scores().values[:, span]
    if status == "unreadable":
        assert np.isnan(values).all()
    else:
        assert np.isfinite(values).all()
        assert (values > 0).any() == (kind != "silent")
    assert report.counts[status] >= 1


def test_the_broken_off_part_counts_as_zeros(odd_run):
    _, store, _, _ = odd_run
    values = store.scores().values[0, store.rows.span("test_soundscapes/truncated.ogg"), 0]
    assert (values[:3] > 0.1).all() and (values[-3:] == 0).all()


def test_stereo_takes_the_first_channel(odd_run):
    """The first channel is half as loud as the second."""
    _, store, _, _ = odd_run
    stereo, mono = (
        store.scores().values[0, store.rows.span(f"test_soundscapes/{kind}.ogg"), 0].mean()
        for kind in ("stereo", "minute")
    )
    assert stereo == pytest.approx(mono / 2, rel=0.02)


def test_short_message_and_duration_are_kept(odd_run):
    mark = odd_run[1].marks["test_soundscapes/short.ogg"]
    assert "1.2 s long" in mark.message and mark.duration_s == pytest.approx(1.2, abs=0.01)


def test_progress_tells_done_total_and_time_left(odd_run, odd_recordings):
    _, _, events, _ = odd_run
    progress = [e for e in events if e.kind == "progress"]
    assert [e.done for e in progress] == list(range(len(odd_recordings) + 1))
    assert {e.total for e in progress} == {len(odd_recordings)}
    assert progress[-1].data["eta_s"] == 0 and progress[1].data["eta_s"] > 0
    warned = {e.data["recording"] for e in events if e.kind == "warning"}
    assert warned == {
        f"test_soundscapes/{kind}.ogg"
        for kind, (status, _) in OUTCOMES.items()
        if status in ("damaged", "unreadable")
    }


def test_unreadable_recordings_never_reach_the_nets(odd_run):
    assert len(odd_run[3].seen) == sum(status != "unreadable" for status, _ in OUTCOMES.values())


def test_an_unreadable_train_recording_gets_one_row(tmp_path):
    assert expected_windows(recording(tmp_path / "gone.ogg", split="train_audio")) == 1


def test_a_whole_short_soundscape_keeps_its_own_rows(tmp_path):
    assert expected_windows(recording(tmp_path / "half.ogg", tone(30))) == 6


def test_wav_and_flac_decode_too(tmp_path):
    for ending in ("wav", "flac"):
        decoded = decode(recording(tmp_path / f"x.{ending}", tone(60)))
        assert (decoded.status, decoded.duration_s) == ("ok", 60.0)


def test_a_predictor_that_gives_nan_is_reported(tmp_path):
    class Broken(FakePredictor):
        def predict(self, waveform, n_windows):
            return super().predict(waveform, n_windows) * np.float32("nan")

    recordings = [recording(tmp_path / "a.ogg", tone(5))]
    with open_store(tmp_path / "scores", recordings) as store:
        report = predict_recordings(Broken(), recordings, store)
    assert report.odd[0].status == "damaged" and "no number" in report.odd[0].message


def test_stop_ends_between_recordings_and_keeps_what_was_finished(tmp_path):
    recordings = [recording(tmp_path / f"{n}.ogg", tone(5, seed=n)) for n in range(5)]
    stop = Stop()

    def stop_after_two(event):
        if event.kind == "progress" and event.done == 2:
            stop.set()

    with open_store(tmp_path / "scores", recordings) as store:
        with pytest.raises(Cancelled):
            predict_recordings(FakePredictor(), recordings, store, emit=stop_after_two, stop=stop)
        assert len(store.done) == 2
        second = FakePredictor()
        report = predict_recordings(second, recordings, store)
    assert len(second.seen) == report.predicted == 3 and report.total == 5 == len(report.marks)


KILLED = """
import sys, time
from pathlib import Path
from tests.inference.fakes import META, FakePredictor, recording
from tests.inference.test_runner import open_store
from birdscope.inference.runner import predict_recordings

class Slow(FakePredictor):
    def predict(self, waveform, n_windows):
        time.sleep(0.1)
        return super().predict(waveform, n_windows)

folder = Path(sys.argv[1])
recordings = [recording(path) for path in sorted((folder / "audio").glob("*.ogg"))]
with open_store(folder / "killed", recordings) as store:
    predict_recordings(Slow(), recordings, store)
"""


def test_killed_in_the_middle_then_resumed_equals_one_go(tmp_path):
    names = [tmp_path / "audio" / f"{n}.ogg" for n in range(12)]
    recordings = [recording(path, tone(7, seed=n)) for n, path in enumerate(sorted(names))]
    with open_store(tmp_path / "whole", recordings) as store:
        predict_recordings(FakePredictor(), recordings, store)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
    try:
        wait_for_marks(tmp_path / "killed" / store_files.MARKS, 4, process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = ScoresStore.open(tmp_path / "killed").done
    assert 4 <= len(done) < 12
    predictor = FakePredictor()
    with open_store(tmp_path / "killed", recordings) as store:
        predict_recordings(predictor, recordings, store)
    assert len(predictor.seen) == 12 - len(done)
    for name in (store_files.VALUES, store_files.ROWS, store_files.META, store_files.MARKS):
        whole, killed = (tmp_path / run / name for run in ("whole", "killed"))
        assert whole.read_bytes() == killed.read_bytes(), name


def wait_for_marks(path: Path, count: int, process) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def predictor(tmp_path):
    from birdscope.inference.predictor import Predictor
    from tests.nets.tiny import save_tiny

    save_tiny(tmp_path / "mine" / "one.safetensors", seed=1)
    path = tmp_path / "one.toml"
    path.write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\n')
    return Predictor.load(path, ("a", "b", "c", "d"), device="cpu", threads=2)


def store_for(predictor, folder, recordings):
    meta = ScoresMeta(predictor.classes, predictor.checkpoints, {"mine": 1.0})
    keys = [one.key for one in recordings]
    return ScoresStore.open_or_resume(folder, meta, keys, lambda: plan_rows(recordings))


def test_what_was_prepared_in_another_thread_gives_the_same_bits(tmp_path, predictor):
    recordings = [recording(tmp_path / f"{n}.wav", tone(20, seed=n)) for n in range(3)]
    with store_for(predictor, tmp_path / "scores", recordings) as store:
        predict_recordings(predictor, recordings, store, threads=2)
        values = store.scores().values
        for one in recordings:
            waveform = decode(one).waveform
            block = values[:, store.rows.span(one.key)]
            np.testing.assert_array_equal(block, predictor.predict(waveform, 4))
            prepared = predictor.prepare(waveform, 4)
            assert prepared.mels
            np.testing.assert_array_equal(block, predictor.run(prepared))


def test_a_long_recording_tells_how_far_it_is(tmp_path, predictor, monkeypatch):
    monkeypatch.setattr(runner, "_TELL_EVERY_S", 0.0)
    recordings = [recording(tmp_path / f"{n}.wav", tone(240)) for n in range(2)]
    events = []
    with store_for(predictor, tmp_path / "scores", recordings) as store:
        predict_recordings(predictor, recordings, store, emit=events.append)
    told = [one for one in events if one.kind == "progress"]
    done = [one.done for one in told]
    assert done == sorted(done)
    assert done[-1] == 2
    assert sum(0 < one < 1 for one in done) >= 3
    within = next(one for one in told if 1 < (one.done or 0) < 2)
    assert within.message.startswith("1.wav, window ")
    assert " of 48, " in within.message
    assert within.data["eta_s"] > 0


def test_a_stop_ends_a_long_recording_in_its_middle(tmp_path, predictor, monkeypatch):
    monkeypatch.setattr(runner, "_TELL_EVERY_S", 0.0)
    recordings = [recording(tmp_path / f"{n}.wav", tone(240)) for n in range(2)]
    stop = Stop()

    def after_a_while(event):
        if 1 < (event.done or 0) < 2:
            stop.set()

    with store_for(predictor, tmp_path / "scores", recordings) as store:
        with pytest.raises(Cancelled):
            predict_recordings(predictor, recordings, store, emit=after_a_while, stop=stop)
        assert store.done == {recordings[0].key}
    with store_for(predictor, tmp_path / "scores", recordings) as store:
        predict_recordings(predictor, recordings, store)
        assert store.complete


@pytest.mark.parametrize(("most", "beside"), [(1_000, 2), (20, 1)])
def test_long_recordings_wait_for_their_turn(tmp_path, monkeypatch, most, beside):
    """While one is predicted, others are decoded; not so many that they fill the memory."""
    recordings = [recording(tmp_path / f"{number}.ogg", tone(90)) for number in range(5)]
    decoded, alive, sounds = 0, [], []

    def counted(one):
        nonlocal decoded
        decoded += 1
        held = sum(sound() is not None for sound in sounds)
        assert held < beside
        made = decode(one)
        sounds.append(weakref.ref(made.waveform))
        return made

    class Counting(FakePredictor):
        done = 0

        def predict(self, waveform, n_windows, **options):
            time.sleep(0.3)
            alive.append(decoded - self.done)
            self.done += 1
            return super().predict(waveform, n_windows, **options)

    monkeypatch.setattr(runner, "WINDOWS_AHEAD", most)
    monkeypatch.setattr(runner, "decode", counted)
    with open_store(tmp_path / "scores", recordings) as store:
        predict_recordings(Counting(), recordings, store)
    assert len(alive) == 5
    assert max(alive) == beside
