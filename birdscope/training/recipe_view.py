"""Recipes for people: every key with its value, where it is set and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from birdscope.training.provenance import source_of
from birdscope.training.recipe import Recipe, load_recipe
from birdscope.training.recipe_files import RecipeFile, built_in, find, flat, read_chain

_ABOUT = ("name", "note", "provenance")


@dataclass(frozen=True)
class RecipeRow:
    """One key of a recipe.

    Attributes:
        key: Dotted: `optim.epochs`, `stages.round 1.pseudo.power`.
        value: As in TOML.
        set_by: Name of the recipe that sets it, "default", or the front end's preset.
        source: Its provenance; empty where nobody has stated one.
    """

    key: str
    value: Any
    set_by: str
    source: str


@dataclass(frozen=True)
class RecipeSummary:
    """A recipe in a line.

    Attributes:
        name: What `birdscope train` takes.
        note: What it is for.
        bases: Recipes it is based on, the nearest first.
        stages: Names of its stages; none for a recipe without.
        epochs: Over all stages, for each model.
        models: Folds × seeds.
    """

    name: str
    note: str
    bases: tuple[str, ...]
    stages: tuple[str, ...]
    epochs: int
    models: int


def summaries() -> tuple[RecipeSummary, ...]:
    """Every recipe that comes with birdscope."""
    return tuple(_summary(name) for name in built_in())


def _summary(name: str) -> RecipeSummary:
    recipe = load_recipe(name)
    return RecipeSummary(
        name=recipe.name,
        note=recipe.note,
        bases=tuple(file.path.stem for file in reversed(read_chain(find(name))[:-1])),
        stages=tuple(stage.name for stage in recipe.stages),
        epochs=sum(stage.recipe.optim.epochs for stage in recipe.resolved_stages),
        models=recipe.folds * recipe.seeds,
    )


def rows_of(name_or_path: str | Path) -> tuple[RecipeRow, ...]:
    """Every key of a recipe with its value, in the order of the recipe's tables.

    Of stages only what they set is listed; a front end given by name is listed in full.

    Raises:
        ConfigError: if there is no such recipe, or it is not valid.
    """
    recipe = load_recipe(name_or_path)
    chain = read_chain(find(name_or_path))
    rows = []
    for key, value in values_of(recipe).items():
        by = _set_by(key, recipe, chain)
        source = source_of(key, recipe.provenance)
        if source is None and by.startswith("preset"):
            source = recipe.provenance.get("front_end")
        rows.append(RecipeRow(key, value, by, source or ""))
    return tuple(rows)


def differences(
    one: str | Path, other: str | Path
) -> tuple[tuple[str, RecipeRow | None, RecipeRow | None], ...]:
    """Keys whose values differ, each with the row of either recipe; None where it lacks one."""
    left, right = ({row.key: row for row in rows_of(name)} for name in (one, other))
    keys = [*left, *(key for key in right if key not in left)]
    return tuple(
        (key, left.get(key), right.get(key))
        for key in keys
        if key.split(".")[0] not in _ABOUT and _value(left.get(key)) != _value(right.get(key))
    )


def as_toml(recipe: Recipe) -> str:
    """A recipe with all that its bases and the defaults set, as a file that can be loaded."""
    return tomlkit.dumps(_without_empty(recipe.model_dump(mode="json")))


def _value(row: RecipeRow | None) -> Any:
    return row.value if row is not None else None


def values_of(recipe: Recipe) -> dict[str, Any]:
    """Dotted key → value of the whole recipe, of stages what they set."""
    body = recipe.model_dump(mode="json", exclude={"stages", "provenance"})
    body["front_end"] = recipe.resolved_front_end.model_dump(mode="json")
    body["model"]["n_mels"] = recipe.network.n_mels
    stages = recipe.model_dump(mode="json", include={"stages"}, exclude_unset=True)
    return flat(body) | flat(stages)


def _set_by(key: str, recipe: Recipe, chain: Sequence[RecipeFile]) -> str:
    """The last recipe file that sets a key."""
    for file in reversed(chain):
        if key in flat(file.data):
            return str(file.data.get("name", file.path.stem))
    if key.startswith("front_end.") and isinstance(recipe.front_end, str):
        return f"preset {recipe.front_end}"
    return "default"


def _without_empty(value: Any) -> Any:
    """Without empty tables and lists, and None, which only say that there is nothing."""
    if isinstance(value, Mapping):
        made = {key: _without_empty(one) for key, one in value.items()}
        return {key: one for key, one in made.items() if one not in ({}, [], None)}
    return [_without_empty(one) for one in value] if isinstance(value, list) else value
