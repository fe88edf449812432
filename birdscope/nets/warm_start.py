"""Start a net from weights made for something else: other classes, or timm's own task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from birdscope.core.errors import CheckpointError
from birdscope.nets.birdclef_model import BirdCLEFModel
from birdscope.nets.checkpoints import Checkpoint
from birdscope.nets.loading import own_keys
from birdscope.nets.sed import SedModel
from birdscope.nets.timm_sed import TimmSED


@dataclass(frozen=True)
class WarmStart:
    """What a net took over from a checkpoint: loaded keys, and those left at their start."""

    loaded: tuple[str, ...]
    skipped: tuple[str, ...]


def warm_start(network: nn.Module, checkpoint: Checkpoint) -> WarmStart:
    """Take every tensor that fits by name and shape.

    The checkpoint is one of the same architecture (fine-tuning on other classes), or a file
    of timm's for the backbone, for machines without a hub. A first convolution for three
    channels is summed for one, as timm does.

    Raises:
        CheckpointError: if nothing fits.
    """
    own = network.state_dict()
    candidates = [own_keys(checkpoint.state_dict, network), _of_timm(checkpoint, network)]
    fits = [_fitting(state, own) for state in candidates]
    fitting = max(fits, key=len)
    if not fitting:
        raise CheckpointError(
            "none of its tensors fits this net",
            path=checkpoint.path,
            remedy="use a checkpoint of the same architecture and backbone, or timm's weights "
            "of the backbone",
        )
    network.load_state_dict(fitting, strict=False)
    return WarmStart(tuple(fitting), tuple(key for key in own if key not in fitting))


def _of_timm(checkpoint: Checkpoint, network: nn.Module) -> dict[str, Tensor]:
    """A bare timm model's tensors under the names they have inside a net of ours."""
    renamed = {}
    for key, value in checkpoint.state_dict.items():
        child, _, leaf = key.partition(".")
        if isinstance(network, SedModel):
            renamed[f"features.backbone.{key}"] = value
        elif isinstance(network, BirdCLEFModel):
            renamed[f"backbone.{key}"] = value
        elif isinstance(network, TimmSED) and child in network.trunk_names:
            renamed[f"encoder.{network.trunk_names.index(child)}.{leaf}"] = value
    return renamed


def _fitting(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for key, wanted in own.items():
        value = state.get(key)
        if value is None:
            continue
        if value.ndim == 4 and value.shape[1] == 3 and wanted.shape[1] == 1:
            value = value.sum(dim=1, keepdim=True)
        if value.shape == wanted.shape:
            found[key] = value
    return found
