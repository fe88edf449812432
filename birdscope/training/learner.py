"""A net and what changes it: front end, optimiser, running average, teacher; one step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Stop
from birdscope.features.front_end import MelFrontEnd
from birdscope.nets.base import SedNetwork, SedOutput
from birdscope.nets.checkpoints import load_checkpoint
from birdscope.nets.sed import build_model
from birdscope.nets.warm_start import warm_start
from birdscope.training.distillation import distilled, relabelled
from birdscope.training.distributed import Ranks, only_last_backward_syncs
from birdscope.training.losses import sed_loss
from birdscope.training.masking import spec_augment
from birdscope.training.mel_mixup import MelBatch, mix_mels
from birdscope.training.optimiser import WeightAverage, make_optimiser, set_learning_rate
from birdscope.training.plan import FoldPlan
from birdscope.training.recipe import LossConfig, Recipe
from birdscope.training.samples import Batch
from birdscope.training.teacher import Teacher
from birdscope.training.trouble import BAD_BATCH, save_batch


class Learner:
    """The net of one model in training.

    Args:
        plan: What it learns, whom it follows, where a batch goes that breaks it.
        recipe: How it learns.
        fabric: Device, precision, other processes.
        emit: Hears of pretrained weights.
    """

    def __init__(self, plan: FoldPlan, recipe: Recipe, fabric: Fabric, emit: Emit) -> None:
        self.plan, self.recipe, self.fabric = plan, recipe, fabric
        self.ranks = Ranks(fabric)
        self.network = build_model(recipe.network, len(plan.classes), emit=emit)
        self.front_end = MelFrontEnd(recipe.resolved_front_end).to(fabric.device)
        self.teacher: Teacher | None = None
        if plan.distill is not None:
            self.teacher = Teacher(plan.teachers, plan.classes).to(fabric.device)
        self.class_weights = class_weights(plan.clips_per_class, recipe.loss).to(fabric.device)
        module: nn.Module = self.network
        if self.ranks.size > 1 and fabric.device.type == "cuda":
            module = nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        self.optimiser = make_optimiser(self.network, recipe.optim)
        self.model, self.stepper = fabric.setup(module, self.optimiser)
        decay = recipe.optim.ema
        self.average = WeightAverage(self.network, decay) if decay is not None else None

    def begin_from(self, path: Path) -> str:
        """Take over the weights that fit; says in words what was taken.

        Raises:
            CheckpointError: if the file can't be read or nothing fits.
        """
        taken = warm_start(self.network, load_checkpoint(path))
        if self.average is not None:
            self.average.module.load_state_dict(self.network.state_dict())
        fresh = sorted({key.rpartition(".")[0] for key in taken.skipped})
        rest = f", new: {', '.join(fresh[:4])}" if fresh else ""
        return f"{len(taken.loaded)} tensors from {path.name}{rest}"

    @property
    def final_network(self) -> SedNetwork:
        """The net that is validated and saved: the average where there is one."""
        if self.average is None:
            return self.network
        module: SedNetwork = self.average.module  # type: ignore[assignment]
        return module

    def score(self, waveforms: Tensor) -> SedOutput:
        """What the final net says of waveforms [B, S]; without gradients."""
        output: SedOutput = self.final_network(self.front_end(waveforms.to(self.fabric.device)))
        return output

    def step(
        self,
        group: Sequence[Batch],
        rate: float,
        generator: torch.Generator,
        epoch: int,
        stop: Stop | None,
    ) -> float:
        """Learn from batches whose gradients are averaged; returns their mean loss.

        Raises:
            TrainingError: if the loss is not a number; the batch is kept in a file.
            Cancelled: in every process, if `stop` was set in one of them.
        """
        set_learning_rate(self.optimiser, rate)
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for number, batch in enumerate(group):
            loss, mel = self._loss(batch.to(self.fabric.device), generator)
            value = float(loss.detach())
            self._check(value, batch, mel, epoch, stop)
            last = number == len(group) - 1
            with only_last_backward_syncs(self.fabric, self.model, last=last):
                self.fabric.backward(loss / len(group))
            total += value / len(group)
        if self.recipe.optim.clip_norm is not None:
            self.fabric.clip_gradients(
                self.model,
                self.stepper,
                max_norm=self.recipe.optim.clip_norm,
                error_if_nonfinite=False,
            )
        self.stepper.step()
        if self.average is not None:
            self.average.update(self.network)
        return total

    def _loss(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The loss of a batch, and the mel it was made from."""
        augment = self.recipe.augment
        with torch.no_grad():
            plain = MelBatch(
                self.front_end(batch.waveforms), batch.targets, batch.weights, batch.pseudo
            )
            mixed = mix_mels(plain, augment, generator)
            mel = spec_augment(mixed.mel, augment, generator)
        batch = Batch(batch.waveforms, mixed.targets, mixed.weights, mixed.pseudo)
        output: SedOutput = self.model(mel)
        teacher, distill = self.teacher, self.plan.distill
        if teacher is None or distill is None:
            return self._on_labels(output, batch, batch.targets), mel
        taught: SedOutput = teacher(batch.waveforms)
        targets = batch.targets
        if distill.kind == "relabel":
            moved = relabelled(torch.sigmoid(taught.clip_logits), targets, distill)
            targets = torch.where(teacher.known, moved, targets)
        loss = self._on_labels(output, batch, targets)
        followed = teacher.known.expand_as(targets).to(targets.dtype)
        weight = self.recipe.loss.segment_weight
        return distilled(output, taught, followed, loss, distill, segment_weight=weight), mel

    def _on_labels(self, output: SedOutput, batch: Batch, targets: Tensor) -> Tensor:
        return sed_loss(
            output,
            targets,
            batch.weights,
            self.recipe.loss,
            pseudo=batch.pseudo,
            class_weights=self.class_weights,
        )

    def _check(
        self, value: float, batch: Batch, mel: Tensor, epoch: int, stop: Stop | None
    ) -> None:
        """Stop every process where one has to, before any of them waits for gradients."""
        broken = not math.isfinite(value)
        prefix = f"rank-{self.ranks.rank}-" if self.ranks.rank else ""
        path = self.plan.folder / f"{prefix}{BAD_BATCH}"
        if broken:
            about = {"epoch": epoch + 1, "loss": value, "model": self.plan.title}
            save_batch(path, {**batch._asdict(), "mels": mel}, about)
        asked, any_broken = self.ranks.any(stop is not None and bool(stop), broken)
        if any_broken:
            where = f"the batch is in {path.name}" if broken else "another process keeps the batch"
            raise TrainingError(
                f"the loss became {value} in epoch {epoch + 1} of {self.plan.title}; {where}",
                path=path if broken else self.plan.folder,
                remedy="lower optim.learning_rate or set optim.precision = '32-true'; the last "
                "finished epoch is kept",
            )
        if asked and stop is not None:
            stop.set()
            stop.check()


def class_weights(clips: npt.NDArray[np.int64], config: LossConfig) -> Tensor:
    """Weights [C] of the soft AUC's classes, mean 1; see `LossConfig.auc_class_weights`."""
    count = torch.from_numpy(clips).float().clamp(min=1)
    power = {"equal": 0.0, "inverse": 1.0, "inverse_root": 0.5}[config.auc_class_weights]
    weights = count**-power
    return weights / weights.mean()
