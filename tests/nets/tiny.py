"""Small checkpoints for tests: real architectures over timm's `test_*` backbones."""

from __future__ import annotations

from pathlib import Path

import torch

from birdscope.features.presets import preset
from birdscope.nets.base import SedNetwork
from birdscope.nets.birdclef_model import BirdCLEFModel
from birdscope.nets.checkpoints import CheckpointMeta, save_checkpoint
from birdscope.nets.config import Architecture, SedConfig
from birdscope.nets.sed import build_model

CFG = {
    "SR": 32_000,
    "n_fft": 1024,
    "hop_length": 1024,
    "n_mels": 64,
    "f_min": 40,
    "f_max": 15_000,
    "normal": 80,
    "in_channels": 1,
    "infer_duration": 5,
    "duration_train": 10,
    "model_name": "test_resnet",
}


def tiny_network(
    architecture: Architecture = "sed",
    n_classes: int = 4,
    *,
    seed: int = 0,
    backbone: str = "test_efficientnet",
    in_channels: int = 3,
    n_mels: int = 64,
) -> SedNetwork:
    """A net in eval mode whose batch norms and weights are not at their start."""
    torch.manual_seed(seed)
    network = build_model(config(architecture, backbone, in_channels, n_mels), n_classes)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_mean") or name.endswith("bias"):
                value.normal_(0, 0.3)
            if name.endswith("cla.weight"):
                value.mul_(4)
    return network.eval()


def config(
    architecture: Architecture = "sed",
    backbone: str = "test_efficientnet",
    in_channels: int = 3,
    n_mels: int = 64,
) -> SedConfig:
    return SedConfig(
        architecture=architecture,
        backbone=backbone,
        in_channels=in_channels,
        n_mels=n_mels,
        hidden=32,
    )


def save_tiny(
    path: Path,
    classes: tuple[str, ...] = ("a", "b", "c", "d"),
    *,
    architecture: Architecture = "sed",
    seed: int = 0,
) -> SedNetwork:
    """Write a checkpoint of ours with everything it knows."""
    network = tiny_network(architecture, len(classes), seed=seed)
    meta = CheckpointMeta(
        model=config(architecture), front_end=preset("small"), classes=classes, context_s=5
    )
    save_checkpoint(path, network, meta)
    return network


def public_state(network: BirdCLEFModel) -> dict[str, torch.Tensor]:
    """A BirdCLEFModel's tensors under the public checkpoint's keys: the trunk twice, a
    classifier of ImageNet, and the front end's buffers."""
    from birdscope.features.front_end import mel_transform
    from birdscope.nets.birdclef_model import front_end_of_cfg

    state = dict(network.state_dict())
    names = list(network.backbone)
    for key in list(state):
        package, _, rest = key.partition(".")
        child, _, leaf = rest.partition(".")
        if package == "backbone":
            state[f"encoder.{names.index(child)}.{leaf}"] = state[key]
    state["backbone.fc.weight"] = torch.zeros(1000, 8)
    transform = mel_transform(front_end_of_cfg(CFG, Path("sedmodel.pth")))
    state["melspec_transform.spectrogram.window"] = transform.spectrogram.window
    state["melspec_transform.mel_scale.fb"] = transform.mel_scale.fb
    return state


def save_public(path: Path, n_classes: int = 4, *, seed: int = 0) -> BirdCLEFModel:
    """Write a checkpoint as the public seresnext one, over a small backbone."""
    network = tiny_network(
        "birdclef_model", n_classes, seed=seed, backbone="test_resnet", in_channels=1
    )
    assert isinstance(network, BirdCLEFModel)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"cfg": CFG, "model_state_dict": public_state(network)}, path)
    return network
