from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from birdscope.inference.predictor import Predictor
from birdscope.inference.segments import STEPS, SegmentCurves
from birdscope.nets.pooling import WindowProbabilities


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    models = Path(__file__).parents[2] / "models" / "demo.toml"
    from birdscope.inference.fitting import own_classes

    return Predictor.load(models, own_classes(models), threads=1, backend="torch")


def test_curves_lie_on_the_windows_time(predictor: Predictor) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 32_000 * 15).astype(np.float32)
    curves = SegmentCurves(predictor)
    middle = curves.of(noise, 1, 3)
    assert middle.shape == (STEPS, len(predictor.classes))
    assert np.isfinite(middle).all() and middle.min() >= 0 and middle.max() <= 1
    alone = SegmentCurves(predictor).of(noise, 1, 3)
    assert np.array_equal(middle, alone)
    assert not np.array_equal(curves.of(noise, 2, 3), middle)


def test_frames_pooled_give_what_the_net_says(predictor: Predictor) -> None:
    """Interpolated frames keep the range of the net's own frames."""
    import torch

    noise = np.random.default_rng(4).normal(0, 0.1, 32_000 * 5).astype(np.float32)
    curve = SegmentCurves(predictor).of(noise, 0, 1)
    lows, highs = [], []
    for group in predictor._groups:
        from birdscope.inference.preparing import Batch, Prepared

        mel = Prepared(noise, 0, 1, 1).mel(Batch(group, 0, 1), predictor.device)
        for layer in group.layers:
            module = predictor.loaded[layer].module
            frames = WindowProbabilities(module.network, "sliding")
            with torch.inference_mode():
                values = frames(mel)[0].numpy()
            mapped = predictor.loaded[layer].class_map.apply(values)
            lows.append(mapped.min(axis=0))
            highs.append(mapped.max(axis=0))
    assert (curve >= np.min(lows, axis=0) - 1e-5).all()
    assert (curve <= np.max(highs, axis=0) + 1e-5).all()
