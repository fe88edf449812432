from __future__ import annotations

import json
from pathlib import Path

import pytest

from birdscope.engine.live import ensemble_files
from birdscope.inference.fitting import checkpoint_classes, fits


def weights(path: Path, classes: list[str] | None) -> None:
    """A safetensors file that is nothing but its header."""
    said = {} if classes is None else {"birdscope": json.dumps({"classes": classes})}
    header = json.dumps({"__metadata__": said}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header)


@pytest.fixture
def ensemble(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "mine" / "ensemble.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[[members]]\nname = "a"\ncheckpoints = ["a.safetensors"]\n')
    return path


def test_without_weights_nothing_fits(ensemble: Path) -> None:
    assert not fits(ensemble, ["owl"]) and not fits(ensemble, None)


def test_known_classes_have_to_be_shared(ensemble: Path) -> None:
    file = ensemble.with_name("a.safetensors")
    weights(file, ["owl", "frog"])
    assert checkpoint_classes(file) == ("owl", "frog")
    assert fits(ensemble, ["owl", "cat"]) and not fits(ensemble, ["cat"]) and fits(ensemble, None)
    file.with_suffix(".toml").write_text('classes = ["cat"]\n')
    assert fits(ensemble, ["cat"]) and not fits(ensemble, ["owl"])


def test_unknown_classes_are_given_the_benefit_of_doubt(ensemble: Path) -> None:
    weights(ensemble.with_name("a.safetensors"), None)
    assert fits(ensemble, ["cat"])
    ensemble.write_text('classes = ["owl"]\n' + ensemble.read_text())
    assert fits(ensemble, ["owl"]) and not fits(ensemble, ["cat"])


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x04\0\0\0\0\0\0\0nope"])
def test_damaged_weights_do_not_fit(ensemble: Path, content: bytes) -> None:
    ensemble.with_name("a.safetensors").write_bytes(content)
    assert not fits(ensemble, ["owl"])


def test_a_training_in_models_is_found(ensemble: Path) -> None:
    blend = ensemble.parents[1] / "blend.toml"
    blend.write_text(ensemble.read_text())
    assert ensemble_files(ensemble.parents[1]) == [blend, ensemble]
