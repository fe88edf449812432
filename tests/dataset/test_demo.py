from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.commands import demo as command
from birdscope.core.errors import Cancelled, DatasetError
from birdscope.core.events import Event, Stop
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.demo import MARKER, DemoCounts, is_complete, make_demo_dataset
from birdscope.dataset.labels import read_labels
from birdscope.dataset.synthetic.mixing import generator, soundscape
from birdscope.dataset.synthetic.plan import PlannedSoundscape, clips_of
from birdscope.dataset.synthetic.sound import active_frames, noise, rms, tone
from birdscope.dataset.synthetic.species import SPECIES
from birdscope.dataset.synthetic.voices import Individual

FEW = DemoCounts(clips=16, labelled=1, unlabelled=1, test=1, soundscape_s=10.0)


def test_the_layout_is_that_of_birdclef(tiny_dataset: Path) -> None:
    catalog = Catalog.open(tiny_dataset)
    assert len(catalog.taxonomy) == len(SPECIES) >= 12
    assert {one.class_name for one in catalog.taxonomy} == {
        "Aves",
        "Amphibia",
        "Mammalia",
        "Insecta",
    }
    assert all("Synthetic" in one.common_name for one in catalog.taxonomy)
    assert min(catalog.species_counts.values()) >= 1
    assert len(catalog.soundscapes("train_soundscapes")) == 5
    assert len(catalog.soundscapes("test_soundscapes")) == 2
    assert len(catalog.sample_row_ids()) == 3
    assert "SYNTHETIC" in catalog.location_text
    for split in ("train_audio", "train_soundscapes", "test_soundscapes"):
        for one in catalog.recordings(split):
            header = soundfile.info(one.path)
            assert (header.samplerate, header.format) == (SAMPLE_RATE_HZ, "OGG")


def test_labels_cover_the_labelled_soundscapes_and_agree_with_the_events(
    tiny_dataset: Path,
) -> None:
    catalog = Catalog.open(tiny_dataset)
    assert catalog.labels_path is not None
    labels = read_labels(catalog.labels_path, catalog.taxonomy.labels)
    assert len(labels) == 3 * 4
    assert labels.unknown_labels == {}
    with open(tiny_dataset / "train_soundscapes_events.csv", newline="") as file:
        events = list(csv.DictReader(file))
    for row, column in zip(*np.nonzero(labels.values), strict=True):
        stem, _, end = labels.row_ids[row].rpartition("_")
        assert any(
            one["filename"] == f"{stem}.ogg"
            and one["primary_label"] == labels.classes[column]
            and float(one["start"]) < int(end)
            and float(one["end"]) > int(end) - 5
            for one in events
        )


def test_a_seed_gives_the_same_sounds_whatever_the_counts(tmp_path: Path) -> None:
    more = DemoCounts(clips=18, labelled=2, unlabelled=1, test=1, soundscape_s=10.0)
    make_demo_dataset(tmp_path / "few", counts=FEW)
    make_demo_dataset(tmp_path / "more", counts=more)
    make_demo_dataset(tmp_path / "other", seed=1, counts=FEW)
    files = sorted((tmp_path / "few").rglob("*.ogg"))
    assert len(files) == 19
    different = 0
    for path in files:
        name = path.relative_to(tmp_path / "few")
        first, _ = soundfile.read(path)
        second, _ = soundfile.read(tmp_path / "more" / name)
        np.testing.assert_array_equal(first, second)
        other, _ = soundfile.read(tmp_path / "other" / name)
        different += first.shape != other.shape or not np.array_equal(first, other)
    assert different == len(files)


def test_a_complete_dataset_is_left_alone_and_an_old_one_made_anew(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    assert make_demo_dataset(root, counts=FEW)
    assert is_complete(root, counts=FEW)
    before = (root / "train.csv").stat().st_mtime_ns
    assert not make_demo_dataset(root, counts=FEW)
    assert (root / "train.csv").stat().st_mtime_ns == before
    (root / MARKER).write_text(json.dumps({"version": 0}))
    assert make_demo_dataset(root, counts=FEW)
    assert [one.name for one in tmp_path.iterdir()] == ["demo"]


def test_what_is_no_demo_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("mine")
    with pytest.raises(DatasetError, match="will not be overwritten"):
        make_demo_dataset(tmp_path, counts=FEW, force=True)
    assert [one.name for one in tmp_path.iterdir()] == ["train.csv"]


def test_a_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    stop = Stop()
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        stop.set()

    with pytest.raises(Cancelled):
        make_demo_dataset(tmp_path / "demo", counts=FEW, emit=listen, stop=stop)
    assert events[0].kind == "progress"
    assert list(tmp_path.iterdir()) == []


def test_the_command_is_a_no_op_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(make_demo_dataset, counts=FEW)
    monkeypatch.setattr("birdscope.dataset.demo.make_demo_dataset", small)
    parser = ArgumentParser()
    command.add_arguments(parser)
    args = parser.parse_args(["--data", str(tmp_path / "demo"), "--json", "--quiet"])
    made = []
    for _ in range(2):
        assert command.run(args) == 0
        made.append(json.loads(capsys.readouterr().out)["made"])
    assert made == [True, False]


def test_the_full_dataset_has_what_was_promised() -> None:
    planned = clips_of(DemoCounts().clips, 0)
    assert len(planned) == DemoCounts().clips
    counts = {one.label: sum(clip.one is one for clip in planned) for one in SPECIES}
    assert min(counts.values()) < 8 < max(counts.values())
    names = [
        PlannedSoundscape(series, number, 60.0, 0).name
        for series, count in (("labelled", 24), ("unlabelled", 36), ("test", 4))
        for number in range(count)
    ]
    assert len(set(names)) == 64


@pytest.mark.parametrize("one", SPECIES, ids=lambda one: one.species.common_name)
def test_every_voice_sings_in_its_band(one) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    wave = np.concatenate([one.voice(rng, Individual.draw(rng)) for _ in range(4)])
    power = np.abs(np.fft.rfft(wave)) ** 2
    frequency_hz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE_HZ)
    low_hz, high_hz = one.band_hz
    inside = power[(frequency_hz > low_hz * 0.85) & (frequency_hz < high_hz * 1.2)].sum()
    assert inside > 0.6 * power.sum()
    assert 0.3 < len(wave) / 4 / SAMPLE_RATE_HZ < 4


def test_a_harder_dial_hides_the_calls() -> None:
    def mean_snr_db(difficulty: float) -> float:
        found = [
            call.snr_db
            for number in range(6)
            for call in soundscape(
                SPECIES[number : number + 2],
                20.0,
                generator(0, "dial", number),
                night=False,
                difficulty=difficulty,
            ).calls
        ]
        return float(np.mean(found))

    assert mean_snr_db(0.1) > mean_snr_db(0.9) + 10


def test_parts_of_sounds() -> None:
    band = noise(2.0, 1000, 2000, np.random.default_rng(0))
    assert rms(band) == pytest.approx(1.0, abs=0.02)
    power = np.abs(np.fft.rfft(band)) ** 2
    frequency_hz = np.fft.rfftfreq(len(band), 1 / SAMPLE_RATE_HZ)
    assert power[(frequency_hz > 850) & (frequency_hz < 2350)].sum() > 0.99 * power.sum()
    beep = tone(np.full(3200, 1000, np.float32))
    silence = np.zeros(3200, np.float32)
    assert active_frames(np.concatenate([beep, silence])).tolist() == [True] * 10 + [False] * 10
