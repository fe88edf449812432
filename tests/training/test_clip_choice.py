from dataclasses import replace

import numpy as np
import pytest
import soundfile

from birdscope.core.types import Recording
from birdscope.dataset.cut_lists import Cut, cuts_folder, write_cuts
from birdscope.training.clip_choice import (
    against_sound,
    choose_clips,
    cuts_of,
    well_rated,
    with_cuts,
)
from birdscope.training.clips import ClipStore
from birdscope.training.recipe import DataConfig

RATE = 32_000


def _rated(key: str, rating: float, label: str = "a", secondary=()) -> Recording:
    return Recording(key, None, "train_audio", label, secondary, rating)


def test_low_ratings_are_left_out_and_unknown_ones_kept():
    clips = [_rated("x", 0), _rated("y", 2.5), _rated("z", 3)]
    taken, left_out = choose_clips(clips, DataConfig(min_rating=3))
    assert [one.key for one in taken] == ["x", "z"]
    assert left_out == ("y: its rating is 2.5, under 3",)


def test_unknown_ratings_can_be_dropped():
    taken, left_out = choose_clips([_rated("x", 0)], DataConfig(min_rating=3, unrated="drop"))
    assert taken == []
    assert left_out == ("x: it has no rating",)


def test_main_classes_are_left_out_where_asked_for():
    clips = [_rated("x", 0, "a"), _rated("y", 0, "b", ("a",)), _rated("z", 0, "b")]
    taken, left_out = choose_clips(clips, DataConfig(without_main_classes=True), {"a"})
    assert [one.key for one in taken] == ["z"]
    assert left_out[1] == "y: 'a' is a class of the main dataset"
    assert choose_clips(clips, DataConfig(), {"a"}) == (clips, ())


def test_validation_keeps_unknown_ratings():
    clips = [_rated("x", 0), _rated("y", 2), _rated("z", 4), _rated("w", 1)]
    assert well_rated(clips, np.array([0, 1, 2]), 3).tolist() == [0, 2]
    assert well_rated(clips, np.array([0, 1, 2, 3]), 0).tolist() == [0, 1, 2, 3]


def _call(seconds: float = 2.0, level: float = 0.5, noise: float = 0.001) -> np.ndarray:
    rng = np.random.default_rng(0)
    time_s = np.arange(round(seconds * RATE)) / RATE
    wave = level * np.sin(2 * np.pi * 2000 * time_s) * (time_s % 1 < 0.5)
    return (wave + noise * rng.standard_normal(len(wave))).astype(np.float32)


@pytest.mark.parametrize(
    ("wave", "config", "reason"),
    [
        (_call(), DataConfig(min_s=5), "it lasts 2.0 s, under 5 s"),
        (_call(level=1.0), DataConfig(max_peak=0.99), "its peak is 1.00"),
        (_call(noise=0.3), DataConfig(min_snr_db=10), "above the noise, under 10"),
        (_call(), DataConfig(min_s=2, max_peak=0.99, min_snr_db=10), None),
    ],
)
def test_sound_that_is_not_good_enough_is_refused_with_the_reason(wave, config, reason):
    said = against_sound(wave, config)
    assert said is None if reason is None else reason in str(said)


@pytest.fixture
def dataset(tmp_path) -> tuple:
    """A folder with one clip of 6 s, each second at another level: 0.1, 0.2, …"""
    root = tmp_path / "data"
    path = root / "train_audio" / "x.wav"
    path.parent.mkdir(parents=True)
    wave = np.repeat(np.arange(1, 7, dtype=np.float32) / 10, RATE)
    soundfile.write(path, wave, RATE, subtype="FLOAT")
    return root, Recording("train_audio/x.wav", path, "train_audio", "a")


def _seconds(wave: np.ndarray) -> list[float]:
    return [round(float(one), 2) for one in wave.reshape(-1, RATE).mean(axis=1)]


@pytest.mark.parametrize("cache_mb", [100, 0])
def test_accepted_cuts_are_left_out(dataset, cache_mb):
    root, clip = dataset
    cut = Cut(clip.key, 1.0, 3.0, "speech", decision="accepted")
    write_cuts(cuts_folder(root), [cut, replace(cut, start_s=4.0, end_s=5.0, decision="rejected")])
    config = DataConfig(first_s=None, cache_mb=cache_mb)
    store = ClipStore.of_dataset([clip], config, root)
    assert store.samples.tolist() == [4 * RATE]
    assert _seconds(store.read(0)) == [0.1, 0.4, 0.5, 0.6]
    assert _seconds(store.read(0, RATE, 2 * RATE)) == [0.4, 0.5]
    kept, _ = store.without_empty()
    assert _seconds(kept.read(0)) == [0.1, 0.4, 0.5, 0.6]
    assert ClipStore.of_dataset([clip], DataConfig(cuts="ignore"), root).samples[0] == 6 * RATE


def test_cleaned_recordings_may_be_used_for_longer(dataset):
    root, clip = dataset
    config = DataConfig(first_s=2.0, first_cleaned_s=4.0)
    assert ClipStore.of_dataset([clip], config, root).samples.tolist() == [2 * RATE]
    write_cuts(cuts_folder(root), [Cut(clip.key, 0, 1, "speech", decision="accepted")])
    store = ClipStore.of_dataset([clip], config, root)
    assert _seconds(store.read(0)) == [0.2, 0.3, 0.4, 0.5]


def test_other_cuts_are_other_data(dataset):
    root, clip = dataset
    config = DataConfig()
    assert with_cuts("f", cuts_of(root, config)) == "f"
    write_cuts(cuts_folder(root), [Cut(clip.key, 1, 2, "speech", decision="accepted")])
    one = with_cuts("f", cuts_of(root, config))
    write_cuts(cuts_folder(root), [Cut(clip.key, 1, 3, "speech", decision="accepted")])
    assert len({"f", one, with_cuts("f", cuts_of(root, config))}) == 3
    assert with_cuts("f", cuts_of(root, DataConfig(cuts="ignore"))) == "f"


def test_a_recording_cut_out_whole_is_left_out(dataset):
    root, clip = dataset
    write_cuts(cuts_folder(root), [Cut(clip.key, 0, 6, "duplicate", decision="accepted")])
    store, left_out = ClipStore.of_dataset([clip], DataConfig(), root).without_empty()
    assert store.recordings == ()
    assert left_out == ("train_audio/x.wav: no sound in it",)


def test_refused_sound_is_left_out_with_its_reason(dataset):
    root, clip = dataset
    store, left_out = ClipStore.of_dataset([clip], DataConfig(max_peak=0.5), root).without_empty()
    assert store.recordings == ()
    assert left_out == ("train_audio/x.wav: its peak is 0.600, over 0.5",)


def test_quality_is_that_of_the_sound_that_is_left(dataset):
    root, clip = dataset
    write_cuts(cuts_folder(root), [Cut(clip.key, 5, 6, "clipping", decision="accepted")])
    store = ClipStore.of_dataset([clip], DataConfig(max_peak=0.5), root)
    assert store.samples.tolist() == [5 * RATE]
