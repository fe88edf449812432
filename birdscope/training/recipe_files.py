"""Recipe files: where they are, which they are based on, and one laid over another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from birdscope.core.config import read_toml
from birdscope.core.errors import ConfigError, nearest

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class RecipeFile:
    """A recipe file as it was written.

    Attributes:
        path: Where it is.
        data: Its keys, `base` left out and each stage's `base` filled in.
    """

    path: Path
    data: dict[str, Any]


def built_in() -> tuple[str, ...]:
    """Names of the recipes that come with birdscope."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def find(name_or_path: str | Path, beside: Path | None = None) -> Path:
    """The file of a recipe, given by path or by the name of a built-in one.

    Args:
        name_or_path: What was given.
        beside: Folder that relative paths start from; None is the current one.

    Raises:
        ConfigError: if there is no built-in recipe of that name.
    """
    given = Path(name_or_path)
    path = beside / given if beside is not None else given
    if path.is_file() or given.suffix == ".toml" or given.name != str(name_or_path):
        return path
    known = built_in()
    if given.name in known:
        return FOLDER / f"{given.name}.toml"
    raise ConfigError(
        f"there is no recipe {str(name_or_path)!r}{nearest(given.name, known)}",
        remedy=f"give a TOML file, or one of {', '.join(known)}",
    )


def read_chain(path: Path) -> tuple[RecipeFile, ...]:
    """A recipe file and those it is based on, the base of all first.

    Raises:
        ConfigError: if a file is missing or not TOML, or the bases go in a circle.
    """
    chain: list[RecipeFile] = []
    seen: list[Path] = []
    while True:
        if path.resolve() in seen:
            names = " → ".join(one.name for one in [*seen, path])
            raise ConfigError(
                f"is based on itself: {names}", path=path, remedy="remove one 'base' of these"
            )
        seen.append(path.resolve())
        data = read_toml(path)
        base = data.pop("base", None)
        chain.insert(0, RecipeFile(path, _with_stage_bases(data, path)))
        if base is None:
            return tuple(chain)
        if not isinstance(base, str):
            raise ConfigError(
                f"key 'base': a name or a path is needed (got {base!r:.80})",
                path=path,
                remedy="correct the key in the file and try again",
            )
        path = find(base, path.parent)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One recipe laid over another: tables key by key, all else replaced.

    What the upper one sets loses the lower one's provenance; a note is not inherited. A
    front end, a mixture of two being none, is replaced where one of them is a name.
    """
    result = _over(below, above)
    if "note" not in above and "name" in above:
        result.pop("note", None)
    sources = dict(below.get("provenance", {}))
    for key in flat(above):
        sources.pop(key, None)
    if "stages" in above:
        sources = {key: one for key, one in sources.items() if not key.startswith("stages.")}
    sources |= _flat_sources(above.get("provenance", {}))
    result.pop("provenance", None)
    if sources:
        result["provenance"] = sources
    return result


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[key] = _over(old, value) if both and key != "provenance" else value  # type: ignore[arg-type]
    return result


def flat(body: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted key → value of all that a recipe sets, but for provenance.

    Stages and steps appear by name and number: `stages.round 1.optim.epochs`, `steps.0.sigma`.
    """
    found: dict[str, Any] = {}
    for key, value in body.items():
        name = f"{prefix}{key}"
        if name == "provenance":
            continue
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}.")
        elif isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
            for number, one in enumerate(value):
                found |= flat(one, f"{name}.{one.get('name', number)}.")
        else:
            found[name] = value
    return found


def _flat_sources(sources: Any) -> dict[str, Any]:
    """Provenance with dotted keys, whether they were quoted or not."""
    return flat(sources) if isinstance(sources, Mapping) else {}


def _with_stage_bases(data: dict[str, Any], path: Path) -> dict[str, Any]:
    """Stages that name an earlier one as `base` begin as a copy of it."""
    stages = data.get("stages")
    if isinstance(data.get("provenance"), Mapping):
        data["provenance"] = _flat_sources(data["provenance"])
    if not isinstance(stages, list):
        return data
    done: dict[str, dict[str, Any]] = {}
    filled = []
    for stage in stages:
        own = dict(stage)
        base = own.pop("base", None)
        if base is not None and base not in done:
            raise ConfigError(
                f"stage {own.get('name')!r} is based on {base!r}, which is no earlier stage"
                f"{nearest(str(base), done)}",
                path=path,
                remedy="name a stage that stands above it",
            )
        filled.append(_over(done[base], own) if base else own)
        done[str(own.get("name"))] = filled[-1]
    return data | {"stages": filled}
