"""A recipe changed by `KEY=VALUE` texts, as a command line has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from birdscope.core.config import parse
from birdscope.core.errors import UsageError, nearest
from birdscope.training.recipe import Recipe
from birdscope.training.recipe_files import merged


def changed(recipe: Recipe, texts: Sequence[str], source: Path | None = None) -> Recipe:
    """A recipe with keys set anew.

    Args:
        recipe: As it was read.
        texts: `optim.epochs=3`, `front_end=small`; `stages.round 1.optim.epochs=3` changes a
            stage, `stages.*.optim.epochs=3` every stage.
        source: Its file, for errors.

    Raises:
        UsageError: if a text is no KEY=VALUE, or names a stage that isn't there.
        ConfigError: if there is no such key, or the value is not allowed.
    """
    body = recipe.model_dump(mode="json", exclude_unset=True)
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(
                f"{text!r} is not KEY=VALUE", remedy="write it as optim.learning_rate=1e-3"
            )
        body = _set(body, key.strip(), _value(value.strip()))
    return parse(Recipe, body, source)


def _value(text: str) -> Any:
    """What TOML makes of a text; a text that is no TOML is itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(body: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    table, _, rest = key.partition(".")
    if table != "stages":
        return merged(body, _nested(key.split("."), value))
    stages = [dict(one) for one in body.get("stages", [])]
    names = [str(one["name"]) for one in stages]
    name, _, rest = rest.partition(".")
    if name != "*" and name not in names:
        raise UsageError(
            f"there is no stage {name!r}{nearest(name, names)}",
            remedy=f"the stages are {', '.join(names)}" if names else "the recipe has no stages",
        )
    if not rest:
        raise UsageError(f"{key!r} names a stage, not one of its keys")
    sources = body.get("provenance", {})
    changed_ones = [
        merged(one, _nested(rest.split("."), value)) if name in ("*", one["name"]) else one
        for one in stages
    ]
    gone = {f"stages.{one}.{rest}" for one in ("*", *names)}
    kept = {one: text for one, text in sources.items() if one not in gone}
    return {**body, "stages": changed_ones, "provenance": kept}


def _nested(parts: Sequence[str], value: Any) -> dict[str, Any]:
    for part in reversed(parts):
        value = {part: value}
    return dict(value)
