from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from birdscope.core.errors import CheckpointError, ConfigError
from birdscope.features.presets import preset
from birdscope.nets.checkpoints import (
    CheckpointMeta,
    load_checkpoint,
    save_checkpoint,
    sidecar_of,
)
from birdscope.nets.loading import load_network
from tests.nets.tiny import CFG, config, save_public, save_tiny, tiny_network


class Settings:
    """A configuration object, as careless notebooks pickle them."""

    n_fft = 1024


class Marker:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return (Path.touch, (self.path,))


def refused(path: Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert caught.value.path == path
    assert caught.value.remedy
    return caught.value


def test_ours_come_back_with_all_they_know(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    network = tiny_network("birdclef_model")
    meta = CheckpointMeta(
        model=config("birdclef_model"),
        front_end=preset("seresnext"),
        classes=("a", "b", "c", "d"),
        context_s=10,
        pooling="max",
        recipe={"optim": {"epochs": 3, "ema": None}, "tags": ["x", "y"]},
        metrics={"macro_auc": 0.87},
        parents=("demo-data",),
    )
    save_checkpoint(path, network, meta)
    kept = load_checkpoint(path)
    assert kept.meta.front_end == preset("seresnext")
    assert kept.classes == ("a", "b", "c", "d")
    assert kept.meta.recipe == {"optim": {"epochs": 3}, "tags": ["x", "y"]}
    assert kept.meta.metrics == {"macro_auc": 0.87}
    assert kept.meta.parents == ("demo-data",)
    assert kept.meta.model is not None
    again = load_network(kept, kept.meta.model)
    mel = torch.randn(1, 1, 64, 157)
    assert torch.equal(again(mel).clip_logits, network(mel).clip_logits)


def test_a_file_copied_alone_still_knows_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    save_tiny(path)
    both = load_checkpoint(path)
    sidecar_of(path).unlink()
    assert load_checkpoint(path).meta == both.meta


def test_the_sidecar_can_be_edited(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    save_tiny(path)
    text = sidecar_of(path).read_text()
    sidecar_of(path).write_text(text.replace('["a", "b", "c", "d"]', '["a", "b", "c", "x"]'))
    assert load_checkpoint(path).classes == ("a", "b", "c", "x")
    sidecar_of(path).write_text(text.replace("classes", "clases"))
    with pytest.raises(ConfigError, match="unknown key 'clases'; did you mean 'classes'"):
        load_checkpoint(path)


def test_only_safetensors_are_written(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"end in \.safetensors"):
        save_checkpoint(tmp_path / "best.pth", tiny_network(), CheckpointMeta())


def test_public_files_come_back(tmp_path: Path) -> None:
    save_public(tmp_path / "sedmodel.pth")
    checkpoint = load_checkpoint(tmp_path / "sedmodel.pth")
    assert checkpoint.cfg == CFG
    assert checkpoint.classes is None
    assert "bn0.weight" in checkpoint.state_dict


def test_a_public_file_can_have_a_sidecar(tmp_path: Path) -> None:
    save_public(tmp_path / "sedmodel.pth")
    (tmp_path / "sedmodel.toml").write_text('classes = ["a", "b", "c", "d"]\n')
    assert load_checkpoint(tmp_path / "sedmodel.pth").classes == ("a", "b", "c", "d")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_wrappers_prefixes_are_removed(tmp_path: Path, prefix: str) -> None:
    state = tiny_network().state_dict()
    path = tmp_path / "wrapped.pth"
    torch.save({"state_dict": {prefix + key: value for key, value in state.items()}}, path)
    assert list(load_checkpoint(path).state_dict) == list(state)


def test_numpy_scalars_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "scalars.pth"
    cfg = {"auc": np.float64(0.9), "epoch": np.int64(3)}
    torch.save({"cfg": cfg, "model_state_dict": tiny_network().state_dict()}, path)
    assert load_checkpoint(path).cfg == cfg


def test_missing(tmp_path: Path) -> None:
    assert "no such checkpoint" in refused(tmp_path / "sed0.pth").what


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "sed0.pth").touch()
    assert "is empty" in refused(tmp_path / "sed0.pth").what


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("zipped", [True, False])
def test_truncated_torch_files(tmp_path: Path, share: float, zipped: bool) -> None:
    path = tmp_path / "sed0.pth"
    torch.save(tiny_network().state_dict(), path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "truncated, damaged" in refused(path).what


def test_truncated_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    save_tiny(path)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "truncated" in refused(path).what
    path.write_bytes(b"not weights at all")
    assert "truncated or no safetensors" in refused(path).what


def test_text_and_other_files(tmp_path: Path) -> None:
    path = tmp_path / "sed0.pth"
    path.write_text("<html>404</html>")
    assert "no PyTorch file" in refused(path).what


def test_pickled_objects_are_refused_with_the_way_to_convert(tmp_path: Path) -> None:
    path = tmp_path / "sedmodel.pth"
    torch.save({"cfg": Settings(), "model_state_dict": {}}, path)
    error = refused(path)
    assert "tests.nets.test_checkpoints.Settings" in error.what
    assert "torch.save" in str(error.remedy)
    torch.save(torch.nn.Linear(2, 2), path)
    assert "torch.nn.modules.linear.Linear" in refused(path).what


def test_nothing_in_a_pickle_is_ever_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "sed0.pth", tmp_path / "was-run"
    for protocol in (2, 5):
        path.write_bytes(pickle.dumps({"cfg": Marker(trace)}, protocol))
        assert "pickled Python objects" in refused(path).what
    torch.save({"cfg": Marker(trace)}, path)
    refused(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (torch.zeros(3), "Tensor"),
        ({"epoch": 3, "w": torch.zeros(2)}, "'epoch'"),
        ({}, "no tensors"),
        ({"cfg": "text", "model_state_dict": {"w": torch.zeros(2)}}, "'cfg' is a str"),
        ({"model_state_dict": {"w": 1.0}}, "'w' holds a float"),
    ],
)
def test_foreign_contents_are_named(tmp_path: Path, content: object, named: str) -> None:
    path = tmp_path / "other.pth"
    torch.save(content, path)
    assert named in refused(path).what
