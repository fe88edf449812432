"""timm models as feature extractors: names, hub or no hub, feature maps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import timm
import torch
from huggingface_hub import constants
from torch import Tensor, nn

from birdscope.core.errors import ConfigError, nearest
from birdscope.core.events import Emit, Event, silent

_PROBE_SIZE = 96  # a picture small enough to cost nothing and large enough for 1/32 strides
_HUB_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


def create_backbone(
    name: str,
    *,
    in_channels: int,
    drop_path: float = 0.0,
    pretrained: bool = False,
    emit: Emit = silent,
) -> nn.Module:
    """Make a timm model without its classifier.

    Where `pretrained` is asked for and neither the hub nor its cache answers, says so with
    a warning event and starts from random weights.

    Raises:
        ConfigError: if timm has no such model, or it refuses the options.
    """
    if not timm.is_model(name):
        raise ConfigError(
            f"timm has no model named {name!r}{nearest(name, timm.list_models())}",
            remedy="set `backbone` to a name of timm.list_models()",
        )
    options: dict[str, Any] = {"num_classes": 0, "in_chans": in_channels}
    if drop_path > 0:
        options["drop_path_rate"] = drop_path
    if pretrained:
        try:
            with _offline_where_unreachable():
                return _create(name, options, pretrained=True)
        except Exception as error:
            _log.info("no pretrained weights for %s", name, exc_info=True)
            emit(Event("warning", _no_weights(name, error)))
    try:
        return _create(name, options, pretrained=False)
    except (TypeError, RuntimeError, ValueError, AssertionError) as error:
        raise ConfigError(
            f"timm can't make {name!r} with {options}: {error}",
            remedy="another `backbone`, `in_channels` or `drop_path = 0` may work",
        ) from error


def _create(name: str, options: dict[str, Any], *, pretrained: bool) -> nn.Module:
    model: nn.Module = timm.create_model(name, pretrained=pretrained, **options)
    return model


@contextmanager
def _offline_where_unreachable() -> Iterator[None]:
    """Let the hub's client use only its cache where the hub doesn't answer within 5 s.

    Left alone it tries again for 46 s before it gives up (measured with hub 2.4).
    """
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _hub_answers(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _hub_answers(endpoint: str) -> bool:
    try:
        with urlopen(Request(endpoint, method="HEAD"), timeout=_HUB_TIMEOUT_S):
            return True
    except HTTPError:
        return True
    except (OSError, ValueError):
        return False


def _no_weights(name: str, error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return (
        f"no pretrained weights for {name}: {reason[:160]}; starting from random weights "
        '(a recipe\'s init = "FILE" takes them from a file)'
    )


def trunk(backbone: nn.Module) -> list[tuple[str, nn.Module]]:
    """The named children without the last two, as the public code's `children()[:-2]`."""
    return list(backbone.named_children())[:-2]


class FeatureMap(nn.Module):
    """A timm model's last feature map, always as [B, D, mels', T].

    Raises:
        ConfigError: if the model gives no feature map (a plain vision transformer, or one
            that only takes pictures of one size).
    """

    def __init__(self, name: str, backbone: nn.Module, in_channels: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.channels_last_output = False
        shape = self._probe(name, in_channels)
        width = int(getattr(backbone, "num_features", 0))
        if len(shape) == 4 and shape[1] == width:
            self.channels_last_output = False
        elif len(shape) == 4 and shape[3] == width:
            self.channels_last_output = True
        else:
            raise _no_map(name, f"it gives a tensor of shape {list(shape)}")
        self.width = width

    def _probe(self, name: str, in_channels: int) -> tuple[int, ...]:
        try:
            return tuple(_eval_probe(self, in_channels).shape)
        except (RuntimeError, AssertionError, ValueError) as error:
            raise _no_map(name, f"it refuses pictures of any size: {error}") from error

    def forward(self, mel: Tensor) -> Tensor:
        """Feature map of mels [B, channels, mels, frames]."""
        forward_features: Any = self.backbone.forward_features
        features: Tensor = forward_features(mel)
        return features.permute(0, 3, 1, 2) if self.channels_last_output else features


def _no_map(name: str, reason: str) -> ConfigError:
    return ConfigError(
        f"the backbone {name!r} gives no feature map [B, C, F, T]: {reason}",
        remedy="use a convolutional timm model: an efficientnet, nfnet, resnet, regnet, "
        "mobilenet, convnext …",
    )


def _eval_probe(module: nn.Module, in_channels: int) -> Tensor:
    """Run a blank picture through a module in eval mode, leaving its state as it was."""
    was_training = module.training
    module.eval()
    with torch.no_grad():
        output: Tensor = module(torch.zeros(1, in_channels, _PROBE_SIZE, _PROBE_SIZE))
    module.train(was_training)
    return output


def width_of(module: nn.Module, in_channels: int) -> int:
    """Channels D of the feature map that a module gives."""
    return int(_eval_probe(module, in_channels).shape[1])
