"""Keys that the user has chosen: `keys.toml` in BIRDSCOPE_HOME, and one in the session over it.

    [keys]
    "browse.filter" = "ctrl+f"
    "app.forward" = ["full_stop", "ctrl+right"]

The ids are those of the bindings; `template` writes them all down.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key

from birdscope.core import config, paths
from birdscope.core.config import Config
from birdscope.core.errors import ConfigError, nearest

FILE = "keys.toml"
_GLOBAL = "BirdscopeApp"


class KeysFile(Config):
    """What stands in a keys file.

    Attributes:
        keys: Id of a binding → its key, or several.
    """

    keys: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A binding where it is declared.

    Attributes:
        owner: Name of the widget, screen or app.
        binding: With its usual keys.
    """

    owner: str
    binding: Binding


@dataclass(frozen=True)
class Keys:
    """What the files come to.

    Attributes:
        keymap: Id → keys, for Textual.
        problems: What is wrong with which file, in words; such lines are left out.
    """

    keymap: Mapping[str, str]
    problems: tuple[str, ...] = ()


def files(session: Path | None = None) -> list[Path]:
    """The keys files that exist, the one that has the last word last."""
    folders = [paths.home(), *([session] if session is not None else [])]
    return [folder / FILE for folder in folders if (folder / FILE).is_file()]


def read(found: Sequence[Path]) -> Keys:
    """Read keys files and check them. Imports every screen: call it in a thread."""
    wanted: dict[str, tuple[Path, tuple[str, ...]]] = {}
    problems: list[str] = []
    for path in found:
        try:
            lines = config.load(KeysFile, path).keys
        except ConfigError as error:
            problems.append(str(error))
            continue
        wanted |= {name: (path, _normal(keys)) for name, keys in lines.items()}
    return _checked(wanted, known(), problems)


def known() -> dict[str, list[Place]]:
    """Id → where it is bound, of every binding of the interface."""
    import birdscope.tui

    for module in pkgutil.walk_packages(birdscope.tui.__path__, "birdscope.tui."):
        importlib.import_module(module.name)
    found: dict[str, list[Place]] = {}
    for owner in _classes(DOMNode):
        for binding in owner.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, []).append(Place(owner.__name__, binding))
    return found


def template() -> str:
    """A keys file that says every id, its usual key and what it does, and changes nothing."""
    lines = ["# Take the # away from a line and change its key; several keys: [\"a\", \"b\"].",
             "[keys]"]  # fmt: skip
    group = ""
    for name, places in sorted(known().items()):
        prefix = name.partition(".")[0]
        if prefix != group:
            group = prefix
            lines.append(f"\n# {group}")
        binding = places[0].binding
        keys = binding.key.split(",")
        value = f'"{keys[0]}"' if len(keys) == 1 else str(keys).replace("'", '"')
        lines.append(f'# "{name}" = {value}  # {binding.tooltip or binding.description}')
    return "\n".join(lines) + "\n"


def _checked(
    wanted: Mapping[str, tuple[Path, tuple[str, ...]]],
    places: Mapping[str, list[Place]],
    problems: list[str],
) -> Keys:
    keymap: dict[str, str] = {}
    for name, (path, keys) in wanted.items():
        if name not in places:
            problems.append(f"{path}: there is no action {name!r}{nearest(name, places)}")
        elif not keys or not all(keys):
            problems.append(f"{path}: {name} has no key: give it one, or take the line out")
        else:
            keymap[name] = ",".join(keys)
    usual = {
        name: _normal(tuple(key for one in found for key in one.binding.key.split(",")))
        for name, found in places.items()
    }
    for name in list(keymap):
        clash = _clash(name, keymap, usual, places)
        if clash:
            path, keys = wanted[name]
            problems.append(
                f"{path}: {name} = {', '.join(keys)} clashes with {clash}; left as it was"
            )
            del keymap[name]
    return Keys(keymap, tuple(problems))


def _clash(
    name: str,
    keymap: Mapping[str, str],
    usual: Mapping[str, tuple[str, ...]],
    places: Mapping[str, list[Place]],
) -> str:
    """The action that has one of these keys in the same place; empty where none has."""
    keys, owners = set(keymap[name].split(",")), {one.owner for one in places[name]}
    for other, found in places.items():
        beside = {one.owner for one in found}
        together = owners & beside or _GLOBAL in beside or _GLOBAL in owners
        theirs = set(keymap[other].split(",")) if other in keymap else set(usual[other])
        if other != name and together and keys & theirs - set(usual[name]):
            tooltip = found[0].binding.tooltip or found[0].binding.description
            return f"{other} ({tooltip})"
    return ""


def _normal(keys: str | Iterable[str]) -> tuple[str, ...]:
    """Names of keys as Textual has them: `/` is `slash`."""
    parts = keys.split(",") if isinstance(keys, str) and keys != "," else list(keys)
    stripped = (part.strip() for part in parts)
    return tuple(_character_to_key(one) if len(one) == 1 else one for one in stripped)


def _classes(base: type[DOMNode]) -> Iterable[type[DOMNode]]:
    for one in base.__subclasses__():
        if one.__module__.startswith("birdscope."):
            yield one
        yield from _classes(one)
