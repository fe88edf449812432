"""Do once at load what a net in eval mode would do at every call."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from timm.layers.std_conv import ScaledStdConv2d
from torch import nn
from torch.func import functional_call

from birdscope.nets.base import SedNetwork
from birdscope.nets.pooling import WindowProbabilities


def fold_for_inference(module: WindowProbabilities, mel_shape: tuple[int, int, int]) -> None:
    """Fold all there is to fold; the net can't be trained or saved under its keys any more.

    Args:
        module: Net and pooling, with weights.
        mel_shape: Channels, mels and frames of what it is going to be given.
    """
    fold_standardised_weights(module)
    if mel_shape[0] == 1 and module.network.in_channels > 1:
        fold_repeated_channels(module.network, mel_shape)


def fold_standardised_weights(module: nn.Module) -> None:
    """Replace NFNet convolutions, which standardise their weights each call, by plain ones.

    The outputs stay bit for bit; a call of eca_nfnet_l0 takes about a quarter less time.
    For inference only: a folded net can't be trained or saved under its own keys.
    """
    for name, child in list(module.named_children()):
        if type(child) is ScaledStdConv2d:
            setattr(module, name, _plain(child))
        else:
            fold_standardised_weights(child)


def fold_repeated_channels(network: SedNetwork, mel_shape: tuple[int, int, int]) -> bool:
    """Let a net take one channel where it was given the same one several times.

    The first convolution's weights are summed over their input channels, which is the same
    but for the order of sums (measured: 1e-6 of a probability).

    Args:
        network: With weights; its standardised convolutions are folded already.
        mel_shape: 1, mels, frames.

    Returns:
        Whether it was folded; a net whose first convolution is of another kind stays as it is.
    """
    channels = network.in_channels
    first = next((one for one in network.modules() if isinstance(one, nn.Conv2d)), None)
    if first is None or first.in_channels != channels or first.groups != 1:
        return False
    kept = first.weight
    with torch.no_grad():
        first.weight = nn.Parameter(kept.sum(dim=1, keepdim=True), requires_grad=False)
    first.in_channels = network.in_channels = 1
    if _takes(network, mel_shape):
        return True
    first.weight = kept
    first.in_channels = network.in_channels = channels
    return False


def _takes(network: nn.Module, mel_shape: tuple[int, int, int]) -> bool:
    """Whether the shapes fit from beginning to end; computes nothing."""
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    shapes = {name: torch.empty_like(one, device="meta") for name, one in tensors.items()}
    try:
        with torch.no_grad():
            functional_call(network, shapes, (torch.empty((1, *mel_shape), device="meta"),))
    except (RuntimeError, ValueError, AssertionError, NotImplementedError):
        return False
    return True


def _plain(conv: Any) -> nn.Conv2d:
    """The convolution with its standardised weights, as ScaledStdConv2d computes them."""
    plain = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,
        conv.stride,
        conv.padding,
        conv.dilation,
        conv.groups,
        bias=conv.bias is not None,
    )
    with torch.no_grad():
        weight = F.batch_norm(
            conv.weight.reshape(1, conv.out_channels, -1),
            None,
            None,
            weight=(conv.gain * conv.scale).view(-1),
            training=True,
            momentum=0.0,
            eps=conv.eps,
        )
        plain.weight.copy_(weight.reshape_as(conv.weight))
        if plain.bias is not None:
            plain.bias.copy_(conv.bias)
    return plain.eval()
