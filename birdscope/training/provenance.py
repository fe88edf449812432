"""Where the numbers of a recipe come from, in a form that can be checked and shown."""

from __future__ import annotations

from collections.abc import Mapping

KINDS = ("code", "write-up", "mission text", "measured", "own guess")
"""Public code, an author's account, the mission's text, measured here, or a guess."""


def check_provenance(sources: Mapping[str, str]) -> None:
    """Every entry says which kind of source it is, and which (but for the mission's text).

    Raises:
        ValueError: names the key.
    """
    for key, text in sources.items():
        kind, _, which = text.partition(":")
        if kind not in KINDS or not (which.strip() or text == "mission text"):
            kinds = ", ".join(f"'{one}: …'" for one in KINDS)
            raise ValueError(f"provenance of {key!r} must be one of {kinds} (got {text!r:.60})")


def source_of(key: str, sources: Mapping[str, str]) -> str | None:
    """The provenance of a dotted key; None where there is none.

    An entry of `stages.*.…` holds for every stage, one of a table for all its keys.
    """
    for name in _spellings(key):
        if name in sources:
            return sources[name]
    return None


def _spellings(key: str) -> list[str]:
    """The key, then the same of any stage, then the tables it is in."""
    parts = key.split(".")
    forms = [parts]
    if parts[0] == "stages" and len(parts) > 2:
        forms.append(["stages", "*", *parts[2:]])
    names = [".".join(form) for form in forms]
    if parts[0] != "stages":
        names += [".".join(parts[:size]) for size in range(len(parts) - 1, 0, -1)]
    return names
