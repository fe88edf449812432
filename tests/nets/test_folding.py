from __future__ import annotations

import copy

import pytest
import torch

from birdscope.nets.config import Architecture
from birdscope.nets.folding import fold_for_inference, fold_repeated_channels
from birdscope.nets.pooling import WindowProbabilities
from tests.nets.tiny import tiny_network

SHAPE = (1, 64, 96)


@pytest.mark.parametrize(
    ("architecture", "backbone"),
    [
        ("sed", "test_efficientnet"),
        ("timm_sed", "test_nfnet"),
        ("birdclef_model", "test_resnet"),
    ],
)
def test_one_channel_does_for_three(architecture: Architecture, backbone: str) -> None:
    network = tiny_network(architecture, seed=2, backbone=backbone)
    module = WindowProbabilities(network, "mean").eval()
    mel = torch.rand(2, *SHAPE)
    with torch.no_grad():
        wanted = module(mel)
        fold_for_inference(module, SHAPE)
        assert module.network.in_channels == 1
        found = module(mel)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


def test_a_net_that_begins_otherwise_stays_as_it_is() -> None:
    network = tiny_network("sed", seed=2)
    before = copy.deepcopy(network.state_dict())
    # Nothing in it takes two channels: folding must leave no trace.
    network.in_channels = 2
    assert not fold_repeated_channels(network, SHAPE)
    network.in_channels = 3
    # Its first convolution fits, what comes after doesn't take these mels.
    assert not fold_repeated_channels(network, (2, 64, 96))
    assert network.in_channels == 3
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
