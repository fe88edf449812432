"""An ensemble in figures, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from birdscope.core.units import hertz
from birdscope.features.config import FrontEnd
from birdscope.inference.ensemble import EnsembleFile
from birdscope.inference.members import LoadedCheckpoint


@dataclass(frozen=True)
class CheckpointSummary:
    """One checkpoint.

    Attributes:
        name: `<member>/<file stem>`.
        path: Its file.
        architecture: timm_sed, birdclef_model or sed.
        backbone: timm name.
        parameters: Numbers learned.
        size_bytes: Of the file.
        front_end: In a few words.
        context_s: Seconds of sound it sees for a window.
        pooling: attention, max or mean.
        known_classes: Columns of the dataset it can score.
    """

    name: str
    path: Path
    architecture: str
    backbone: str
    parameters: int
    size_bytes: int
    front_end: str
    context_s: float
    pooling: str
    known_classes: int


@dataclass(frozen=True)
class MemberSummary:
    """One member with its share of the blend (all shares sum to 1)."""

    name: str
    weight: float
    checkpoints: tuple[CheckpointSummary, ...]


@dataclass(frozen=True)
class EnsembleSummary:
    """A loaded ensemble.

    Attributes:
        name: As in its file.
        path: The file.
        device: Where it runs.
        classes: Columns C of the dataset.
        members: In the file's order.
    """

    name: str
    path: Path
    device: str
    classes: int
    members: tuple[MemberSummary, ...]

    @property
    def parameters(self) -> int:
        """Of all checkpoints."""
        return sum(one.parameters for member in self.members for one in member.checkpoints)


def summarise(
    ensemble: EnsembleFile, loaded: Sequence[LoadedCheckpoint], n_classes: int, device: str
) -> EnsembleSummary:
    """Describe an ensemble that was loaded."""
    members = tuple(
        MemberSummary(name, weight, tuple(_checkpoint(one) for one in loaded if one.member == name))
        for name, weight in ensemble.weights.items()
    )
    return EnsembleSummary(ensemble.name, ensemble.path, device, n_classes, members)


def _checkpoint(one: LoadedCheckpoint) -> CheckpointSummary:
    return CheckpointSummary(
        name=one.name,
        path=one.path,
        architecture=one.model.architecture,
        backbone=one.model.backbone,
        parameters=sum(parameter.numel() for parameter in one.module.parameters()),
        size_bytes=one.path.stat().st_size,
        front_end=in_words(one.front_end),
        context_s=one.context_s,
        pooling=one.pooling,
        known_classes=one.class_map.known,
    )


def in_words(front_end: FrontEnd) -> str:
    """A front end as `128 mels, 1024/512, 40 Hz–15 kHz`."""
    text = (
        f"{front_end.n_mels} mels, {front_end.n_fft}/{front_end.hop_length}, "
        f"{hertz(front_end.f_min_hz)}–{hertz(front_end.f_max_hz)}"
    )
    if front_end.band_hz is None:
        return text
    low, high = front_end.band_hz
    return f"{text}, limited to {hertz(low)}–{hertz(high)}"
