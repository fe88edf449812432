from __future__ import annotations

from pathlib import Path

import pytest
import torch

from birdscope.core.errors import CheckpointError
from birdscope.features.front_end import FrontEnd
from birdscope.nets.birdclef_model import context_of_cfg, front_end_of_cfg
from birdscope.nets.checkpoints import Checkpoint, load_checkpoint
from birdscope.nets.config import SedConfig
from birdscope.nets.loading import check_filters, class_count, load_network
from tests.nets.tiny import CFG, config, public_state, save_public, tiny_network

FILE = Path("sed0.pth")
MEL = torch.randn(2, 1, 64, 157, generator=torch.Generator().manual_seed(1))


def refusal(state: dict[str, torch.Tensor], wanted: SedConfig) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        load_network(Checkpoint(FILE, state), wanted)
    assert caught.value.path == FILE
    return caught.value


def test_a_plain_state_dict_fills_a_timm_sed() -> None:
    network = tiny_network("timm_sed", 7)
    again = load_network(Checkpoint(FILE, network.state_dict()), config("timm_sed"))
    assert again.n_classes == 7
    assert not again.training
    assert torch.equal(again(MEL).clip_logits, network(MEL).clip_logits)


def test_public_keys_fill_a_birdclef_model(tmp_path: Path) -> None:
    network = save_public(tmp_path / "sedmodel.pth")
    checkpoint = load_checkpoint(tmp_path / "sedmodel.pth")
    wanted = config("birdclef_model", "test_resnet", in_channels=1)
    assert class_count(checkpoint) == 4
    again = load_network(checkpoint, wanted)
    assert torch.equal(again(MEL).segment_logits, network(MEL).segment_logits)


def test_what_encoder_says_counts_as_in_the_public_forward(tmp_path: Path) -> None:
    network = save_public(tmp_path / "sedmodel.pth")
    state = {
        key: torch.zeros_like(value) if key.startswith("backbone.") else value
        for key, value in public_state(network).items()
    }
    wanted = config("birdclef_model", "test_resnet", in_channels=1)
    again = load_network(Checkpoint(FILE, state), wanted)
    assert torch.equal(again(MEL).segment_logits, network(MEL).segment_logits)


def test_half_precision_rounds_every_weight_once() -> None:
    state = tiny_network("timm_sed").state_dict()
    rounded = load_network(Checkpoint(FILE, state), config("timm_sed"), through_half=True)
    for key, value in rounded.state_dict().items():
        wanted = state[key].half().float() if state[key].is_floating_point() else state[key]
        assert torch.equal(value, wanted)


def test_half_precision_files_are_widened() -> None:
    state = {
        k: v.half() if v.is_floating_point() else v for k, v in tiny_network().state_dict().items()
    }
    network = load_network(Checkpoint(FILE, state), config())
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert torch.isfinite(network(MEL).clip_logits).all()


def test_a_missing_key_is_named() -> None:
    state = tiny_network("timm_sed").state_dict()
    del state["fc1.bias"]
    error = refusal(state, config("timm_sed"))
    assert "key 'fc1.bias' is missing" in error.what
    assert "incomplete" in str(error.remedy)


def test_a_missing_head_is_named_with_the_nearest_key() -> None:
    state = tiny_network("timm_sed").state_dict()
    state["att_block2.cls.weight"] = state.pop("att_block2.cla.weight")
    error = refusal(state, config("timm_sed"))
    assert "'att_block2.cla.weight' is missing; did you mean 'att_block2.cls.weight'" in error.what


def test_another_backbone_is_suspected() -> None:
    state = tiny_network("timm_sed", backbone="test_resnet").state_dict()
    error = refusal(state, config("timm_sed", "test_efficientnet"))
    assert "'test_efficientnet'" in error.what
    assert "encoder." in error.what
    assert "another backbone" in str(error.remedy)


def test_another_architecture_is_told() -> None:
    error = refusal(tiny_network("timm_sed").state_dict(), config("birdclef_model"))
    assert "'timm_sed', not 'birdclef_model'" in error.what
    assert 'architecture = "timm_sed"' in str(error.remedy)


def test_other_mel_bands_are_told() -> None:
    error = refusal(tiny_network("timm_sed").state_dict(), config("timm_sed", n_mels=128))
    assert "'bn0.weight' has shape [64], wanted is [128]" in error.what
    assert "mel bands" in str(error.remedy)


def test_an_unknown_key_is_named() -> None:
    state = tiny_network("timm_sed").state_dict() | {"extra.weight": torch.zeros(2)}
    assert "key 'extra.weight' is unknown" in refusal(state, config("timm_sed")).what


def test_counters_may_be_missing() -> None:
    state = tiny_network("timm_sed").state_dict()
    kept = {key: value for key, value in state.items() if not key.endswith("batches_tracked")}
    network = load_network(Checkpoint(FILE, kept), config("timm_sed"))
    assert network.state_dict()["bn0.num_batches_tracked"] == 0


def test_the_cfg_gives_front_end_and_context() -> None:
    front_end = front_end_of_cfg(CFG, FILE)
    assert front_end == FrontEnd(
        n_fft=1024,
        hop_length=1024,
        n_mels=64,
        f_min_hz=40,
        f_max_hz=15_000,
        pad_mode="constant",
        compression="db",
        normalisation="80",
        channel_mode="deltas",
    )
    assert context_of_cfg(CFG) == 10.0
    assert context_of_cfg({}) == 5.0
    assert front_end_of_cfg({**CFG, "normal": 255}, FILE).normalisation == "255"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"n_fft": None}, "lacks 'n_fft'"),
        ({"normal": 12}, "normal = 12"),
        ({"n_mels": "many"}, "n_mels"),
        ({"f_max": 99_999}, "f_max_hz"),
    ],
)
def test_a_cfg_that_makes_no_sense_is_told(change: dict[str, object], named: str) -> None:
    cfg = {key: value for key, value in {**CFG, **change}.items() if value is not None}
    with pytest.raises(CheckpointError, match=named) as caught:
        front_end_of_cfg(cfg, FILE)
    assert "front_end" in str(caught.value.remedy)


def test_mel_filters_of_another_front_end_are_told(tmp_path: Path) -> None:
    save_public(tmp_path / "sedmodel.pth")
    checkpoint = load_checkpoint(tmp_path / "sedmodel.pth")
    check_filters(checkpoint, front_end_of_cfg(CFG, FILE))
    for wrong in ({"f_max": 16_000}, {"n_mels": 128}):
        with pytest.raises(CheckpointError, match="mel filters"):
            check_filters(checkpoint, front_end_of_cfg({**CFG, **wrong}, FILE))
