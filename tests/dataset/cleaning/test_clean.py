from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from birdscope.audio import decode
from birdscope.core.errors import Cancelled, DatasetError
from birdscope.core.events import Event, Stop
from birdscope.core.types import Recording
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.cleaning.run import clean
from birdscope.dataset.cleaning.settings import CleanSettings
from birdscope.dataset.cleaning.speech import FRAME
from birdscope.dataset.cut_lists import CutList, load_cuts, read_cuts

RATE = 32_000
NAMES = ("clean", "talk", "silent", "clipped", "copy")


class Talker:
    """Hears speech where the sound is a loud 1 kHz tone; counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def probabilities(self, waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        self.asked += 1
        frames = -(-len(waveform) // FRAME)
        padded = np.pad(waveform, (0, frames * FRAME - len(waveform))).reshape(frames, FRAME)
        power = np.abs(np.fft.rfft(padded))
        return np.where(power[:, 32] > 0.2 * power.sum(axis=1), 0.9, 0.01)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Five clips of 6 s of a species, of one fault each, and a file that is no sound."""
    root = tmp_path / "data"
    folder = root / "train_audio" / "wren"
    time = np.arange(6 * RATE) / RATE
    rng = np.random.default_rng(3)
    wave = {name: (0.05 * rng.normal(size=len(time))).astype(np.float32) for name in NAMES}
    wave["talk"][2 * RATE : 4 * RATE] += 0.5 * np.sin(2 * np.pi * 1000 * time[: 2 * RATE])
    wave["silent"][3 * RATE :] = 0
    wave["clipped"] = np.clip(3 * np.sin(2 * np.pi * 500 * time), -1, 1)
    wave["copy"] = wave["clean"]
    for name, samples in wave.items():
        decode.write_ogg(folder / f"{name}.ogg", samples.astype(np.float32), RATE)
    (folder / "broken.ogg").write_bytes(b"not a sound")
    rows = "".join(f"wren,wren/{name}.ogg\n" for name in (*NAMES, "broken"))
    (root / "train.csv").write_text(f"primary_label,filename\n{rows}")
    return root


def recordings(data: Path) -> list[Recording]:
    return list(Catalog.open(data).recordings("train_audio"))


def test_each_fault_is_proposed_and_the_dataset_untouched(data: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    folder = tmp_path / "data-cuts"
    found = clean(recordings(data), folder, voice=Talker())
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before
    cuts = {(one.recording.rpartition("/")[2], one.reason): one for one in read_cuts(folder)}
    assert set(cuts) == {
        ("talk.ogg", "speech"),
        ("silent.ogg", "silence"),
        ("clipped.ogg", "clipping"),
        ("copy.ogg", "duplicate"),
    }
    talk = cuts["talk.ogg", "speech"]
    assert talk.start_s == pytest.approx(1.85, abs=0.05)
    assert talk.end_s == pytest.approx(4.15, abs=0.05)
    assert cuts["silent.ogg", "silence"].end_s == pytest.approx(6.0)
    assert cuts["copy.ogg", "duplicate"].note == "same samples as train_audio/wren/clean.ogg"
    assert found.problems.keys() == {"train_audio/wren/broken.ogg"}
    assert found.by_reason()["clipping"] == (6, pytest.approx(6.0))
    with open(folder / "report.csv", newline="") as file:
        report = {row["recording"].rpartition("/")[2]: row for row in csv.DictReader(file)}
    assert float(report["clipped.ogg"]["clipped_share"]) > 0.3
    assert report["copy.ogg"]["duplicate_of"] == "train_audio/wren/clean.ogg"
    assert "not sound" in report["broken.ogg"]["problem"]


def test_decisions_survive_and_unchanged_files_are_not_read_again(
    data: Path, tmp_path: Path
) -> None:
    folder, voice = tmp_path / "data-cuts", Talker()
    clean(recordings(data), folder, voice=voice)
    asked = voice.asked
    cuts = CutList(folder)
    talk = next(n for n, one in enumerate(cuts.cuts) if one.reason == "speech")
    cuts.decide(talk, "accepted")
    shutil.copy(data / "train_audio/wren/clean.ogg", data / "train_audio/wren/silent.ogg")
    again = clean(recordings(data), folder, voice=voice)
    # the file that changed; the one that is no sound never comes so far
    assert voice.asked == asked + 1
    assert again.reused == 5
    assert load_cuts(folder).keys() == {"train_audio/wren/talk.ogg"}
    assert "silence" not in {one.reason for one in again.cuts}


def test_other_settings_examine_anew(data: Path, tmp_path: Path) -> None:
    folder, voice = tmp_path / "data-cuts", Talker()
    clean(recordings(data), folder, voice=voice)
    settings = CleanSettings(speech=False, duplicates=False, min_snr_db=3.0)
    found = clean(recordings(data), folder, settings, voice=voice)
    assert found.reused == 0 and voice.asked == 5
    reasons = {one.reason for one in found.cuts}
    assert "noise" in reasons and not reasons & {"speech", "duplicate"}


def test_a_stopped_run_goes_on_and_equals_an_uninterrupted_one(data: Path, tmp_path: Path) -> None:
    whole = clean(recordings(data), tmp_path / "whole", voice=Talker())
    folder, stop = tmp_path / "parts", Stop()

    def after_two(event: Event) -> None:
        if event.kind == "progress" and event.done == 2:
            stop.set()

    with pytest.raises(Cancelled):
        clean(recordings(data), folder, voice=Talker(), emit=after_two, stop=stop)
    assert not (folder / "cuts.csv").exists()
    with open(folder / "examined.jsonl", "a") as file:
        file.write('{"recording": "torn')
    parts = clean(recordings(data), folder, voice=Talker())
    assert parts.reused == 2
    assert parts.cuts == whole.cuts
    for name in ("cuts.csv", "report.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_nothing_is_written_into_the_dataset(data: Path) -> None:
    with pytest.raises(DatasetError, match="inside the dataset"):
        clean(recordings(data), data / "cuts", voice=Talker())
