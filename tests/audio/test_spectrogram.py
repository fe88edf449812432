from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.audio.axes import Scale
from birdscope.audio.decode import read
from birdscope.audio.spectrogram import (
    SpectrogramSettings,
    display_spectrogram,
    file_spectrogram,
    frequency_ticks,
    hz_to_row,
    row_to_hz,
)
from birdscope.core.errors import AudioError, Cancelled
from birdscope.core.events import Event, Stop
from tests.audio.conftest import Writer, noise, tone


@pytest.mark.parametrize("scale", ["mel", "linear", "log"])
@pytest.mark.parametrize("frequency_hz", [440.0, 3000.0, 11_000.0])
def test_a_tone_lies_in_its_row_at_its_level(scale: Scale, frequency_hz: float) -> None:
    settings = SpectrogramSettings(f_min_hz=60.0, scale=scale)
    picture = display_spectrogram(
        tone(frequency_hz, 4, amplitude=0.1),
        32_000,
        columns=50,
        rows=60,
        f_min_hz=60.0,
        scale=scale,
    )
    assert picture.shape == (60, 50)
    assert picture.dtype == np.float32
    loudest = picture[:, 5:-5].argmax(axis=0)
    assert np.abs(loudest - int(hz_to_row(frequency_hz, 60, settings))).max() <= 1
    assert picture[:, 5:-5].max(axis=0) == pytest.approx(-20.0, abs=1.5)


def test_a_full_sine_is_zero_decibels_and_silence_is_the_floor() -> None:
    full = display_spectrogram(tone(3000, 2, amplitude=1.0), 32_000, columns=20, rows=40)
    assert full.max() == pytest.approx(0.0, abs=0.1)
    silent = display_spectrogram(np.zeros(32_000, np.float32), 32_000, columns=20, rows=40)
    assert (silent == -100.0).all()


@pytest.mark.parametrize(("seconds", "columns"), [(60, 160), (5, 160), (0.2, 160), (0.001, 30)])
def test_a_click_lies_in_its_column_at_any_zoom(seconds: float, columns: int) -> None:
    samples = np.zeros(round(seconds * 32_000), np.float32)
    samples[len(samples) // 4] = 1.0
    picture = display_spectrogram(samples, 32_000, columns=columns, rows=20)
    assert picture.shape == (20, columns)
    energy = 10 ** (picture / 10)
    centre = (energy.sum(axis=0) * (np.arange(columns) + 0.5)).sum() / energy.sum()
    # as precise as the shortest window (8 ms) allows, and a column
    assert abs(centre - columns / 4) <= 1 + 0.008 * columns / seconds


def test_rows_above_half_the_rate_are_at_the_floor() -> None:
    picture = display_spectrogram(noise(2, 8000), 8000, columns=20, rows=60)
    assert (picture[: int(hz_to_row(4300, 60))] == -100.0).all()
    assert (picture[int(hz_to_row(3500, 60)) :] > -100.0).all()


def test_a_narrow_band_is_filled_smoothly() -> None:
    picture = display_spectrogram(
        noise(2), 32_000, columns=10, rows=100, f_min_hz=2900, f_max_hz=3100, scale="linear"
    )
    assert np.abs(np.diff(10 ** (picture[:, 5] / 20))).max() < 0.01
    assert len(np.unique(picture[:, 5])) > 90


def test_mean_pooling_is_never_louder_than_the_maximum() -> None:
    samples = noise(5)
    loudest = display_spectrogram(samples, 32_000, columns=30, rows=30)
    mean = display_spectrogram(samples, 32_000, columns=30, rows=30, pool="mean")
    assert (mean <= loudest + 1e-3).all()
    assert (loudest - mean).mean() > 3


@pytest.mark.parametrize("length", [0, 1, 7])
def test_hardly_any_samples_still_give_a_picture(length: int) -> None:
    picture = display_spectrogram(np.zeros(length, np.float32), 32_000, columns=9, rows=5)
    assert picture.shape == (5, 9)
    assert np.isfinite(picture).all()


def test_a_file_has_the_picture_of_its_waveform(sound_file: Writer) -> None:
    path = sound_file("a.ogg", noise(70))
    whole = display_spectrogram(read(path), 32_000, columns=140, rows=30)
    seen: list[int] = []
    events: list[Event] = []
    picture = file_spectrogram(
        path,
        columns=140,
        rows=30,
        on_columns=lambda first, part: seen.extend(range(first, first + part.shape[1])),
        emit=events.append,
    )
    assert np.abs(picture - whole).max() < 0.1
    assert seen == list(range(140))
    assert events[-1].done == events[-1].total == 140


def test_a_span_of_a_file_and_what_lies_past_its_end(sound_file: Writer) -> None:
    samples = np.concatenate([tone(1000, 5), tone(6000, 5)])
    path = sound_file("a.flac", samples)
    picture = file_spectrogram(path, columns=40, rows=50, start_s=4.0, end_s=14.0)
    loudest = picture.argmax(axis=0)
    assert abs(loudest[1] - int(hz_to_row(1000, 50))) <= 1
    assert abs(loudest[20] - int(hz_to_row(6000, 50))) <= 1
    assert (picture[:, 26:] == -100.0).all()


def test_long_spans_are_sampled(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for minute in range(40):
            file.write(tone(500 if minute < 20 else 2500, 60, 8000))
    picture = file_spectrogram(path, columns=80, rows=40)
    loudest = picture.argmax(axis=0)
    assert (np.abs(loudest[:39] - int(hz_to_row(500, 40))) <= 1).all()
    assert (np.abs(loudest[41:] - int(hz_to_row(2500, 40))) <= 1).all()


def test_the_work_can_be_stopped(sound_file: Writer) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        file_spectrogram(sound_file("a.wav", noise(3)), columns=10, rows=5, stop=stop)


def test_damage_is_dark_and_the_rest_is_shown(sound_file: Writer, tmp_path: Path) -> None:
    path = sound_file("a.flac", noise(100))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    picture = file_spectrogram(path, columns=50, rows=20)
    assert (picture[:, :10] > -100).all()
    assert (picture[:, 40:] == -100).all()
    with pytest.raises(AudioError):
        file_spectrogram(tmp_path / "none.ogg", columns=10, rows=5)


@pytest.mark.real
def test_a_real_soundscape(calfrog32: Path) -> None:
    path = sorted((calfrog32 / "train_soundscapes").glob("MIX*.ogg"))[0]
    picture = file_spectrogram(path, columns=160, rows=60)
    assert picture.shape == (60, 160)
    assert -95 < np.median(picture) < -30
    assert picture.std() > 5


def test_rows_tell_their_frequency() -> None:
    for row in range(60):
        assert int(hz_to_row(row_to_hz(row, 60), 60)) == row
    assert frequency_ticks(60)[0].label == "16 kHz"


def test_pictures_need_neither_scipy_nor_torch() -> None:
    code = (
        "import sys, numpy; from birdscope.audio.spectrogram import display_spectrogram as d;"
        "d(numpy.zeros(9999, 'f4'), 32000, columns=8, rows=8);"
        "import birdscope.audio.player, birdscope.audio.microphone, birdscope.audio.decode;"
        "bad = {'scipy', 'torch', 'sounddevice', 'pandas'} & set(sys.modules);"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
