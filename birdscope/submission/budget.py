"""Will it be done in 90 minutes? Measured seconds per soundscape against Kaggle's limit.

A `Speed` is what one machine measured of one ensemble; it is kept in a session's folder
`budget/`. A `Budget` is what that makes of 700 hidden soundscapes. Imports no science.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from birdscope.core import atomic
from birdscope.core.errors import SubmissionError
from birdscope.core.windows import SOUNDSCAPE_S, window_count

HIDDEN_SOUNDSCAPES = 700
LIMIT_S = 90 * 60.0


@dataclass(frozen=True)
class Speed:
    """How fast an ensemble was on a machine.

    Attributes:
        ensemble: Its name.
        fingerprint: Of its members and weights.
        backend: What ran the nets: "torch" or "openvino".
        device: "cpu" or "cuda".
        threads: CPU threads of the nets.
        seconds: Checkpoint → seconds for a soundscape of 60 s.
        members: Checkpoint → member.
        order: Checkpoints in the order in which a time limit leaves them out.
        other_s: All else for a soundscape of 60 s: decoding, mel, writing.
        start_s: Before the first soundscape: imports, weights, headers.
        busy: Whether the machine had other work, which makes it look slower.
        made: Unix time, seconds.
        precision: What the nets computed in: "exact", "fast" or "int8".
    """

    ensemble: str
    fingerprint: str
    backend: str
    device: str
    threads: int
    seconds: Mapping[str, float]
    members: Mapping[str, str]
    order: tuple[str, ...]
    other_s: float
    start_s: float
    busy: bool = False
    made: float = field(default_factory=time.time)
    precision: str = "exact"

    @property
    def way(self) -> str:
        """Backend and precision, for people."""
        return self.backend if self.precision == "exact" else f"{self.backend} {self.precision}"

    @property
    def soundscape_s(self) -> float:
        """Seconds for a whole soundscape of 60 s."""
        return sum(self.seconds.values()) + self.other_s


@dataclass(frozen=True, slots=True)
class MemberTime:
    """What a member costs in all.

    Attributes:
        name: The member.
        seconds: For all soundscapes.
        checkpoints: How many it has.
        dropped: How many of them have to go.
    """

    name: str
    seconds: float
    checkpoints: int
    dropped: int


@dataclass(frozen=True)
class Budget:
    """A speed, projected.

    Attributes:
        limit_s: Seconds there are.
        total_s: Seconds it takes with every checkpoint.
        members: In the ensemble's order.
        other_s: Start, decoding, mel, post-processing and writing, for all soundscapes.
        drops: Checkpoints to leave out so that it fits, in order; one always stays.
        kept_s: Seconds it takes without them.
        reserve_s: Of `other_s`, what is kept for slow disks at the end.
    """

    limit_s: float
    total_s: float
    members: tuple[MemberTime, ...]
    other_s: float
    drops: tuple[str, ...]
    kept_s: float
    reserve_s: float

    @property
    def fits(self) -> bool:
        """Whether nothing has to go."""
        return self.total_s <= self.limit_s

    @property
    def hopeless(self) -> bool:
        """Whether even the last checkpoint alone takes too long."""
        return self.kept_s > self.limit_s


def project(
    speed: Speed, soundscapes: int = HIDDEN_SOUNDSCAPES, limit_s: float = LIMIT_S
) -> Budget:
    """What a speed makes of so many soundscapes of 60 s."""
    from birdscope.inference.time_guard import reserve_s

    rows = soundscapes * window_count(SOUNDSCAPE_S)
    reserved_s = reserve_s(rows)
    other_s = speed.start_s + reserved_s + soundscapes * speed.other_s
    costs = {name: soundscapes * seconds for name, seconds in speed.seconds.items()}
    drops, left = [], dict(costs)
    for name in speed.order:
        if other_s + sum(left.values()) <= limit_s or len(left) == 1:
            break
        if left.pop(name, None) is not None:
            drops.append(name)
    return Budget(
        limit_s,
        other_s + sum(costs.values()),
        _member_times(speed, costs, drops),
        other_s,
        tuple(drops),
        other_s + sum(left.values()),
        reserved_s,
    )


def _member_times(
    speed: Speed, costs: Mapping[str, float], drops: list[str]
) -> tuple[MemberTime, ...]:
    names = dict.fromkeys(speed.members[one] for one in costs)
    owned = {name: [one for one in costs if speed.members[one] == name] for name in names}
    return tuple(
        MemberTime(
            name,
            sum(costs[one] for one in ours),
            len(ours),
            sum(one in drops for one in ours),
        )
        for name, ours in owned.items()
    )


def keep_speed(folder: Path, speed: Speed) -> Path:
    """Write a speed to its file in a folder `budget/`; a newer one takes its place.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    way = speed.way.replace(" ", "-")
    path = folder / f"{speed.fingerprint[:16]}-{way}-{speed.device}.json"
    try:
        atomic.write_text(path, json.dumps(asdict(speed), ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise SubmissionError(
            f"the measured speed can't be written: {error.strerror or error}",
            path=path,
            remedy="make room or choose another folder",
        ) from error
    return path


def kept_speeds(folder: Path, fingerprint: str) -> list[Speed]:
    """The speeds of an ensemble, the newest first; a damaged file counts as not measured."""
    found = [_read(path) for path in folder.glob(f"{fingerprint[:16]}-*.json")]
    return sorted((one for one in found if one is not None), key=lambda one: -one.made)


def _read(path: Path) -> Speed | None:
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        body["order"] = tuple(body["order"])
        speed = Speed(**body)
        complete = set(speed.seconds) == set(speed.members) and speed.soundscape_s > 0
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return speed if complete else None
