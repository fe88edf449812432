"""From an ensemble file's members to nets that are ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from birdscope.core.errors import CheckpointError, ConfigError
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.features.config import FrontEnd
from birdscope.features.presets import resolve
from birdscope.inference.class_map import ClassMap, map_classes
from birdscope.inference.ensemble import EnsembleFile, Member
from birdscope.nets.birdclef_model import context_of_cfg, front_end_of_cfg
from birdscope.nets.checkpoints import Checkpoint, load_checkpoint
from birdscope.nets.config import Pooling, SedConfig
from birdscope.nets.loading import architecture_of, check_filters, class_count, load_network
from birdscope.nets.pooling import WindowProbabilities

_CFG_NAMES = {"model_name": "backbone", "in_channels": "in_channels"}


@dataclass(frozen=True)
class LoadedCheckpoint:
    """One layer of the scores, ready to run.

    Attributes:
        name: `<member>/<file stem>`.
        member: The member it belongs to.
        path: Its file.
        model: Its net in words.
        front_end: What it listens through.
        context_s: Seconds of sound it sees for a window.
        pooling: How frames become a probability.
        hop_s: Seconds between sliding windows; None unless pooling is "sliding".
        class_map: Its outputs in the dataset's columns.
        module: Net and pooling, mel → probabilities; on the device "meta" where only its
            shapes were read.
        through_half: Whether its weights are rounded to half precision first.
    """

    name: str
    member: str
    path: Path
    model: SedConfig
    front_end: FrontEnd
    context_s: float
    pooling: Pooling
    hop_s: float | None
    class_map: ClassMap
    module: WindowProbabilities
    through_half: bool = False

    @property
    def seen(self) -> FrontEnd:
        """The front end without repeated channels, which `folding` spares the net."""
        one = self.front_end
        if one.channels == 3 and one.channel_mode == "repeat" and self.model.in_channels == 3:
            return one.model_copy(update={"channels": 1})
        return one

    @property
    def mel_shape(self) -> tuple[int, int, int]:
        """Of the mel of one window: channels, mels, frames."""
        frames = self.seen.frames_of(round(self.context_s * SAMPLE_RATE_HZ))
        return self.seen.channels, self.seen.n_mels, frames

    def with_weights(self) -> LoadedCheckpoint:
        """The same with its weights, read from the file where they were not.

        Raises:
            CheckpointError: if the file has gone or become another one.
        """
        if not next(self.module.parameters()).is_meta:
            return self
        checkpoint = load_checkpoint(self.path, mapped=True)
        network = load_network(checkpoint, self.model, through_half=self.through_half)
        old = self.module
        module = WindowProbabilities(
            network, old.pooling, share=old.share, frame_shift=old.frame_shift
        )
        return replace(self, module=module.eval())


def load_member_checkpoint(
    ensemble: EnsembleFile,
    member: Member,
    path: Path,
    dataset: Sequence[str],
    *,
    weights: bool = True,
) -> LoadedCheckpoint:
    """Read one checkpoint of a member and build its net.

    Args:
        ensemble: The file that names the member.
        member: The member.
        path: Its checkpoint.
        dataset: Labels of the dataset's columns.
        weights: Whether to read them; without, the net has only its shapes.

    Raises:
        CheckpointError: if it is missing, damaged, unsafe, or not what the member says.
        ConfigError: if the ensemble file leaves open what the checkpoint doesn't say.
    """
    checkpoint = load_checkpoint(path, mapped=True)
    front_end = _front_end(ensemble, member, checkpoint)
    model = _model(ensemble, member, checkpoint, front_end)
    known = _classes(ensemble, member, checkpoint)
    class_map = map_classes(path, class_count(checkpoint), known, dataset)
    check_filters(checkpoint, front_end.model_copy(update={"band_hz": None}))
    half = member.through_half
    network = load_network(checkpoint, model, through_half=half, weights=weights)
    context_s = _context_s(member, checkpoint)
    pooling = member.pooling or checkpoint.meta.pooling or _usual_pooling(model)
    module = WindowProbabilities(
        network, pooling, share=WINDOW_S / context_s, frame_shift=member.frame_shift
    )
    return LoadedCheckpoint(
        name=f"{member.name}/{path.stem}",
        member=member.name,
        path=path,
        model=model,
        front_end=front_end,
        context_s=context_s,
        pooling=pooling,
        hop_s=_hop_s(member, pooling, context_s),
        class_map=class_map,
        module=module.eval(),
        through_half=half,
    )


def _front_end(ensemble: EnsembleFile, member: Member, checkpoint: Checkpoint) -> FrontEnd:
    """The member's, else the checkpoint's own, else its cfg's."""
    if member.front_end is not None:
        front_end = resolve(member.front_end)
    elif checkpoint.meta.front_end is not None:
        front_end = checkpoint.meta.front_end
    elif checkpoint.cfg:
        front_end = front_end_of_cfg(checkpoint.cfg, checkpoint.path)
    else:
        raise _left_open(ensemble, member, checkpoint, "front_end", '"nfnet"')
    if front_end.sample_rate_hz != SAMPLE_RATE_HZ:
        raise ConfigError(
            f"member {member.name!r} has a front end of {front_end.sample_rate_hz} Hz; "
            f"recordings are predicted at {SAMPLE_RATE_HZ} Hz",
            path=ensemble.path,
            remedy=f"use a checkpoint trained at {SAMPLE_RATE_HZ} Hz",
        )
    if member.band_hz is None:
        return front_end
    try:
        return FrontEnd.model_validate({**front_end.model_dump(), "band_hz": member.band_hz})
    except ValidationError as error:
        raise ConfigError(
            f"member {member.name!r}: {error.errors()[0]['msg']}", path=ensemble.path
        ) from None


def _model(
    ensemble: EnsembleFile, member: Member, checkpoint: Checkpoint, front_end: FrontEnd
) -> SedConfig:
    """The net in words: the checkpoint's own, else its cfg's; the member must agree."""
    known = _said_by(checkpoint)
    for key in ("architecture", "backbone"):
        wanted = getattr(member, key)
        if wanted is None:
            continue
        if key in known and known[key] != wanted:
            raise CheckpointError(
                f"was made with {key} {known[key]!r}, but member {member.name!r} says {wanted!r}",
                path=checkpoint.path,
                remedy=f'set `{key} = "{known[key]}"` in {ensemble.path}, or leave it out',
            )
        known[key] = wanted
    if "backbone" not in known:
        raise _left_open(ensemble, member, checkpoint, "backbone", '"eca_nfnet_l0"')
    return SedConfig.model_validate({**known, "n_mels": front_end.n_mels})


def _said_by(checkpoint: Checkpoint) -> dict[str, object]:
    if checkpoint.meta.model is not None:
        return checkpoint.meta.model.model_dump()
    said: dict[str, object] = {
        own: checkpoint.cfg[name] for name, own in _CFG_NAMES.items() if name in checkpoint.cfg
    }
    return said | _architecture(checkpoint)


def _architecture(checkpoint: Checkpoint) -> dict[str, object]:
    found = architecture_of(checkpoint.state_dict)
    return {"architecture": found} if found is not None else {}


def _left_open(
    ensemble: EnsembleFile, member: Member, checkpoint: Checkpoint, key: str, example: str
) -> CheckpointError:
    return CheckpointError(
        f"does not say its {key}, and neither does member {member.name!r}",
        path=checkpoint.path,
        remedy=f"add `{key} = {example}` (what it was trained with) to the member in "
        f"{ensemble.path}",
    )


def _classes(
    ensemble: EnsembleFile, member: Member, checkpoint: Checkpoint
) -> tuple[str, ...] | None:
    """The member's list, else the checkpoint's own, else the ensemble's."""
    if member.classes is not None or checkpoint.classes is None:
        return ensemble.classes_of(member)
    return checkpoint.classes


def _context_s(member: Member, checkpoint: Checkpoint) -> float:
    own = checkpoint.meta.context_s or context_of_cfg(checkpoint.cfg)
    return max(float(member.context_s or own), float(WINDOW_S))


def _hop_s(member: Member, pooling: Pooling, context_s: float) -> float | None:
    """Never more than the context: every moment is heard."""
    if pooling != "sliding":
        return None
    return min(member.hop_s or context_s / 2, context_s)


def _usual_pooling(model: SedConfig) -> Pooling:
    return "max" if model.architecture == "birdclef_model" else "attention"
