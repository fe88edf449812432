from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from birdscope.audio import decode
from birdscope.core.errors import Cancelled, DatasetError
from birdscope.core.events import Event, Stop
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.problems import find_problems
from birdscope.dataset.xeno_canto.choose import Apart, Wanted
from birdscope.dataset.xeno_canto.fetch import Order, Result, fetch
from tests.dataset.xeno_canto.conftest import MakeClient, sound
from tests.dataset.xeno_canto.server import FakeXenoCanto, entry

API = "/api/3/recordings"
ORDER = Order(("grp:birds",), Wanted(per_species=2))
ROBIN = {"gen": "Erithacus", "sp": "rubecula", "en": "European Robin"}


@pytest.fixture
def stocked(server: FakeXenoCanto) -> FakeXenoCanto:
    """Three blackbirds, one of them worse, and two robins, over three pages."""
    server.entries = [
        entry(1),
        entry(2, q="C"),
        entry(3),
        entry(11, **ROBIN),
        entry(12, **ROBIN, also=["Turdus merula merula", "Parus major"]),
    ]
    server.page_size = 2
    for number in (1, 2, 3, 11, 12):
        server.sounds[f"/{number}/download"] = sound(number, gain=2.0 if number == 1 else 0.05)
    return server


def rows(root: Path, name: str) -> list[dict[str, str]]:
    with open(root / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names(root: Path) -> list[str]:
    return [row["filename"] for row in rows(root, "train.csv")]


def test_a_dataset_comes_out_that_opens_without_errors(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    root = tmp_path / "xc"
    result = fetch(root, ORDER, make_client())
    assert result == Result(root, 4, 2, {"enough of the species": 1}, {})
    catalog = Catalog.open(root)
    assert catalog.taxonomy.labels == ("erithacus-rubecula", "turdus-merula")
    assert {one.class_name for one in catalog.taxonomy} == {"Aves"}
    assert [one for one in find_problems(catalog, durations=True) if one.severity == "error"] == []
    assert names(root) == [
        "erithacus-rubecula/XC11.ogg",
        "erithacus-rubecula/XC12.ogg",
        "turdus-merula/XC1.ogg",
        "turdus-merula/XC3.ogg",
    ]
    robin = catalog.find("XC12")
    assert robin.secondary_labels == ("turdus-merula",)
    assert (robin.rating, robin.author) == (5.0, "Recordist 0")
    assert robin.metadata["license"] == "cc-by-nc-sa 4.0"
    assert robin.metadata["url"] == "https://xeno-canto.org/12"
    assert [one["page"] for path, one in stocked.requests if path == API] == ["1", "2", "3"]


def test_clips_are_mono_32_khz_equally_loud_and_never_clipped(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    fetch(tmp_path / "xc", ORDER, make_client())
    levels = []
    for path in sorted((tmp_path / "xc" / "train_audio").rglob("*.ogg")):
        info, wave = decode.probe(path), decode.read(path)
        assert (info.sample_rate_hz, info.channels) == (32_000, 1)
        assert info.duration_s == pytest.approx(6.0, abs=0.1)
        assert np.abs(wave).max() <= 0.99
        levels.append(10 * np.log10(np.mean(wave**2)))
    assert max(levels) - min(levels) < 2


def test_a_cancelled_fetch_can_be_opened_and_goes_on(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    root, stop = tmp_path / "xc", Stop()

    def after_two(event: Event) -> None:
        if event.unit == "recording" and event.done == 2:
            stop.set()

    with pytest.raises(Cancelled):
        fetch(root, ORDER, make_client(stop=stop), emit=after_two, stop=stop)
    assert len(Catalog.open(root).recordings("train_audio")) == 2
    before = len(stocked.requests)
    with open(root / ".birdscope-xeno-canto" / "outcomes.jsonl", "a") as file:
        file.write('{"number": "3", "outc')
    assert fetch(root, ORDER, make_client()).kept == 4
    # two downloads; the listing is remembered
    assert len(stocked.requests) == before + 2
    assert fetch(root, ORDER, make_client()).kept == 4
    assert len(stocked.requests) == before + 2
    left = {path.name for path in (root / ".birdscope-xeno-canto").iterdir()}
    assert left == {"listing", "outcomes.jsonl"}


def test_broken_files_are_tried_again_then_named_and_replaced_by_the_next(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    stocked.sounds["/1/download"] = b"<html>not a sound</html>"
    stocked.sounds["/11/download"] = sound(11)[: 2 * len(sound(11)) // 5]
    warnings: list[Event] = []
    result = fetch(tmp_path / "xc", ORDER, make_client(), emit=warnings.append)
    assert result.kept == 3
    assert "not sound" in result.failed["1"]
    assert "of 6.0 s can be decoded" in result.failed["11"]
    assert stocked.asked("/1/download") == stocked.asked("/11/download") == 3
    assert "turdus-merula/XC2.ogg" in names(tmp_path / "xc")
    assert [one.message[:4] for one in warnings if one.kind == "warning"] == ["XC11", "XC1:"]
    stocked.sounds["/11/download"] = sound(11)
    again = fetch(tmp_path / "xc", ORDER, make_client())
    assert again.kept == 4 and again.failed.keys() == {"1"}


def test_a_sound_much_shorter_than_announced_is_not_kept(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    stocked.entries[3]["length"] = "0:20"
    result = fetch(tmp_path / "xc", ORDER, make_client())
    assert result.failed == {"11": "only 6 s of 20 s came"}
    assert not list((tmp_path / "xc").rglob("XC11*"))


def test_noisy_short_and_clipped_sounds_are_left_out_and_not_asked_for_again(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    stocked.sounds["/1/download"] = sound(1, seconds=4.0, form="WAV")
    stocked.sounds["/3/download"] = sound(3, gain=9.0, form="WAV")
    stocked.entries[0]["length"] = "0:05"
    result = fetch(tmp_path / "xc", ORDER, make_client())
    assert result.left_out == {"too short": 1, "clipped": 1}
    fetch(tmp_path / "xc", ORDER, make_client())
    assert stocked.asked("/1/download") == 1
    looser = replace(ORDER, checks=replace(ORDER.checks, min_length_s=3.0))
    assert fetch(tmp_path / "xc", looser, make_client()).kept == 4


def competition(root: Path) -> Catalog:
    """A dataset with robins, and one recording of a blackbird."""
    root.mkdir()
    (root / "taxonomy.csv").write_text(
        "primary_label,scientific_name,class_name\neurrob1,Erithacus rubecula,Aves\n"
    )
    (root / "train.csv").write_text(
        "primary_label,filename,url\n"
        "eurrob1,eurrob1/XC11.ogg,\neurrob1,eurrob1/a.ogg,https://xeno-canto.org/3\n"
    )
    return Catalog.open(root)


def test_a_competition_is_kept_apart_by_species_or_by_recording(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    known = competition(tmp_path / "competition")
    apart = Apart.of([known])
    assert apart.numbers == {"11", "3"}
    order = replace(ORDER, wanted=replace(ORDER.wanted, apart=apart))
    result = fetch(tmp_path / "a", order, make_client())
    assert names(tmp_path / "a") == ["turdus-merula/XC1.ogg", "turdus-merula/XC2.ogg"]
    assert result.left_out == {"recording is kept apart": 2, "species is kept apart": 1}
    own = replace(ORDER.wanted, apart=Apart.of([known], "recordings"))
    fetch(tmp_path / "b", replace(ORDER, wanted=own), make_client())
    assert "erithacus-rubecula/XC12.ogg" in names(tmp_path / "b")
    assert "erithacus-rubecula/XC11.ogg" not in names(tmp_path / "b")


def test_what_was_fetched_before_leaves_when_it_has_to_be_kept_apart(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    fetch(tmp_path / "xc", ORDER, make_client())
    apart = Apart.of([competition(tmp_path / "competition")])
    order = replace(ORDER, wanted=replace(ORDER.wanted, apart=apart))
    assert fetch(tmp_path / "xc", order, make_client()).kept == 2
    assert names(tmp_path / "xc") == ["turdus-merula/XC1.ogg", "turdus-merula/XC2.ogg"]


def test_a_limit_holds_over_all_species(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    assert fetch(tmp_path / "xc", replace(ORDER, limit=1), make_client()).kept == 1


def test_a_foreign_folder_is_left_alone(make_client: MakeClient, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(DatasetError, match="not made by xeno-canto fetch"):
        fetch(tmp_path, ORDER, make_client())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_key_is_in_no_file_and_no_event(
    stocked: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    stocked.faults[API] = [500, "drop"]
    events: list[Event] = []
    fetch(tmp_path / "xc", ORDER, make_client(emit=events.append), emit=events.append)
    texts = [path.read_bytes() for path in (tmp_path / "xc").rglob("*") if path.is_file()]
    texts += [one.to_json().encode() for one in events]
    assert len(events) > 5
    assert not any(b"s3cret" in text for text in texts)
    lines = (tmp_path / "xc/.birdscope-xeno-canto/outcomes.jsonl").read_text().split()
    assert len([line for line in lines if line]) > 4
    json.loads((next((tmp_path / "xc/.birdscope-xeno-canto/listing").iterdir())).read_text())
