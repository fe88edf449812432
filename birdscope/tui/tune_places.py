"""Where Tune looks for scores, and how it comes back to where it was. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.settings import Settings
from birdscope.tui.tune_stack import fits

if TYPE_CHECKING:
    from birdscope.engine.tune_messages import TuningOpened, TuningSource
    from birdscope.session.state import TunePlace

_FINGERPRINT = re.compile(r"^([0-9a-f]{6})[0-9a-f]{10,}$")


def folders(
    given: Sequence[Path], place: TunePlace | None, source: TuningSource | None
) -> tuple[Path, ...]:
    """What is looked through beside the session.

    Args:
        given: By the user.
        place: Where the user was last time; None where nobody knows.
        source: What is open; None where nothing is.
    """
    last = (Path(place.scores),) if place is not None and place.scores else ()
    now = (source.scores,) if source is not None else ()
    return tuple(dict.fromkeys((*given, *last, *now)))


def below(sources: Sequence[TuningSource], folder: Path) -> list[TuningSource]:
    """The sources whose scores are in a folder, or in one below it."""
    return [one for one in sources if one.scores == folder or folder in one.scores.parents]


def nothing_in(folder: Path, sources: Sequence[TuningSource]) -> str:
    """Why nothing in a folder that the user gave can be used."""
    problems = [one.problem for one in below(sources, folder) if one.problem]
    return (
        problems[0]
        if problems
        else (
            f"{folder} has no scores of this dataset.\n→ choose the folder of a training run that "
            "is done, or one that birdscope predict wrote, for the dataset that is open"
        )
    )


def wrong_folder(path: Path) -> str:
    """Why nothing can be looked for there; empty where it can."""
    return "" if path.is_dir() else "there is no such folder"


def where(scores: Path, session: Path) -> str:
    """A folder of scores as a list shows it: short where it is the session's.

    >>> where(Path("/s/default/scores-jobs/41a3995fc4c8d706/test"), Path("/s/default"))
    'in this session: scores-jobs/41a399…/test'
    """
    if session in scores.parents:
        parts = scores.relative_to(session).parts
        return "in this session: " + "/".join(_FINGERPRINT.sub(r"\1…", one) for one in parts)
    if Path.home() in scores.parents:
        return f"~/{scores.relative_to(Path.home())}"
    return str(scores)


def was_open(one: TuningSource, source: TuningSource | None, place: TunePlace | None) -> bool:
    """Whether these are the scores and labels of this screen, or of its last time.

    Args:
        one: Asked about.
        source: What is open; None where nothing is.
        place: Where the user was last time; None where nobody knows.
    """
    known = (one.kind, one.scores, one.labels)
    if source is not None:
        return known == (source.kind, source.scores, source.labels)
    if place is None:
        return False
    labels = Path(place.labels) if place.labels else None
    return known == (place.kind, Path(place.scores), labels)


def first_settings(
    opened: TuningOpened, place: TunePlace | None, in_use: Settings | None
) -> Settings:
    """What was in hand last, else the session's, else the ensemble's own."""
    known = (place.settings if place is not None else None, in_use)
    fitting = (one for one in known if one is not None and fits(one, opened.members))
    return next(fitting, opened.default_settings)


def baseline_of(opened: TuningOpened, place: TunePlace | None, now: Settings) -> Settings:
    """What the others are compared with: as last time, as now, or the notebook's."""
    wanted = place.baseline if place is not None else None
    if wanted is not None and fits(wanted, opened.members):
        return wanted
    if now == Settings() or not fits(now, opened.members):
        return opened.baselines[0]
    return now
