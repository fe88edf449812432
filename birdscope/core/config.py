"""Typed configuration read from TOML: validated on load, errors that name key and remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from birdscope.core.errors import ConfigError, nearest


class Config(BaseModel):
    """A frozen, strict settings object: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


ConfigT = TypeVar("ConfigT", bound=Config)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ConfigError: if it is missing, unreadable or not TOML; names file and line.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("there is no such file", path=path, remedy="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"can't be read: {error}", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}", path=path) from error


def load(model: type[ConfigT], path: Path) -> ConfigT:
    """Read and validate a TOML file as `model`.

    Raises:
        ConfigError: names the file, the key, the value and what is allowed.
    """
    return parse(model, read_toml(path), path)


def parse(model: type[ConfigT], data: dict[str, Any], path: Path | None = None) -> ConfigT:
    """Validate a plain dict as `model`; see `load`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(model, data, error), path=path, remedy=_REMEDY) from None


_REMEDY = "correct the key in the file and try again"


def _explain(model: type[Config], data: dict[str, Any], error: ValidationError) -> str:
    """The errors of a validation as lines, each with key, reason and the nearest key."""
    lines = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"]) or "the file"
        if item["type"] == "extra_forbidden":
            key = str(item["loc"][-1])
            lines.append(f"unknown key {where!r}{nearest(key, _keys_near(model, item['loc']))}")
        elif item["type"] == "missing":
            lines.append(f"key {where!r} is missing")
        else:
            lines.append(f"key {where!r}: {item['msg']} (got {item['input']!r:.80})")
    return "; ".join(lines)


def _keys_near(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Field names of every model reachable on the way to `location`."""
    return set(_all_fields(model, set()))


def _all_fields(model: type[BaseModel], seen: set[type]) -> list[str]:
    if model in seen:
        return []
    seen.add(model)
    names = list(model.model_fields)
    for info in model.model_fields.values():
        for inner in _models_in(info.annotation):
            names += _all_fields(inner, seen)
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _models_in(part)]
