"""8-bit nets in the cache, beside the conversions they were made from.

A folder `<key of the conversion>-int8-<calibration>` holds a net and `calibration.json`: what it
was calibrated on and a digest of its weights. Other weights, other versions or another
calibration set are another folder. Finding one needs no NNCF.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from birdscope.core import atomic, paths
from birdscope.core.errors import ConfigError
from birdscope.core.int8 import Int8Calibration, preferred
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.openvino_cache import MODEL, is_whole, key_of

_NOTE = "calibration.json"
REMEDY = "birdscope quantize --data DIR --ensemble FILE calibrates it on your soundscapes"


@dataclass(frozen=True)
class QuantisedNet:
    """An 8-bit net on the disk.

    Attributes:
        model: Its `.xml`.
        calibration: What it was calibrated on.
        digest: Of its weights and the scales of its activations.
    """

    model: Path
    calibration: Int8Calibration
    digest: str


@dataclass(frozen=True)
class QuantisedEnsemble:
    """The 8-bit nets of all checkpoints, of one calibration.

    Attributes:
        calibration: What they were calibrated on.
        models: Their `.xml`, as the checkpoints are.
        fingerprint: Of all their numbers.
    """

    calibration: Int8Calibration
    models: tuple[Path, ...]
    fingerprint: str

    @property
    def numerics(self) -> dict[str, str]:
        """What decides the numbers: the nets, and what their heads compute in."""
        from birdscope.inference.openvino_backend import float_part

        return {"calibration": self.fingerprint, "float_part": float_part()}


def folder_of(checkpoint: LoadedCheckpoint, calibration: str) -> Path:
    """Where the net of a checkpoint and a calibration is or will be."""
    return paths.cache() / "openvino" / f"{key_of(checkpoint)}-int8-{calibration}"


def write_note(folder: Path, calibration: Int8Calibration) -> None:
    """Say in the folder of a net what it was calibrated on.

    Raises:
        OSError: if it can't be written or the net is not there.
    """
    with (folder / MODEL).with_suffix(".bin").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    body = {"calibration": asdict(calibration), "digest": digest}
    atomic.write_text(folder / _NOTE, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def quantised_net(folder: Path) -> QuantisedNet | None:
    """The net in a folder; None where it is missing or not whole."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        body = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        calibration = Int8Calibration(**body["calibration"])
        if is_whole(folder):
            return QuantisedNet(folder / MODEL, calibration, str(body["digest"]))
    return None


def quantised_ensemble(
    loaded: Sequence[LoadedCheckpoint], wanted: str = "", dataset: str = ""
) -> QuantisedEnsemble:
    """The 8-bit nets of an ensemble's checkpoints.

    Args:
        loaded: The checkpoints.
        wanted: Id of a calibration; without, the dataset's own is taken, else the newest.
        dataset: Fingerprint of the dataset to be predicted.

    Raises:
        ConfigError: if a checkpoint was not calibrated, or not with the others.
    """
    found = [_nets_of(one) for one in loaded]
    common = set.intersection(*map(set, found)) if found else set()
    allowed = {wanted} & common if wanted else common
    best = preferred([found[0][one].calibration for one in sorted(allowed)], dataset)
    if best is None:
        missing = [one.name for one, nets in zip(loaded, found, strict=True) if not nets]
        raise ConfigError(_why_not(missing, wanted, len(loaded)), remedy=REMEDY)
    nets = [one[best.id] for one in found]
    for net in nets:
        net.model.parent.touch()
    return QuantisedEnsemble(best, tuple(one.model for one in nets), fingerprint_of(nets))


def fingerprint_of(nets: Sequence[QuantisedNet]) -> str:
    """Of the numbers of several nets: scores agree where it does."""
    said = [[one.calibration.id, one.digest] for one in nets]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _why_not(missing: Sequence[str], wanted: str, total: int) -> str:
    if len(missing) == total:
        return "int8 is not calibrated for this ensemble"
    if missing:
        return f"int8 is not calibrated for {', '.join(missing)}"
    if wanted:
        return f"int8 has no calibration {wanted} of this ensemble"
    return "the checkpoints were calibrated for int8 on different windows"


def _nets_of(checkpoint: LoadedCheckpoint) -> dict[str, QuantisedNet]:
    """Calibration → net of a checkpoint."""
    pattern = folder_of(checkpoint, "*")
    nets = [quantised_net(one) for one in pattern.parent.glob(pattern.name)]
    return {one.calibration.id: one for one in nets if one is not None}
