from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from birdscope.core.errors import ConfigError
from birdscope.core.events import Event
from birdscope.nets import backbone as backbones
from birdscope.nets.attention import AttBlockV2
from birdscope.nets.folding import fold_standardised_weights
from birdscope.nets.sed import GeM, SedConfig, SedModel, build_model
from birdscope.nets.timm_sed import TimmSED
from tests.nets.tiny import config, tiny_network

MEL = torch.randn(2, 1, 64, 157, generator=torch.Generator().manual_seed(1))


def test_the_attention_is_a_softmax_over_time() -> None:
    torch.manual_seed(0)
    block = AttBlockV2(6, 3)
    x = torch.randn(2, 6, 9)
    att, cla = block.att(x), block.cla(x)
    weights = torch.exp(torch.tanh(att))
    weights = weights / weights.sum(dim=2, keepdim=True)
    output = block(x)
    torch.testing.assert_close(output.clip_logits, (weights * cla).sum(dim=2))
    torch.testing.assert_close(output.segment_logits, cla.transpose(1, 2))


@pytest.mark.parametrize("architecture", ["sed", "timm_sed", "birdclef_model"])
def test_every_architecture_gives_clip_and_segment_logits(architecture: str) -> None:
    output = tiny_network(architecture)(MEL)  # type: ignore[arg-type]
    assert output.clip_logits.shape == (2, 4)
    assert output.segment_logits.shape == (2, 5, 4)


def test_timm_sed_is_the_public_forward() -> None:
    network = tiny_network("timm_sed")
    assert isinstance(network, TimmSED)
    x = network.encoder(MEL.repeat(1, 3, 1, 1)).mean(dim=2)
    x = F.max_pool1d(x, 3, 1, 1) + F.avg_pool1d(x, 3, 1, 1)
    x = F.relu(network.fc1(x.transpose(1, 2))).transpose(1, 2)
    torch.testing.assert_close(network(MEL).clip_logits, network.att_block2(x).clip_logits)


def test_bn0_counts_in_birdclef_model_and_not_in_timm_sed() -> None:
    for architecture, counts in (("birdclef_model", True), ("timm_sed", False)):
        network = tiny_network(architecture)  # type: ignore[arg-type]
        before = network(MEL).clip_logits
        network.bn0.running_mean += 1.0  # type: ignore[operator]
        assert torch.equal(before, network(MEL).clip_logits) is not counts


def test_every_weight_of_a_training_step_gets_a_gradient() -> None:
    for architecture in ("sed", "timm_sed", "birdclef_model"):
        network = tiny_network(architecture).train()  # type: ignore[arg-type]
        output = network(MEL)
        (output.clip_logits.sum() + output.segment_logits.sum()).backward()
        idle = [n for n, p in network.named_parameters() if p.requires_grad and p.grad is None]
        assert idle == []


def test_gem_lies_between_mean_and_maximum_and_learns() -> None:
    x = torch.rand(2, 3, 8, 5)
    pooled = GeM()(x)
    assert (pooled > x.mean(dim=2)).all()
    assert (pooled < x.amax(dim=2)).all()
    assert isinstance(build_model(SedConfig(**_tiny(pooling="gem")), 4), SedModel)
    assert "pool.p" in build_model(SedConfig(**_tiny(pooling="gem")), 4).state_dict()


def test_inits_differ_as_named() -> None:
    torch.manual_seed(0)
    kaiming = build_model(SedConfig(**_tiny(init="kaiming")), 4).fc1
    xavier = build_model(SedConfig(**_tiny()), 4).fc1
    assert isinstance(kaiming, torch.nn.Linear) and isinstance(xavier, torch.nn.Linear)
    assert float(kaiming.weight.detach().std()) == pytest.approx(
        (2 / kaiming.out_features) ** 0.5, rel=0.1
    )
    limit = (6 / (xavier.in_features + xavier.out_features)) ** 0.5
    assert float(xavier.weight.detach().abs().max()) == pytest.approx(limit, rel=0.05)
    assert not kaiming.bias.any() and not xavier.bias.any()


@pytest.mark.parametrize(
    "name", ["test_resnet", "test_nfnet", "test_mambaout", "mobilenetv3_small_050", "regnety_002"]
)
def test_any_feature_map_will_do(name: str) -> None:
    network = build_model(SedConfig(backbone=name, in_channels=1, hidden=16), 4).eval()
    output = network(MEL)
    assert output.clip_logits.shape == (2, 4)
    assert output.segment_logits.shape[1] == 5


def test_backbones_without_a_feature_map_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"'test_vit' gives no feature map.*\[1, 37, 64\]"):
        build_model(SedConfig(backbone="test_vit"), 4)
    with pytest.raises(ConfigError, match="refuses pictures of any size"):
        build_model(SedConfig(backbone="test_maxvit"), 4)


def test_unknown_backbones_name_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'test_efficientnet"):
        build_model(SedConfig(backbone="test_eficientnet"), 4)


def test_drop_path_reaches_the_backbone() -> None:
    network = build_model(SedConfig(**_tiny(drop_path=0.3)), 4)
    rates = [m.drop_prob for m in network.modules() if type(m).__name__ == "DropPath"]
    assert max(rates) > 0


def test_without_a_hub_it_says_so_and_starts_from_random_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(backbones, "_hub_answers", lambda endpoint: False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    heard: list[Event] = []
    network = build_model(SedConfig(**_tiny(pretrained=True)), 4, emit=heard.append)
    assert [event.kind for event in heard] == ["warning"]
    assert "no pretrained weights for test_efficientnet" in heard[0].message
    assert 'init = "FILE"' in heard[0].message
    assert network.eval()(MEL).clip_logits.shape == (2, 4)


def test_folded_nfnets_give_the_same_bits() -> None:
    network = tiny_network(backbone="test_nfnet")
    before = network(MEL).clip_logits
    convolutions = sum(type(m).__name__ == "ScaledStdConv2d" for m in network.modules())
    fold_standardised_weights(network)
    assert convolutions > 0
    assert not any(type(m).__name__ == "ScaledStdConv2d" for m in network.modules())
    torch.testing.assert_close(network(MEL).clip_logits, before, atol=1e-6, rtol=0)


def test_a_small_net_with_a_narrow_head_fits_in_five_megabytes() -> None:
    network = build_model(
        SedConfig(backbone="mobilenetv3_small_050", in_channels=1, hidden=128), 12
    )
    assert sum(value.numel() for value in network.state_dict().values()) * 4 < 5e6


def _tiny(**changes: object) -> dict[str, object]:
    return {**config().model_dump(), **changes}
