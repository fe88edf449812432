"""Parity with the public notebook's arithmetic, on real recordings with made-up weights."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from birdscope.audio.decode import read
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings, Smooth
from birdscope.features.front_end import MelFrontEnd
from birdscope.features.presets import preset
from birdscope.inference.predictor import Predictor
from birdscope.inference.rows import lay_out
from birdscope.postprocess.stack import apply_settings, member_means

pytestmark = [pytest.mark.slow, pytest.mark.real]
PROJECT = Path(__file__).resolve().parents[2]
STEMS = ("MIX01_20250601_050000", "REAL2_20200102_060000")
CLASSES = tuple(f"class{number}" for number in range(206))
Golden = dict[str, npt.NDArray[np.float32]]
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def golden(shared: Path) -> Golden:
    with np.load(shared / "reference" / "golden.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def predictor(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    models = tmp_path_factory.mktemp("models")
    shutil.copy(PROJECT / "models" / "weighted-blend.toml", models)
    script = shared / "reference" / "make_checkpoints.py"
    subprocess.run([sys.executable, script, models], check=True, timeout=240)
    loaded = Predictor.load(models / "weighted-blend.toml", CLASSES, device="cpu")
    for folder in ("nfnet", "seresnext"):  # 425 MB that nobody needs after the test
        shutil.rmtree(models / folder)
    return loaded


@pytest.fixture(scope="module")
def waveforms(calfrog32: Path) -> dict[str, npt.NDArray[np.float32]]:
    return {stem: read(calfrog32 / "train_soundscapes" / f"{stem}.ogg") for stem in STEMS}


@pytest.fixture(scope="module")
def scores(predictor: Predictor, waveforms: dict[str, npt.NDArray[np.float32]]) -> Scores:
    values = [predictor.predict(waveforms[stem], 12) for stem in STEMS]
    return Scores(
        classes=CLASSES,
        checkpoints=predictor.checkpoints,
        rows=lay_out(STEMS, [12, 12]),
        values=np.concatenate(values, axis=1),
        weights=predictor.weights,
    )


def assert_close(given: npt.NDArray[np.floating], wanted: npt.NDArray[np.float32]) -> None:
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).max() <= TOLERANCE


def test_mel(shared: Path, waveforms: dict[str, npt.NDArray[np.float32]]) -> None:
    with np.load(shared / "reference" / "golden_mel.npz") as file:
        wanted = dict(file)
    assert wanted
    for stem, mel in wanted.items():
        windows = torch.from_numpy(waveforms[stem][: 2 * 160_000].reshape(2, -1))
        given = MelFrontEnd(preset("nfnet"))(windows).numpy()
        assert given.shape == mel.shape
        assert np.abs(given - mel).max() <= 1e-3


@pytest.mark.parametrize("stem", STEMS)
def test_every_checkpoint_raw(scores: Scores, golden: Golden, stem: str) -> None:
    values = scores.values[:, scores.rows.span(stem)]
    assert_close(values[:3], golden[f"{stem}/nfnet"])
    assert_close(values[3], golden[f"{stem}/seresnext"])


@pytest.mark.parametrize("stem", STEMS)
def test_powered_member(scores: Scores, predictor: Predictor, golden: Golden, stem: str) -> None:
    means = member_means(scores, predictor.settings)
    assert_close(means["nfnet"][scores.rows.span(stem)], golden[f"{stem}/nfnet_powered"])


@pytest.mark.parametrize("stem", STEMS)
def test_blend(scores: Scores, predictor: Predictor, golden: Golden, stem: str) -> None:
    final = apply_settings(scores, predictor.settings)
    assert_close(final[scores.rows.span(stem)], golden[f"{stem}/blend"])
    without_power = Settings(steps=(Smooth(at="member"),))
    other = apply_settings(scores, without_power)[scores.rows.span(stem)]
    assert np.abs(other - golden[f"{stem}/blend"]).max() > 10 * TOLERANCE


def test_a_single_window_has_the_same_numbers(
    scores: Scores, predictor: Predictor, waveforms: dict[str, npt.NDArray[np.float32]]
) -> None:
    stem = STEMS[0]
    one = predictor.predict_window(waveforms[stem], 11, 12)
    assert np.abs(one - scores.values[:, 11]).max() <= 1e-5
