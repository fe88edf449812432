"""The engine with real nets: what it says is what `predict` says."""

import numpy as np
import pytest
import soundfile

from birdscope.core.windows import window_count
from birdscope.engine.client import Engine
from birdscope.engine.description import describe
from birdscope.engine.fingerprint import ensemble_fingerprint
from birdscope.engine.status import WindowsWanted
from tests.engine.conftest import CLASSES

RATE_HZ = 32_000


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory):
    """Two members: one that hears 5 s, one that hears 10 s and takes the maximum."""
    import torch

    from birdscope.features.presets import preset
    from birdscope.nets.checkpoints import CheckpointMeta, save_checkpoint
    from birdscope.nets.config import SedConfig
    from birdscope.nets.loading import build_model

    folder = tmp_path_factory.mktemp("models")
    front_end = preset("small")
    for seed, name in enumerate(["near", "far"]):
        torch.manual_seed(seed)
        config = SedConfig(backbone="test_resnet", n_mels=front_end.n_mels)
        model = build_model(config, len(CLASSES)).eval()
        meta = CheckpointMeta(model=config, front_end=front_end, classes=CLASSES)
        save_checkpoint(folder / name / "one.safetensors", model, meta)
    path = folder / "pair.toml"
    path.write_text(
        'name = "pair"\n'
        '[[members]]\nname = "near"\ncheckpoints = "near"\nweight = 1.0\n'
        '[[members]]\nname = "far"\ncheckpoints = "far"\nweight = 3.0\n'
        'context_s = 10\npooling = "max"\n'
        '[settings]\n[[settings.steps]]\nkind = "smooth"\nat = "member"\n'
    )
    return path


@pytest.fixture
def recording(tmp_path):
    """152.3 s of chirps: a block border, a last window that is not full."""
    path = tmp_path / "chirps.flac"
    seconds = np.arange(int(152.3 * RATE_HZ)) / RATE_HZ
    chirp = np.sin(2 * np.pi * (1000 + 40 * seconds) * seconds) * (seconds % 3 < 1)
    soundfile.write(path, 0.4 * chirp, RATE_HZ)
    return path


async def test_live_windows_equal_the_whole_file(tmp_path, ensemble, recording):
    from birdscope.audio.decode import probe, read
    from birdscope.inference.predictor import Predictor

    n_windows = window_count(probe(recording).duration_s)
    engine = Engine(log_folder=tmp_path / "logs")
    try:
        await engine.warm(ensemble, CLASSES)
        order = (23, 24, 0, n_windows - 1, 12)
        wanted = WindowsWanted("chirps.flac", recording, n_windows, order)
        results = {one.index: one.values for one in await engine.predict_recording(wanted)}
    finally:
        engine.close()
    whole = Predictor.load(ensemble, CLASSES).predict(read(recording), n_windows)
    assert set(results) == set(order)
    for index, values in results.items():
        assert np.abs(values - whole[:, index]).max() < 1e-5


def test_a_description_needs_no_model(ensemble):
    info = describe(ensemble)
    assert info.name == "pair"
    assert [(one.name, one.model, one.checkpoints) for one in info.members] == [
        ("near", "sed test_resnet", 1),
        ("far", "sed test_resnet", 1),
    ]
    assert info.fingerprint == ensemble_fingerprint(ensemble)
    assert [step.kind for step in info.settings.steps] == ["smooth"]
    assert not info.problem


def test_missing_weights_are_a_problem_with_a_remedy(tmp_path, ensemble):
    lonely = tmp_path / "lonely.toml"
    lonely.write_text(ensemble.read_text())
    info = describe(lonely)
    assert "near" in info.problem
    assert "→" in info.problem
    assert not info.fingerprint


def test_the_fingerprint_follows_the_scores_and_nothing_else(tmp_path, ensemble):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(ensemble.parent, copy)
    path = copy / "pair.toml"
    same = ensemble_fingerprint(ensemble)
    assert ensemble_fingerprint(path) == same
    text = path.read_text()
    path.write_text(text.replace("weight = 3.0", "weight = 2.0").replace('"smooth"', '"file_peak"'))
    assert ensemble_fingerprint(path) == same, "blending does not change raw scores"
    path.write_text(text.replace("context_s = 10", "context_s = 15"))
    assert ensemble_fingerprint(path) != same
    path.write_text(text)
    weights = copy / "near" / "one.safetensors"
    body = bytearray(weights.read_bytes())
    body[-1] ^= 1
    weights.write_bytes(body)
    assert ensemble_fingerprint(path) != same
