from __future__ import annotations

import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from birdscope.audio.decode import blocks, probe, read, read_available
from birdscope.audio.encode import _ogg_checksum
from birdscope.core.errors import AudioError
from tests.audio.conftest import Writer, noise, tone


@pytest.mark.parametrize("ending", ["ogg", "flac", "wav", "mp3"])
def test_any_window_equals_the_slice_of_a_whole_decode(sound_file: Writer, ending: str) -> None:
    path = sound_file(f"a.{ending}", noise(20))
    whole, rate_hz = soundfile.read(path, dtype="float32")
    assert np.abs(read(path) - whole).max() < 1e-6
    random = np.random.default_rng(1)
    starts = [
        *random.integers(0, len(whole), 150),
        *random.integers(len(whole) - 30_000, len(whole), 50),
    ]
    for start in starts:
        count = int(random.integers(1, 3000))
        window = read(path, start_s=start / rate_hz, duration_s=count / rate_hz)
        assert np.abs(window - whole[start : start + count]).max() < 1e-6, start


@pytest.mark.real
def test_windows_of_real_vorbis_files_are_sample_exact(shared: Path) -> None:
    paths = sorted((shared / "data/calfrog32/train_audio").glob("*/*.ogg"))[::60]
    paths += sorted((shared / "data/calfrog32/train_soundscapes").glob("*.ogg"))[:2]
    random = np.random.default_rng(2)
    for path in paths:
        whole, rate_hz = soundfile.read(path, dtype="float32")
        assert probe(path).frames == len(whole)
        for start in random.integers(0, len(whole), 60):
            window = read(path, start_s=start / rate_hz, duration_s=0.05)
            assert np.array_equal(window, whole[start : start + 1600]), (path.name, start)


@pytest.mark.real
def test_no_real_recording_is_called_damaged(calfrog32: Path) -> None:
    for path in sorted(calfrog32.rglob("*.ogg"))[::9]:
        waveform, warning = read_available(path)
        assert warning is None, path.name
        assert len(waveform) == probe(path).frames


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_a_resampled_window_equals_the_slice_of_the_resampled_file(
    sound_file: Writer, rate_hz: int
) -> None:
    path = sound_file("a.wav", noise(8, rate_hz), rate_hz)
    native, _ = soundfile.read(path, dtype="float32")
    whole = soxr.resample(native, rate_hz, 32_000)
    random = np.random.default_rng(3)
    for start in random.integers(0, len(whole) - 20_000, 40):
        count = int(random.integers(1, 20_000))
        window = read(path, start_s=start / 32_000, duration_s=count / 32_000)
        assert len(window) == count
        assert np.abs(window - whole[start : start + count]).max() < 1e-5


def test_resampling_keeps_a_tone(sound_file: Writer) -> None:
    path = sound_file("a.flac", tone(3000, 2, 44_100), 44_100)
    window = read(path, start_s=0.5, duration_s=1.0)
    time_s = 0.5 + np.arange(32_000) / 32_000
    assert np.abs(window - 0.5 * np.sin(2 * np.pi * 3000 * time_s)).max() < 1e-3


def test_the_channel_is_the_first_or_the_mean(sound_file: Writer) -> None:
    left, right = noise(1, seed=1), noise(1, seed=2)
    path = sound_file("a.wav", np.stack([left, right], axis=1))
    assert np.abs(read(path) - left).max() < 1e-4
    assert np.abs(read(path, channel="mean") - (left + right) / 2).max() < 1e-4
    assert probe(path).channels == 2


def test_a_window_ends_with_the_recording(sound_file: Writer) -> None:
    path = sound_file("a.ogg", noise(3))
    assert len(read(path, start_s=2, duration_s=5)) == 32_000
    assert len(read(path, start_s=7, duration_s=5)) == 0
    assert len(read(path, start_s=3)) == 0
    with pytest.raises(ValueError, match="before 0"):
        read(path, start_s=-1)


@pytest.mark.parametrize(
    ("ending", "rate_hz"), [("ogg", 32_000), ("flac", 44_100), ("mp3", 44_100)]
)
def test_blocks_are_the_file_cut_up(sound_file: Writer, ending: str, rate_hz: int) -> None:
    path = sound_file(f"a.{ending}", noise(7.3, rate_hz), rate_hz)
    pieces = list(blocks(path, 2.0, start_s=1.0))
    assert [len(piece) for piece in pieces[:-1]] == [64_000] * (len(pieces) - 1)
    assert np.abs(np.concatenate(pieces) - read(path, start_s=1.0)).max() < 1e-5


def test_probe_tells_length_rate_and_format(sound_file: Writer) -> None:
    info = probe(sound_file("a.ogg", noise(2.5, 22_050), 22_050))
    assert (info.sample_rate_hz, info.channels, info.frames) == (22_050, 1, 55_125)
    assert info.duration_s == pytest.approx(2.5)
    assert info.format == "OGG VORBIS"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Dear diary, today I heard a kiskadee.\n" * 50, "not sound"),
        (b"OggS" + bytes(5000), "not sound"),
        (None, "no such file"),
    ],
)
def test_what_is_not_sound_is_said_with_a_remedy(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "a.ogg"
    if content is not None:
        path.write_bytes(content)
    for function in (probe, read, read_available):
        with pytest.raises(AudioError, match=words) as caught:
            function(path)
        assert caught.value.path == path
        assert caught.value.remedy


def test_a_folder_and_a_file_without_frames_are_refused(tmp_path: Path, sound_file: Writer) -> None:
    with pytest.raises(AudioError, match="folder"):
        probe(tmp_path)
    with pytest.raises(AudioError, match="0 frames"):
        probe(sound_file("a.wav", np.zeros(0, np.float32)))


@pytest.mark.parametrize("ending", ["ogg", "wav"])
def test_a_cut_off_file_gives_its_beginning_and_a_warning(sound_file: Writer, ending: str) -> None:
    path = sound_file(f"a.{ending}", noise(20))
    whole = read(path)
    assert read_available(path)[1] is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    waveform, warning = read_available(path)
    assert 5 * 32_000 < len(waveform) < 15 * 32_000
    assert np.abs(waveform[:100_000] - whole[:100_000]).max() < 1e-6
    assert warning is not None
    assert "cut off" in warning


@pytest.mark.parametrize("ending", ["ogg", "flac", "mp3"])
def test_a_hole_becomes_silence_and_the_rest_stays_in_time(sound_file: Writer, ending: str) -> None:
    path = sound_file(f"a.{ending}", noise(60))
    whole = read(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 20] = bytes(len(data) // 20)
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"damaged|can be decoded"):
        read(path)
    waveform, warning = read_available(path)
    assert warning is not None
    assert "damaged" in warning
    assert len(waveform) == len(whole)
    for second in (0, 10, 20, *(() if ending == "mp3" else (40, 50, 58))):
        part = slice(second * 32_000, (second + 1) * 32_000)
        assert np.abs(waveform[part] - whole[part]).max() < 1e-6, second
    assert (waveform == 0).sum() >= 32_000


def test_a_window_before_the_damage_is_read_as_usual(sound_file: Writer) -> None:
    path = sound_file("a.flac", noise(20))
    whole = read(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert np.array_equal(read(path, start_s=1, duration_s=5), whole[32_000:192_000])
    with pytest.raises(AudioError):
        read(path, start_s=15, duration_s=2)


def test_samples_that_are_not_numbers_are_refused_or_silenced(tmp_path: Path) -> None:
    samples = noise(3)
    samples[40_000:40_010] = np.nan
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 32_000, subtype="FLOAT")
    with pytest.raises(AudioError, match="not numbers"):
        read(path)
    waveform, warning = read_available(path)
    assert warning is not None
    assert np.isfinite(waveform).all()
    assert np.array_equal(waveform[:40_000], samples[:40_000])


def _repeated_ogg(minute: bytes, frames: int, times: int) -> bytes:
    """An Ogg file played `times` over in one stream: encoding hours takes too long."""
    pages, at = [], 0
    while at < len(minute):
        size = 27 + minute[at + 26] + sum(minute[at + 27 : at + 27 + minute[at + 26]])
        pages.append(bytearray(minute[at : at + size]))
        at += size
    sound = next(n for n, page in enumerate(pages) if struct.unpack_from("<Q", page, 6)[0] > 0)
    out = list(pages[:sound])
    for turn in range(times):
        for number, page in enumerate(pages[sound:]):
            new = bytearray(page)
            last = turn == times - 1 and number == len(pages) - sound - 1
            granule = struct.unpack_from("<Q", page, 6)[0] + turn * frames
            struct.pack_into("<BQ", new, 5, (page[5] & 1) | 4 * last, granule)
            struct.pack_into("<II", new, 18, len(out), 0)
            struct.pack_into("<I", new, 22, _ogg_checksum(bytes(new)))
            out.append(new)
    return b"".join(out)


def test_three_hours_are_read_anywhere_at_once(sound_file: Writer, tmp_path: Path) -> None:
    minute = sound_file("minute.ogg", noise(60))
    path = tmp_path / "long.ogg"
    path.write_bytes(_repeated_ogg(minute.read_bytes(), 60 * 32_000, 180))
    expected = read(minute)
    assert probe(path).duration_s == pytest.approx(3 * 3600)
    tracemalloc.start()
    took_s = []
    for start_s in (0.0, 3610.5, 7201.25, 9999.0, 10_794.9):
        before = time.perf_counter()
        window = read(path, start_s=start_s, duration_s=5)
        took_s.append(time.perf_counter() - before)
        begin = round(start_s % 60 * 32_000)
        assert np.abs(window - expected[begin : begin + 160_000]).max() < 1e-6, start_s
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert min(took_s) < 0.05
    assert max(took_s) < 0.25
    assert peak < 8_000_000
