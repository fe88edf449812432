"""What 8-bit nets were calibrated on, and which ensembles have them; without any science."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from birdscope.core import atomic, paths

# A net converted by another version of these is another net.
CONVERTERS = ("torch", "timm", "openvino")


@dataclass(frozen=True)
class Int8Calibration:
    """A set of windows that nets were calibrated on.

    Attributes:
        id: Of the windows' sound and of all that decides what nets come of it.
        dataset: Name of their dataset.
        dataset_fingerprint: Its fingerprint.
        split: The part of it.
        recordings: Recordings with at least one window.
        windows: Windows in all.
        seed: They were drawn with.
        nncf: Version of NNCF.
        made: Unix time, seconds.
    """

    id: str
    dataset: str
    dataset_fingerprint: str
    split: str
    recordings: int
    windows: int
    seed: int
    nncf: str
    made: float = field(default_factory=time.time)

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.windows} windows of {self.recordings} recordings of {self.dataset}"


@dataclass(frozen=True)
class CalibratedEnsemble:
    """An ensemble whose nets were all calibrated.

    Attributes:
        calibration: On what.
        fingerprint: Of the nets' numbers: scores agree where it does.
        nets: Folders of the nets.
        versions: Of what converted them.
    """

    calibration: Int8Calibration
    fingerprint: str
    nets: tuple[Path, ...]
    versions: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether all its nets are there, and of the versions that are installed."""
        there = all((net / "model.xml").is_file() for net in self.nets)
        return there and self.versions == converter_versions()


def converter_versions() -> tuple[str, ...]:
    """Installed versions of what converts nets; empty texts for what is not installed."""
    found = []
    for name in CONVERTERS:
        try:
            found.append(version(name))
        except PackageNotFoundError:
            found.append("")
    return tuple(found)


def can_calibrate() -> bool:
    """Whether NNCF is installed; does not import it."""
    return find_spec("nncf") is not None


def keep_calibrated(ensemble: str, calibrated: CalibratedEnsemble) -> Path:
    """Note that an ensemble was calibrated.

    Args:
        ensemble: Its fingerprint.
        calibrated: Its nets.

    Raises:
        OSError: if the cache can't be written.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ensemble[:16]}-{calibrated.calibration.id}.json"
    body = {**asdict(calibrated), "nets": [str(one) for one in calibrated.nets]}
    atomic.write_text(path, json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    return path


def kept_calibrated(ensemble: str, dataset: str = "") -> CalibratedEnsemble | None:
    """The calibration of an ensemble to use; None where there is none that can be used.

    Args:
        ensemble: Its fingerprint.
        dataset: Fingerprint of the dataset to be predicted: its own calibration is preferred.
    """
    found = [_read(path) for path in _folder().glob(f"{ensemble[:16]}-*.json")]
    usable = [one for one in found if one is not None and one.usable]
    best = preferred([one.calibration for one in usable], dataset)
    return next((one for one in usable if one.calibration == best), None)


def preferred(found: Sequence[Int8Calibration], dataset: str = "") -> Int8Calibration | None:
    """The one made on the dataset with this fingerprint, else the newest."""
    return max(found, key=lambda one: (one.dataset_fingerprint == dataset, one.made), default=None)


def _folder() -> Path:
    return paths.cache() / "int8"


def _read(path: Path) -> CalibratedEnsemble | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return CalibratedEnsemble(
            Int8Calibration(**body["calibration"]),
            str(body["fingerprint"]),
            tuple(map(Path, body["nets"])),
            tuple(body["versions"]),
        )
    return None
