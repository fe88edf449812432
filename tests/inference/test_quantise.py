from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from birdscope.core import int8
from birdscope.core.cpu import CpuFeatures
from birdscope.core.errors import Cancelled, ConfigError, DatasetError
from birdscope.core.events import Event, Stop, silent
from birdscope.core.int8 import CalibratedEnsemble, Int8Calibration
from birdscope.core.types import Recording
from birdscope.inference import openvino_backend
from birdscope.inference.calibration_windows import CalibrationSet, draw_windows, mels_of
from birdscope.inference.ensemble import load_ensemble
from birdscope.inference.members import LoadedCheckpoint, load_member_checkpoint
from birdscope.inference.predictor import Predictor
from birdscope.inference.quantise import kept_in_float, quantised
from birdscope.inference.quantised_cache import folder_of, quantised_ensemble
from tests.nets.tiny import save_public, save_tiny

pytest.importorskip("openvino", reason="the optional backend is not installed")
pytest.importorskip("nncf", reason="what makes 8-bit nets is not installed")

CLASSES = ("a", "b", "c", "d")
ENSEMBLE = """
[[members]]
name = "mine"
checkpoints = "mine"
[[members]]
name = "public"
checkpoints = "public"
through_half = true
"""


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("int8")
    save_tiny(root / "mine" / "one.safetensors", seed=1)
    save_public(root / "public" / "sedmodel.pth", seed=3)
    path = root / "both.toml"
    path.write_text(ENSEMBLE)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    """Four of 15 s: noise with a call that rises."""
    folder = tmp_path_factory.mktemp("int8-sound")
    found = []
    for number in range(4):
        path = folder / f"{number}.wav"
        soundfile.write(path, sound(15, number), 32_000, subtype="FLOAT")
        found.append(Recording(key=path.name, path=path, split="train_soundscapes"))
    return found


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.getbasetemp() / "int8-cache"
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(folder))
    return folder


def sound(seconds: int, seed: int) -> npt.NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    t = np.arange(seconds * 32_000) / 32_000
    call = 0.3 * np.sin(2 * np.pi * (2000 + 200 * seed + 300 * t) * t) * (t % 3 < 0.4)
    return (call + 0.05 * generator.standard_normal(len(t))).astype(np.float32)


def checkpoints(path: Path) -> list[LoadedCheckpoint]:
    ensemble = load_ensemble(path)
    return [
        load_member_checkpoint(ensemble, member, file, CLASSES, weights=False)
        for member in ensemble.members
        for file in ensemble.files(member)
    ]


def draw(recordings: Sequence[Recording], **options: int) -> CalibrationSet:
    wanted = {"limit": 10, "windows": 8, "seed": 0, **options}
    return draw_windows(recordings, emit=silent, **wanted)


def note(chosen: CalibrationSet, dataset: str = "d1", made: float = 1.0) -> Int8Calibration:
    return Int8Calibration(
        chosen.id, "tiny", dataset, "train_soundscapes", len(chosen.windows), chosen.count,
        chosen.seed, "3", made,
    )  # fmt: skip


def calibrate(
    path: Path, recordings: Sequence[Recording], calibration: Int8Calibration | None = None
) -> list[Event]:
    heard: list[Event] = []
    chosen, loaded = draw(recordings), checkpoints(path)
    mels = mels_of(chosen, loaded, silent)
    for layer, one in enumerate(loaded):
        quantised(one, calibration or note(chosen), lambda: mels[layer], heard.append)  # noqa: B023
    return heard


def load(path: Path, heard: list[Event] | None = None, **options: str) -> Predictor:
    emit = heard.append if heard is not None else silent
    return Predictor.load(path, CLASSES, device="cpu", backend="openvino", emit=emit, **options)  # type: ignore[arg-type]


def test_windows_are_spread_over_recordings_and_drawn_again_alike(
    recordings: list[Recording],
) -> None:
    chosen = draw(recordings)
    assert [(len(numbers), total) for _, numbers, total in chosen.windows] == [(2, 3)] * 4
    assert chosen == draw(recordings)
    assert draw(recordings, windows=2).count == 2
    assert draw(recordings, windows=99).count == 12
    ids = {chosen.id, draw(recordings, windows=3).id, draw(recordings[:3]).id}
    assert len(ids | {draw(recordings, seed=1).id}) == 4


def test_other_sound_under_the_same_name_is_another_set(
    recordings: list[Recording], tmp_path: Path
) -> None:
    path = tmp_path / "0.wav"
    soundfile.write(path, sound(15, 9), 32_000, subtype="FLOAT")
    other = [replace(recordings[0], path=path), *recordings[1:]]
    assert draw(other).id != draw(recordings).id


def test_without_a_readable_recording_there_is_nothing_to_draw(tmp_path: Path) -> None:
    gone = Recording(key="x.ogg", path=tmp_path / "x.ogg", split="train_soundscapes")
    with pytest.raises(DatasetError, match="no recording"):
        draw([gone])


def test_int8_is_near_exact_and_says_what_it_is(
    ensemble: Path, recordings: list[Recording]
) -> None:
    heard = calibrate(ensemble, recordings)
    assert {one.unit for one in heard if "calibrating mine/one" in one.message} == {"window"}
    predictor = load(ensemble, precision="int8")
    waveform = sound(20, 7)
    values = predictor.predict(waveform, 4)
    exact = load(ensemble, precision="exact")
    difference = np.abs(values - exact.predict(waveform, 4))
    assert 0 < difference.mean() < 0.02 and difference.max() < 0.15
    np.testing.assert_array_equal(values, load(ensemble, precision="int8").predict(waveform, 4))
    assert exact.numerics == {}
    assert predictor.numerics["precision"] == "int8"
    assert len(predictor.numerics["calibration"]) == 16
    assert not [one for one in calibrate(ensemble, recordings) if "calibrating" in one.message]


def test_the_head_stays_float(ensemble: Path, recordings: list[Recording]) -> None:
    import openvino

    calibrate(ensemble, recordings)
    (one, *_) = checkpoints(ensemble)
    model = openvino.Core().read_model(folder_of(one, draw(recordings).id) / "model.xml")
    kept = kept_in_float(model)
    eight = {
        layer.get_friendly_name()
        for layer in model.get_ordered_ops()
        if layer.get_type_name() in ("Convolution", "GroupConvolution", "MatMul")
        and layer.input(0).get_source_output().get_node().get_type_name() == "FakeQuantize"
    }
    assert eight and not eight & set(kept)
    assert any("att_block" in name for name in kept) and any("fc1" in name for name in kept)


def test_without_calibration_it_is_refused_with_what_to_do(tmp_path: Path) -> None:
    save_tiny(tmp_path / "mine" / "one.safetensors", seed=11)
    (tmp_path / "one.toml").write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\n')
    with pytest.raises(ConfigError, match="not calibrated") as caught:
        load(tmp_path / "one.toml", precision="int8")
    assert "birdscope quantize" in str(caught.value)


def test_other_weights_have_no_calibration(tmp_path: Path, recordings: list[Recording]) -> None:
    path = tmp_path / "one.toml"
    path.write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\n')
    save_tiny(tmp_path / "mine" / "one.safetensors", seed=21)
    calibrate(path, recordings)
    first = load(path, precision="int8").numerics
    save_tiny(tmp_path / "mine" / "one.safetensors", seed=22)
    with pytest.raises(ConfigError, match="not calibrated"):
        load(path, precision="int8")
    calibrate(path, recordings)
    assert load(path, precision="int8").numerics != first


def test_the_datasets_own_calibration_is_taken_else_the_newest(
    ensemble: Path, recordings: list[Recording]
) -> None:
    calibrate(ensemble, recordings, note(draw(recordings), "d1", 1.0))
    calibrate(ensemble, recordings[:2], note(draw(recordings[:2]), "d2", 2.0))
    loaded = checkpoints(ensemble)
    newest, own = quantised_ensemble(loaded), quantised_ensemble(loaded, dataset="d1")
    assert (newest.calibration.dataset_fingerprint, newest.calibration.recordings) == ("d2", 2)
    assert (own.calibration.dataset_fingerprint, own.calibration.recordings) == ("d1", 4)
    assert own.fingerprint != newest.fingerprint
    assert quantised_ensemble(loaded, own.calibration.id) == own
    with pytest.raises(ConfigError, match="no calibration abc"):
        quantised_ensemble(loaded, "abc")


def test_a_damaged_net_is_removed_and_said(tmp_path: Path, recordings: list[Recording]) -> None:
    path = tmp_path / "one.toml"
    path.write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\n')
    save_tiny(tmp_path / "mine" / "one.safetensors", seed=31)
    calibrate(path, recordings)
    (one,) = checkpoints(path)
    (folder_of(one, draw(recordings).id) / "model.xml").write_text("<net")
    with pytest.raises(ConfigError, match="damaged"):
        load(path, precision="int8")
    with pytest.raises(ConfigError, match="not calibrated"):
        load(path, precision="int8")


def test_a_stop_leaves_nothing_half_made(tmp_path: Path, recordings: list[Recording]) -> None:
    save_tiny(tmp_path / "mine" / "one.safetensors", seed=41)
    path = tmp_path / "one.toml"
    path.write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\n')
    (one,), chosen, stop = checkpoints(path), draw(recordings), Stop()

    def third(event: Event) -> None:
        if event.unit == "window" and event.done == 3:
            stop.set()

    mels = mels_of(chosen, [one], silent)[0]
    with pytest.raises(Cancelled):
        quantised(one, note(chosen), lambda: mels, third, stop)
    target = folder_of(one, chosen.id)
    assert not target.exists() and not list(target.parent.glob(f".{target.name}*"))


def test_without_vnni_it_says_that_nothing_is_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    monkeypatch.setattr(openvino_backend, "cpu_features", lambda: CpuFeatures(True, False))
    assert openvino_backend.usable_precision("int8", heard.append) == "int8"
    assert "no faster" in heard[0].message


def test_a_noted_ensemble_counts_only_while_its_nets_are_there(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path))
    net = tmp_path / "net"
    net.mkdir()
    (net / "model.xml").touch()
    one = Int8Calibration("c1", "tiny", "d1", "train_soundscapes", 4, 8, 0, "3", 1.0)
    made = CalibratedEnsemble(one, "f1", (net,), int8.converter_versions())
    int8.keep_calibrated("e" * 64, made)
    newer = replace(made, calibration=replace(one, id="c2", dataset_fingerprint="d2", made=2.0))
    int8.keep_calibrated("e" * 64, newer)
    assert int8.kept_calibrated("e" * 64) == newer
    assert int8.kept_calibrated("e" * 64, "d1") == made
    assert int8.kept_calibrated("f" * 64) is None
    monkeypatch.setattr(int8, "converter_versions", lambda: ("another",))
    assert int8.kept_calibrated("e" * 64) is None
    monkeypatch.undo()
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path))
    (net / "model.xml").unlink()
    assert int8.kept_calibrated("e" * 64) is None
