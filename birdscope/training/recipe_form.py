"""A recipe as a form: every key with what is allowed, what it means and where it comes from.

Changes are texts by dotted key, as `birdscope train --set KEY=VALUE` takes them.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from birdscope.core import atomic
from birdscope.core.config import parse, read_toml
from birdscope.core.errors import ConfigError
from birdscope.features.presets import PRESETS
from birdscope.training.changes import changed
from birdscope.training.config_stages import TABLES, DistillConfig, PseudoConfig, StageConfig
from birdscope.training.facts import HAND, FormRow
from birdscope.training.recipe import Recipe, load_recipe
from birdscope.training.recipe_files import FOLDER, find, flat
from birdscope.training.recipe_view import rows_of, values_of

_RUN_RECIPE = "recipe.toml"
_OF_STAGES: dict[str, type[BaseModel]] = {"pseudo": PseudoConfig, "distill": DistillConfig}
_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def read_source(source: str) -> Recipe:
    """A recipe by built-in name, by file, or by the folder of a run that was trained by it.

    Raises:
        ConfigError: if there is none, or it is not valid.
    """
    return read_run(Path(source)) if is_run(source) else load_recipe(source)


def is_run(source: str) -> bool:
    """Whether a source is a run's folder."""
    return (Path(source) / _RUN_RECIPE).is_file()


def read_run(folder: Path) -> Recipe:
    """The recipe that a run was begun with.

    Raises:
        ConfigError: if it can't be read.
    """
    path = Path(folder) / _RUN_RECIPE
    return parse(Recipe, read_toml(path).get("recipe", {}), path)


def with_changes(recipe: Recipe, changes: Mapping[str, str]) -> Recipe:
    """A recipe with keys set anew; one key of a front end preset makes it a table.

    Raises:
        BirdscopeError: a key or value is not allowed; names it and what is.
    """
    texts = [f"{key}={text}" for key, text in changes.items()]
    inner = any(key.startswith("front_end.") for key in changes)
    if inner and "front_end" not in changes and isinstance(recipe.front_end, str):
        recipe = recipe.model_copy(update={"front_end": recipe.resolved_front_end})
    return changed(recipe, texts)


def form_of(source: str, changes: Mapping[str, str]) -> tuple[FormRow, ...]:
    """Every key of a recipe with its changes.

    Raises:
        BirdscopeError: as `read_source` and `with_changes`.
    """
    recipe = read_source(source)
    before = _texts(recipe)
    after = _texts(with_changes(recipe, changes))
    told = {row.key: row for row in rows_of(source)} if not is_run(source) else {}
    rows = []
    for key, text in after.items():
        row = told.get(key)
        by, note = (row.set_by, row.source) if row is not None else ("default", "")
        if is_run(source):
            by, note = "run", _source(recipe, key)
        if key in changes or text != before.get(key):
            by, note = HAND, ""
        rows.append(_row(key, text, before.get(key, ""), by, note))
    return tuple(sorted(rows, key=lambda row: _place(row.group)))


def save_own(source: str, changes: Mapping[str, str], path: Path, name: str) -> Recipe:
    """Write a recipe file that is based on the source and holds only what differs.

    Raises:
        BirdscopeError: as `with_changes`, or if there is a file already.
        OSError: if the disk refuses.
    """
    if path.exists():
        raise ConfigError("is there already", path=path, remedy="choose another name")
    recipe = with_changes(read_source(source), {**changes, "name": f'"{name}"'})
    if is_run(source):
        write_recipe(recipe, path)
        return recipe
    body: dict[str, Any] = {"name": name, "base": _base(source, path)}
    made = flat(recipe.model_dump(mode="json", exclude={"stages", "provenance"}))
    for key in changes:
        if key.startswith("front_end."):
            # a preset's other keys would not be inherited
            body["front_end"] = recipe.resolved_front_end.model_dump(mode="json")
        elif not key.startswith("stages.") and key in made:
            _put(body, key.split("."), made[key])
    if any(key.startswith("stages.") for key in changes):
        body["stages"] = recipe.model_dump(mode="json", exclude_unset=True)["stages"]
    body["provenance"] = dict.fromkeys(changes, "own guess: set by hand")
    atomic.write_text(path, tomlkit.dumps(_plain(body)))
    return recipe


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe down whole, so that nothing it is based on can change it later.

    Raises:
        OSError: if the disk refuses.
    """
    atomic.write_text(path, tomlkit.dumps(_plain(recipe.model_dump(mode="json"))))


def _base(source: str, path: Path) -> str:
    """What `base` says in a file there: a built-in name, else the whole path."""
    found = find(source)
    return found.stem if found.parent == FOLDER else str(found.resolve())


def _texts(recipe: Recipe) -> dict[str, str]:
    values = values_of(recipe)
    if isinstance(recipe.front_end, str):
        values = {"front_end": recipe.front_end, **values}
    return {key: text_of(value) for key, value in values.items()}


def text_of(value: Any) -> str:
    """A value as one types it.

    >>> text_of([0.0, 10.0]), text_of(True), text_of(None)
    ('[0.0, 10.0]', 'true', 'none')
    """
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)


def _source(recipe: Recipe, key: str) -> str:
    from birdscope.training.provenance import source_of

    return source_of(key, recipe.provenance) or ""


def _row(key: str, text: str, before: str, set_by: str, source: str) -> FormRow:
    group, name = _group(key)
    found = _field(key)
    choices: tuple[str, ...] = ()
    allowed = about = ""
    if key == "front_end":
        choices, about = tuple(PRESETS), "A preset, or a table of its keys."
    elif found is not None:
        model, field, own = found
        choices, allowed, about = _choices(field), _allowed(field), _about(model, own)
    return FormRow(key, group, name, text, before, set_by, source, choices, allowed, about)


def _group(key: str) -> tuple[str, str]:
    parts = key.split(".")
    if parts[0] == "stages":
        return f"stage {parts[1]}", ".".join(parts[2:])
    if len(parts) == 1 and key not in ("front_end", "steps"):
        return "run", key
    return parts[0], ".".join(parts[1:]) or ("preset" if key == "front_end" else "all")


_ORDER = ("run", "data", "augment", "loss", "optim", "model", "front_end", "validation", "member")


def _place(group: str) -> int:
    return _ORDER.index(group) if group in _ORDER else len(_ORDER) + group.startswith("stage ")


def _field(key: str) -> tuple[type[BaseModel], FieldInfo, str] | None:
    """The model and field behind a key; None where it is of a free table."""
    parts = key.split(".")
    model: type[BaseModel] = Recipe
    if parts[0] == "stages":
        parts = parts[2:]
        if parts[0] in _OF_STAGES:
            model, parts = _OF_STAGES[parts[0]], parts[1:]
        elif parts[0] not in TABLES:
            model = StageConfig
    for number, part in enumerate(parts):
        field = model.model_fields.get(part)
        if field is None:
            return None
        if number == len(parts) - 1:
            return model, field, part
        inner = next((one for one in _parts(field.annotation) if _is_model(one)), None)
        if inner is None:
            return None
        model = inner
    return None


def _parts(annotation: Any) -> list[Any]:
    """The members of a union, else the annotation itself."""
    if get_origin(annotation) in (Union, UnionType):
        return [one for part in get_args(annotation) for one in _parts(part)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _choices(field: FieldInfo) -> tuple[str, ...]:
    found: list[str] = []
    for one in _parts(field.annotation):
        if get_origin(one) is Literal:
            found += [str(value) for value in get_args(one)]
        elif one is bool:
            found += ["true", "false"]
        elif one is type(None) and found:
            found.append("none")
        elif one is str or one is float or one is int:
            return ()
    return tuple(found)


def _allowed(field: FieldInfo) -> str:
    """Kind and bounds in words: "whole number ≥ 1"."""
    names = {int: "whole number", float: "number", str: "text", bool: "true or false"}
    kinds = [names[one] for one in _parts(field.annotation) if one in names]
    if get_origin(field.annotation) in (tuple, list):
        kinds = ["a list in [ ]"]
    bounds = [
        f"{sign} {getattr(one, name):g}"
        for one in field.metadata
        for name, sign in _BOUNDS.items()
        if getattr(one, name, None) is not None
    ]
    unset = ["or none"] if type(None) in _parts(field.annotation) else []
    return " ".join([*kinds[:1], " and ".join(bounds), *unset]).replace("  ", " ").strip()


def _about(model: type[BaseModel], name: str) -> str:
    """What a class's docstring says of an attribute, on one line."""
    text = inspect.cleandoc(model.__doc__ or "").partition("Attributes:")[2]
    found = re.search(rf"^    {re.escape(name)}: (.*?)(?=^    \w+: |\Z)", text, re.M | re.S)
    return " ".join(found.group(1).split()) if found else ""


def _put(body: dict[str, Any], parts: list[str], value: Any) -> None:
    for part in parts[:-1]:
        body = body.setdefault(part, {})
    body[parts[-1]] = value


def _plain(value: Any) -> Any:
    """Without None and empty tables, which TOML doesn't have or need."""
    if isinstance(value, Mapping):
        made = {str(key): _plain(one) for key, one in value.items()}
        return {key: one for key, one in made.items() if one not in (None, {}, [])}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
