"""From a checkpoint to a net with its weights in place, or an error that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from birdscope.core.errors import CheckpointError, nearest
from birdscope.features.front_end import FrontEnd, mel_transform
from birdscope.nets.base import SedNetwork
from birdscope.nets.birdclef_model import BirdCLEFModel
from birdscope.nets.checkpoints import Checkpoint
from birdscope.nets.config import Architecture, SedConfig
from birdscope.nets.sed import build_model

_HEADS: Mapping[Architecture, str] = {
    "timm_sed": "att_block2.cla.weight",
    "birdclef_model": "att_block.cla.weight",
    "sed": "att_block.cla.weight",
}
_FILTERS = "melspec_transform.mel_scale.fb"
_FILTER_TOLERANCE = 0.01  # of the largest weight: half precision is well within


def architecture_of(state: Mapping[str, Tensor]) -> Architecture | None:
    """Which of the architectures a state dict's keys speak of."""
    if _HEADS["timm_sed"] in state:
        return "timm_sed"
    if _HEADS["sed"] not in state:
        return None
    return "sed" if any(key.startswith("features.") for key in state) else "birdclef_model"


def class_count(checkpoint: Checkpoint) -> int:
    """Outputs C of a checkpoint's head.

    Raises:
        CheckpointError: if it has no head that birdscope knows.
    """
    architecture = architecture_of(checkpoint.state_dict)
    if architecture is None:
        raise _no_head(checkpoint, _HEADS["timm_sed"])
    return int(checkpoint.state_dict[_HEADS[architecture]].shape[0])


def load_network(
    checkpoint: Checkpoint,
    config: SedConfig,
    *,
    through_half: bool = False,
    weights: bool = True,
) -> SedNetwork:
    """Build the net of `config` and fill it from a checkpoint; in eval mode, on the CPU.

    The widths of the head (classes, hidden) are the checkpoint's.

    Args:
        checkpoint: Its tensors.
        config: Architecture, backbone, mel bands; `pretrained` and `hidden` are not used.
        through_half: Round the weights to half precision first, as the public notebook
            does for its second member.
        weights: Whether to fill it; without, it is checked and stays on the device "meta".

    Raises:
        CheckpointError: if keys are missing, foreign or of another shape: names them, and
            what is likely wrong (architecture, backbone, mel bands, an incomplete file).
        ConfigError: if timm has no such backbone.
    """
    _check_architecture(checkpoint, config.architecture)
    state = checkpoint.state_dict
    hidden = int(state["fc1.weight"].shape[0]) if "fc1.weight" in state else config.hidden
    plain = config.model_copy(update={"pretrained": False, "hidden": hidden})
    network = _unfilled(plain, class_count(checkpoint))
    state = own_keys(state, network)
    _check_keys(state, network, config, checkpoint.path)
    if not weights:
        return network.to("meta").eval()
    filled = {key: _full_precision(value, through_half) for key, value in state.items()}
    for key, value in network.state_dict().items():
        filled.setdefault(key, torch.zeros(value.shape, dtype=value.dtype))
    network.load_state_dict(filled, assign=True)
    return network.eval()


def _unfilled(config: SedConfig, n_classes: int) -> SedNetwork:
    """A net whose weights are yet to come: without drawing random ones it is built 7× faster."""
    with torch.device("meta"):
        network = build_model(config, n_classes)
    kept = network.state_dict()
    if all(name in kept for name, _ in network.named_buffers()):
        return network
    return build_model(config, n_classes)


def check_filters(checkpoint: Checkpoint, front_end: FrontEnd) -> None:
    """Compare the mel filters kept in a public checkpoint with those of a front end.

    Raises:
        CheckpointError: if they differ: the net would see another picture than in training.
    """
    kept = checkpoint.state_dict.get(_FILTERS)
    if kept is None:
        return
    wanted = mel_transform(front_end).mel_scale.fb
    tolerance = _FILTER_TOLERANCE * float(wanted.max())
    if kept.shape != wanted.shape or (kept.float() - wanted).abs().max() > tolerance:
        raise CheckpointError(
            f"its mel filters {_FILTERS!r} {list(kept.shape)} are not those of the front end "
            f"({front_end.n_mels} bands, n_fft {front_end.n_fft}, {front_end.f_min_hz:g}–"
            f"{front_end.f_max_hz:g} Hz)",
            path=checkpoint.path,
            remedy="correct the member's `front_end` (or the checkpoint's cfg)",
        )


def own_keys(state: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """A public BirdCLEFModel's keys as ours; others stay.

    `encoder.*` is what the public forward uses and holds the same tensors as `backbone.*`;
    the ImageNet classifier and the mel buffers take no part in ours.
    """
    if not isinstance(network, BirdCLEFModel):
        return dict(state)
    names = list(network.backbone)
    own: dict[str, Tensor] = {}
    for key, value in state.items():
        package, _, rest = key.partition(".")
        child, _, leaf = rest.partition(".")
        if package == "encoder" and child.isdigit() and int(child) < len(names):
            own[f"backbone.{names[int(child)]}.{leaf}"] = value
        elif package == "backbone" and child in names:
            own.setdefault(key, value)
        elif package not in ("backbone", "melspec_transform"):
            own[key] = value
    return own


def _check_architecture(checkpoint: Checkpoint, wanted: Architecture) -> None:
    found = architecture_of(checkpoint.state_dict)
    if found is None:
        raise _no_head(checkpoint, _HEADS[wanted])
    if found != wanted:
        raise CheckpointError(
            f"its key {_HEADS[found]!r} is of the architecture {found!r}, not {wanted!r}",
            path=checkpoint.path,
            remedy=f'set `architecture = "{found}"` for this member, or give another checkpoint',
        )


def _no_head(checkpoint: Checkpoint, head: str) -> CheckpointError:
    keys = list(checkpoint.state_dict)
    return CheckpointError(
        f"key {head!r} is missing{nearest(head, keys)}; the file's keys begin with {keys[0]!r}",
        path=checkpoint.path,
        remedy="it was made for another kind of model; give a TimmSED, BirdCLEFModel or "
        "birdscope checkpoint",
    )


def _check_keys(
    state: Mapping[str, Tensor], network: nn.Module, config: SedConfig, path: Path
) -> None:
    """Raise if the keys or shapes aren't the net's."""
    own = network.state_dict()
    missing = [k for k in own if k not in state and not k.endswith("num_batches_tracked")]
    foreign = [key for key in state if key not in own]
    other = [key for key in own if key in state and state[key].shape != own[key].shape]
    if not (missing or foreign or other):
        return
    parts = []
    if other:
        parts.append(
            f"key {other[0]!r} has shape {list(state[other[0]].shape)}, wanted is "
            f"{list(own[other[0]].shape)}{_more(other)}"
        )
    if missing:
        parts.append(f"key {missing[0]!r} is missing{_more(missing)}")
    if foreign:
        parts.append(f"key {foreign[0]!r} is unknown{_more(foreign)}")
    raise CheckpointError(
        f"does not fit a {config.architecture} with backbone {config.backbone!r}: "
        + "; ".join(parts),
        path=path,
        remedy=_likely(missing, foreign, other),
    )


def _more(keys: list[str]) -> str:
    return f" (and {len(keys) - 1} more)" if len(keys) > 1 else ""


def _likely(missing: list[str], foreign: list[str], other: list[str]) -> str:
    if other and all(key.startswith("bn0.") for key in other) and not (missing or foreign):
        return "it was trained with another number of mel bands: correct the member's `front_end`"
    if missing and not (foreign or other):
        return "the file is incomplete: save or download it again"
    return "it was probably made for another backbone: correct the member's `backbone`"


def _full_precision(value: Tensor, through_half: bool) -> Tensor:
    """Weights as float32, rounded to half precision before if asked for; counters as they are.

    Always a copy: a safetensors file gives views of itself, whose alignment in memory is the
    file's, and another alignment is another order of sums.
    """
    if not value.is_floating_point():
        return value.clone()
    return (value.half() if through_half else value).to(torch.float32, copy=True)
