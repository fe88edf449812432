"""The cells of train.csv as values: what is odd becomes "unknown", never an exception."""

from __future__ import annotations

import ast
import math
import re

_PLAIN_LIST = re.compile(r"\['[^'\"\\]*'(?:, '[^'\"\\]*')*\]")
_NONE_AT_ALL = frozenset({"", "[]", "['']", '[""]', "nan"})


def parse_labels(text: str) -> tuple[str, ...] | None:
    """Labels of a cell that holds the text of a Python list, or labels joined by `;`.

    Returns:
        The labels without empty ones; None where the text can't be understood.

    >>> parse_labels("['grekis', '1139490']")
    ('grekis', '1139490')
    """
    if text in _NONE_AT_ALL:
        return ()
    if _PLAIN_LIST.fullmatch(text):
        return tuple(label for label in text[2:-2].split("', '") if label)
    if not text.startswith(("[", "(", "{")):
        return split_labels(text)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(value, list | tuple | set):
        return None
    if not all(isinstance(one, str | int) for one in value):
        return None
    return tuple(label for one in value if (label := str(one).strip()))


def split_labels(text: str) -> tuple[str, ...]:
    """Labels joined by `;` as in train_soundscapes_labels.csv; empty ones are left out."""
    return tuple(label for part in text.split(";") if (label := part.strip()))


def parse_number(text: str) -> float | None:
    """A finite number; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def parse_rating(text: str) -> float:
    """Stars from 0 to 5; 0 means unknown, and so does what is no such number."""
    value = parse_number(text)
    return value if value is not None and 0 <= value <= 5 else 0.0


def parse_coordinate(text: str, limit: float) -> float | None:
    """Degrees within ±limit; None where unknown."""
    value = parse_number(text)
    return value if value is not None and abs(value) <= limit else None
