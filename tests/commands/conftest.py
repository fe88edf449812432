"""A tiny ensemble for tiny datasets: two members with the smallest nets, untrained."""

from pathlib import Path

import pytest

ENSEMBLE = """
name = "tiny"
classes = "dataset"
[[members]]
name = "one"
checkpoints = "one"
weight = 0.25
[[members]]
name = "two"
checkpoints = "two"
weight = 0.75
[[settings.steps]]
kind = "low_rank_power"
at = "checkpoint"
members = ["one"]
top_k = 3
[[settings.steps]]
kind = "smooth"
at = "member"
"""


def make_ensemble(folder: Path, labels) -> Path:
    """Write nets with fixed random weights and the ensemble file that blends them."""
    import torch

    from birdscope.features.config import FrontEnd
    from birdscope.nets.checkpoints import CheckpointMeta, save_checkpoint
    from birdscope.nets.config import SedConfig
    from birdscope.nets.sed import build_model

    front_end = FrontEnd(n_mels=32, n_fft=1024, hop_length=1024)
    model = SedConfig(backbone="test_resnet", in_channels=1, n_mels=32, hidden=16)
    for seed, name in enumerate(("one/a", "one/b", "two/a")):
        torch.manual_seed(seed)
        path = folder / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        meta = CheckpointMeta(model=model, front_end=front_end, classes=labels, context_s=5)
        save_checkpoint(path, build_model(model, len(labels)), meta)
    (folder / "ensemble.toml").write_text(ENSEMBLE)
    return folder / "ensemble.toml"


@pytest.fixture(scope="session")
def tiny_ensemble(tiny_dataset, tmp_path_factory) -> Path:
    from birdscope.dataset.catalog import Catalog

    folder = tmp_path_factory.mktemp("tiny-ensemble")
    return make_ensemble(folder, Catalog.open(tiny_dataset).taxonomy.labels)


@pytest.fixture(scope="session")
def tiny_scores(tiny_dataset, tiny_ensemble, tmp_path_factory) -> Path:
    """Scores of the tiny dataset's train soundscapes."""
    from birdscope.cli import main

    out = tmp_path_factory.mktemp("tiny-scores") / "train_soundscapes"
    arguments = ["predict", "--data", str(tiny_dataset), "--split", "train_soundscapes"]
    code = main([*arguments, "--ensemble", str(tiny_ensemble), "--out", str(out), "--quiet"])
    assert code == 0
    return out
