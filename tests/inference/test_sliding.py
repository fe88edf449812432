"""Sliding-window inference against a plain loop over frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from birdscope.core.settings import Settings
from birdscope.features.front_end import MelFrontEnd
from birdscope.features.presets import preset
from birdscope.inference.predictor import Predictor
from birdscope.inference.sliding import Sliding
from birdscope.postprocess.stack import apply_settings
from tests.nets.tiny import save_tiny

RATE = 32_000
CLASSES = ("a", "b", "c", "d")
CONTEXT_S, HOP_S = 5.0, 2.0
BODY = """\
[[members]]
name = "slid"
checkpoints = "one.safetensors"
pooling = "sliding"
context_s = {context}
hop_s = {hop}

[[settings.steps]]
kind = "kernel"
"""


def noise(seconds: float) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(3)
    loudness = np.repeat(rng.uniform(0.01, 0.5, int(seconds) + 1), RATE)[: int(seconds * RATE)]
    return (loudness * rng.standard_normal(int(seconds * RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Predictor, torch.nn.Module]:
    folder = tmp_path_factory.mktemp("sliding")
    network = save_tiny(folder / "one.safetensors", seed=1)
    (folder / "ensemble.toml").write_text(BODY.format(context=CONTEXT_S, hop=HOP_S))
    return Predictor.load(folder / "ensemble.toml", CLASSES, device="cpu"), network


def by_hand(network: torch.nn.Module, waveform: npt.NDArray[np.float32], rows: int):
    """The definition, frame by frame."""
    length, hop = int(CONTEXT_S * RATE), int(HOP_S * RATE)
    starts = [*range(0, len(waveform) - length + 1, hop)]
    if starts[-1] + length < len(waveform):
        starts.append(len(waveform) - length)
    frames = []
    for start in starts:
        with torch.inference_mode():
            piece = torch.from_numpy(waveform[start : start + length])[None]
            logits = network(MelFrontEnd(preset("small"))(piece)).segment_logits[0]
        frames.append(torch.sigmoid(logits).numpy())
    total = frames[0].shape[0]
    step = length / total
    result = np.zeros((rows, frames[0].shape[1]))
    for row in range(rows):
        tops = []
        for number in range(round(5 * RATE / step)):
            centre = row * 5 * RATE + (number + 0.5) * 5 * RATE / round(5 * RATE / step)
            heard = [
                values[int((centre - start) // step)]
                for values, start in zip(frames, starts, strict=True)
                if start <= centre < start + length
            ]
            tops.append(np.mean(heard, axis=0))
        result[row] = np.max(tops, axis=0)
    return result


def test_frames_are_averaged_where_windows_overlap(made) -> None:
    predictor, network = made
    waveform = noise(20)
    wanted = by_hand(network, waveform, 4)
    given = predictor.predict(waveform, 4)[0]
    np.testing.assert_allclose(given, wanted, atol=1e-5)
    with torch.inference_mode():
        mel = MelFrontEnd(preset("small"))(torch.from_numpy(waveform.reshape(4, -1)))
        plain = torch.sigmoid(network(mel).segment_logits).amax(dim=1).numpy()
    assert np.abs(given - plain).max() > 1e-3


def test_the_ensemble_file_smooths_rows_with_five_taps(made) -> None:
    from birdscope.core.scores import Scores
    from birdscope.inference.rows import lay_out

    predictor, network = made
    waveform = noise(20)
    assert isinstance(predictor.settings, Settings)
    scores = Scores(
        CLASSES, predictor.checkpoints, lay_out(["x.ogg"], [4]), predictor.predict(waveform, 4)
    )
    raw = np.pad(by_hand(network, waveform, 4), ((2, 2), (0, 0)), mode="edge")
    taps = (0.1, 0.2, 0.4, 0.2, 0.1)
    wanted = [sum(tap * raw[row + k] for k, tap in enumerate(taps)) for row in range(4)]
    np.testing.assert_allclose(apply_settings(scores, predictor.settings), wanted, atol=1e-5)


def test_a_window_alone_is_as_in_its_recording(made) -> None:
    predictor, _ = made
    waveform = noise(25)
    whole = predictor.predict(waveform, 5)
    margin = int(predictor.margin_s * RATE)
    for index in range(5):
        start = max(0, index * 5 * RATE - margin)
        piece = waveform[start : (index + 1) * 5 * RATE + margin]
        one = predictor.predict_window(piece, index, 5, waveform_start_s=start / RATE)
        np.testing.assert_allclose(one, whole[:, index], atol=1e-5)


def test_windows_fill_a_recording_and_no_more() -> None:
    sliding = Sliding(10.0, 4.0)
    assert (sliding.starts(5) / RATE).tolist() == [0, 4, 8, 12, 15]
    assert sliding.starts(1).tolist() == [0]
    assert (sliding.covering(4, 5, 5) / RATE).tolist() == [12, 15]
    assert sliding.sound(np.ones(5 * RATE, np.float32), np.array([0])).sum() == 5 * RATE


def test_a_shift_moves_the_windows(made) -> None:
    predictor, _ = made
    waveform = noise(20)
    shifted = predictor.predict(waveform, 3, shift_s=2.5)
    np.testing.assert_allclose(
        shifted, predictor.predict(waveform[int(2.5 * RATE) :], 3), atol=1e-6
    )


def test_the_hop_is_never_longer_than_the_window(made, tmp_path: Path) -> None:
    save_tiny(tmp_path / "one.safetensors", seed=1)
    (tmp_path / "ensemble.toml").write_text(BODY.format(context=5.0, hop=60.0))
    loaded = Predictor.load(tmp_path / "ensemble.toml", CLASSES, device="cpu").loaded
    assert loaded[0].hop_s == 5.0
