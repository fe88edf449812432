"""When a recording began, as its name tells."""

from __future__ import annotations

from datetime import datetime

from birdscope.core.windows import stem_of


def recorded_at(key: str) -> datetime | None:
    """When a soundscape began, from `<site>_<YYYYMMDD>_<HHMMSS>`; None for other names.

    >>> recorded_at("train_soundscapes/H02_20230420_074000.ogg").hour
    7
    """
    parts = stem_of(key).split("_")
    try:
        return datetime.strptime("".join(parts[-2:]), "%Y%m%d%H%M%S")
    except ValueError:
        return None
