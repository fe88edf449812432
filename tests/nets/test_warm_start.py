from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch

from birdscope.core.errors import CheckpointError
from birdscope.nets.checkpoints import Checkpoint, load_checkpoint
from birdscope.nets.warm_start import warm_start
from tests.nets.tiny import tiny_network

FILE = Path("sed0.pth")


def test_it_takes_what_fits_and_says_what_not() -> None:
    old, new = tiny_network("sed", 7), tiny_network("sed", 4, seed=5)
    head = new.state_dict()["att_block.cla.weight"].clone()
    report = warm_start(new, Checkpoint(FILE, old.state_dict()))
    assert set(report.skipped) == {
        f"att_block.{layer}.{kind}" for layer in ("att", "cla") for kind in ("weight", "bias")
    }
    assert torch.equal(new.state_dict()["fc1.weight"], old.state_dict()["fc1.weight"])
    assert torch.equal(new.state_dict()["att_block.cla.weight"], head)


@pytest.mark.parametrize("architecture", ["sed", "timm_sed", "birdclef_model"])
@pytest.mark.parametrize("in_channels", [1, 3])
def test_timms_own_weights_fill_the_backbone(
    architecture: str, in_channels: int, tmp_path: Path
) -> None:
    torch.manual_seed(3)
    source = timm.create_model("test_resnet", pretrained=False)
    torch.save(source.state_dict(), tmp_path / "test_resnet.pth")
    network = tiny_network(
        architecture,  # type: ignore[arg-type]
        backbone="test_resnet",
        in_channels=in_channels,
    )
    report = warm_start(network, load_checkpoint(tmp_path / "test_resnet.pth"))
    left = {key.partition(".")[0] for key in report.skipped}
    assert left <= {"bn0", "fc1", "att_block", "att_block2"}
    first = next(value for key, value in network.state_dict().items() if key in report.loaded)
    wanted = source.state_dict()["conv1.0.weight"]
    torch.testing.assert_close(first, wanted if in_channels == 3 else wanted.sum(1, keepdim=True))


def test_nothing_that_fits_is_an_error() -> None:
    with pytest.raises(CheckpointError, match="none of its tensors"):
        warm_start(tiny_network(), Checkpoint(FILE, {"w": torch.zeros(1)}))
