"""Checkpoints on disk: read without running anything in them, written with all that made them.

A checkpoint of ours is `<name>.safetensors` with a readable `<name>.toml` beside it (model,
front end, classes, recipe, metrics, parents); the same text is kept in the weights' header,
so that a file copied alone still knows what it is. Public `.pth` files are read with
`weights_only=True`: a state dict, or `{"cfg": dict, "model_state_dict": …}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from birdscope import __version__
from birdscope.core import atomic
from birdscope.core.config import Config, parse, read_toml
from birdscope.core.errors import CheckpointError
from birdscope.features.front_end import FrontEnd
from birdscope.nets.config import Pooling, SedConfig
from birdscope.nets.torch_files import read_torch_file

_HEADER_KEY = "birdscope"
_STATE_KEYS = ("model_state_dict", "state_dict", "model")
_WRAPPERS = ("module.", "_orig_mod.")


class CheckpointMeta(Config):
    """What a checkpoint says of itself; every field may be unknown for a foreign file.

    Attributes:
        model: The net, enough to build it again.
        front_end: What it was trained on.
        classes: Labels of its outputs, in order.
        context_s: Seconds of sound it sees for one 5 s window.
        pooling: How its frames become a window's probability.
        recipe: The training recipe in full.
        metrics: What it reached, and at which epoch.
        parents: Checkpoints or datasets it came from.
        version: Of birdscope that wrote it.
    """

    model: SedConfig | None = None
    front_end: FrontEnd | None = None
    classes: tuple[str, ...] | None = None
    context_s: float | None = Field(default=None, gt=0)
    pooling: Pooling | None = None
    recipe: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    parents: tuple[str, ...] = ()
    version: str = __version__


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights, read.

    Attributes:
        path: Where it came from.
        state_dict: Tensors by name, wrappers' prefixes (`module.`) removed.
        cfg: The `cfg` of a public checkpoint; empty where it has none.
        meta: From the sidecar or the header; empty fields where unknown.
    """

    path: Path
    state_dict: Mapping[str, Tensor]
    cfg: Mapping[str, Any] = field(default_factory=dict)
    meta: CheckpointMeta = field(default_factory=CheckpointMeta)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Labels of its outputs, where known."""
        return self.meta.classes


def load_checkpoint(path: Path, *, mapped: bool = False) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: A `.pth` or `.safetensors` file.
        mapped: Leave tensors in the file until they are looked at, where the file allows it;
            for whoever copies what is needed and lets go of the rest at once.

    Raises:
        CheckpointError: if it is missing, truncated, not a checkpoint, or needs arbitrary
            pickle; says which and what to do.
        ConfigError: if its sidecar is not valid.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            "there is no such checkpoint",
            path=path,
            remedy="put the file there, or correct `checkpoints` in the ensemble file",
        )
    if path.suffix == ".safetensors":
        state, header = _read_safetensors(path)
        return Checkpoint(path, _unwrapped(state), meta=_meta(path, header))
    state, cfg = _split(read_torch_file(path, mapped=mapped), path)
    return Checkpoint(path, _unwrapped(state), cfg, _meta(path, None))


def save_checkpoint(path: Path, model: nn.Module, meta: CheckpointMeta) -> None:
    """Write `path` (.safetensors) and its sidecar, each whole or not at all.

    Raises:
        CheckpointError: if the ending is another, or the disk refuses.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise CheckpointError("our weights end in .safetensors", path=path)
    body = _without_none(meta.model_dump(mode="json"))
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    try:
        with atomic.replacing(path) as temporary:
            save_file(state, temporary, {_HEADER_KEY: json.dumps(body, ensure_ascii=False)})
        atomic.write_text(sidecar_of(path), tomlkit.dumps(body))
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"can't be written: {error}", path=path, remedy="check the disk's space and rights"
        ) from error


def sidecar_of(path: Path) -> Path:
    """Where a checkpoint's readable description lies: `<name>.toml`."""
    return Path(path).with_suffix(".toml")


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any] | None]:
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = (file.metadata() or {}).get(_HEADER_KEY)
        return state, json.loads(header) if header else None
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointError(
            f"is truncated or no safetensors file: {error}",
            path=path,
            remedy="copy or train it again",
        ) from error


def _meta(path: Path, header: dict[str, Any] | None) -> CheckpointMeta:
    """The sidecar, which a person may edit; else the header; else nothing known."""
    sidecar = sidecar_of(path)
    if sidecar.is_file():
        return parse(CheckpointMeta, read_toml(sidecar), sidecar)
    return parse(CheckpointMeta, header, path) if header is not None else CheckpointMeta()


def _split(content: Any, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """State dict and cfg of what a torch file holds."""
    if not isinstance(content, Mapping):
        raise _foreign(path, f"it holds a {type(content).__name__}")
    for key in _STATE_KEYS:
        if isinstance(content.get(key), Mapping):
            cfg = content.get("cfg", {})
            if not isinstance(cfg, Mapping):
                raise _foreign(path, f"its 'cfg' is a {type(cfg).__name__}, not a dict")
            return _tensors(content[key], path), dict(cfg)
    return _tensors(content, path), {}


def _tensors(state: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise _foreign(path, f"key {key!r} holds a {type(value).__name__}, not a tensor")
    if not state:
        raise _foreign(path, "it holds no tensors")
    return dict(state)


def _foreign(path: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"is no checkpoint that birdscope knows: {what}",
        path=path,
        remedy='save a plain state dict, or {"cfg": dict, "model_state_dict": state dict}',
    )


def _unwrapped(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the prefixes that DataParallel and torch.compile put before every key."""
    for prefix in _WRAPPERS:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return dict(state)


def _without_none(value: Any) -> Any:
    """TOML has no null: absent means unknown."""
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_none(one) for one in value if one is not None]
    return value
