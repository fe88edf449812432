"""The loop: one model on one fold, epoch after epoch, to be read in one sitting."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from torch import Tensor

from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop
from birdscope.features.front_end import MelFrontEnd
from birdscope.nets.base import SedNetwork, SedOutput
from birdscope.nets.checkpoints import CheckpointMeta, save_checkpoint
from birdscope.nets.sed import build_model
from birdscope.training.losses import sed_loss
from birdscope.training.masking import spec_augment
from birdscope.training.mixing import Mixer
from birdscope.training.optimiser import (
    WeightAverage,
    learning_rate,
    make_optimiser,
    set_learning_rate,
)
from birdscope.training.recipe import Recipe
from birdscope.training.samples import Batch, EpochSamples, batches, derive_seed, shuffled
from birdscope.training.state import FoldState, load_state, save_state
from birdscope.training.validation import ValidationSet

BEST, LAST, STATE = "best.safetensors", "last.safetensors", "state.pt"
_PROGRESS_INTERVAL_S = 0.5


@dataclass(frozen=True)
class FoldPlan:
    """What one model is trained on.

    Attributes:
        title: For people: "fold 1 of 5".
        key: Numbers that decide all that is random: recipe seed, fold, repetition.
        folder: Where its files go.
        members: An epoch's clips, rare ones repeated.
        partners: Clips that may be mixed in: the training clips, once each.
        mixer: Makes samples.
        classes: Labels of the outputs.
        validation: Held-out clips; None where there are none.
        parents: What the checkpoint comes from.
    """

    title: str
    key: tuple[int, ...]
    folder: Path
    members: npt.NDArray[np.int64]
    partners: npt.NDArray[np.int64]
    mixer: Mixer
    classes: tuple[str, ...]
    validation: ValidationSet | None
    parents: tuple[str, ...]


class FoldTrainer:
    """Trains one model; `run` does it all, `FoldState` on disk lets it go on later."""

    def __init__(
        self, plan: FoldPlan, recipe: Recipe, fabric: Fabric, emit: Emit, stop: Stop | None
    ) -> None:
        self.plan, self.recipe, self.fabric = plan, recipe, fabric
        self.emit, self.stop = emit, stop
        torch.manual_seed(derive_seed(*plan.key, 0))
        self.network = build_model(recipe.network, len(plan.classes), emit=emit)
        self.front_end = MelFrontEnd(recipe.resolved_front_end).to(fabric.device)
        self.optimiser = make_optimiser(self.network, recipe.optim)
        self.model, self.stepper = fabric.setup(self.network, self.optimiser)
        decay = recipe.optim.ema
        self.average = WeightAverage(self.network, decay) if decay is not None else None
        self.best_epoch, self.best_metrics = 0, dict[str, float]()
        self.history: list[dict[str, float]] = []
        size = min(recipe.optim.batch_size, len(plan.members))
        self.steps_per_epoch = len(plan.members) // size

    @property
    def final_network(self) -> SedNetwork:
        """The net that is validated and saved: the average where there is one."""
        if self.average is None:
            return self.network
        module: SedNetwork = self.average.module  # type: ignore[assignment]
        return module

    def run(self, *, resume: bool) -> dict[str, float]:
        """Train to the last epoch; returns the metrics of the checkpoint to be used.

        Raises:
            TrainingError: if the loss is not a number, or files can't be written.
            Cancelled: if `stop` was set; the last finished epoch is on disk.
        """
        first = self._restore() if resume else 0
        for epoch in range(first, self.recipe.optim.epochs):
            metrics = {"epoch": float(epoch + 1), **self._train_epoch(epoch)}
            metrics |= self._validate()
            self.history.append(metrics)
            self._save(epoch + 1, metrics)
            self.emit(Event("metric", self.plan.title, data=metrics))
        return self.best_metrics

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the data; the mean loss, the last rate, the seconds it took."""
        began, total_loss = time.monotonic(), 0.0
        key = (*self.plan.key, epoch + 1)
        torch.manual_seed(derive_seed(*key))
        masks = torch.Generator().manual_seed(derive_seed(*key, 1))
        optim = self.recipe.optim
        samples = EpochSamples(
            self.plan.mixer, shuffled(self.plan.members, key), self.plan.partners, key
        )
        self.model.train()
        all_steps = optim.epochs * self.steps_per_epoch
        reported = 0.0
        for step, batch in enumerate(
            batches(samples, optim.batch_size, workers=optim.workers, drop_last=True)
        ):
            if self.stop is not None:
                self.stop.check()
            now = epoch * self.steps_per_epoch + step
            set_learning_rate(self.optimiser, learning_rate(now, all_steps, optim))
            total_loss += self._step(batch, masks, epoch)
            if time.monotonic() - reported > _PROGRESS_INTERVAL_S:
                reported = time.monotonic()
                self._report(epoch, step + 1, total_loss / (step + 1))
        return {
            "loss": total_loss / self.steps_per_epoch,
            "learning_rate": float(self.optimiser.param_groups[0]["lr"]),
            "seconds": round(time.monotonic() - began, 2),
        }

    def _step(self, batch: Batch, masks: torch.Generator, epoch: int) -> float:
        """Forward, backward, update; returns the loss."""
        waveforms, targets, weights = (one.to(self.fabric.device) for one in batch)
        with torch.no_grad():
            mel = spec_augment(self.front_end(waveforms), self.recipe.augment, masks)
        output: SedOutput = self.model(mel)
        loss = sed_loss(output, targets, weights, self.recipe.loss)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss became {value} in epoch {epoch + 1} of {self.plan.title}",
                path=self.plan.folder,
                remedy="lower optim.learning_rate or set optim.precision = '32-true'; the last "
                "finished epoch is kept",
            )
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
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
        return value

    def _report(self, epoch: int, steps: int, loss: float) -> None:
        done = epoch + steps / self.steps_per_epoch
        message = f"{self.plan.title}, loss {loss:.4f}"
        total = self.recipe.optim.epochs
        self.emit(Event("progress", message, done=round(done, 2), total=total, unit="epoch"))

    def _validate(self) -> dict[str, float]:
        if self.plan.validation is None:
            return {}
        network = self.final_network.eval()

        def score(waveforms: Tensor) -> SedOutput:
            output: SedOutput = network(self.front_end(waveforms.to(self.fabric.device)))
            return output

        with torch.inference_mode():
            return self.plan.validation.evaluate(score, self.stop)

    def _save(self, epoch: int, metrics: dict[str, float]) -> None:
        """Checkpoints first, the state that vouches for them last."""
        folder = self.plan.folder
        reached = metrics.get("val_macro_roc_auc", -math.inf)
        if not self.best_epoch or reached >= self.best_metrics.get("val_macro_roc_auc", -math.inf):
            self.best_epoch, self.best_metrics = epoch, metrics
            save_checkpoint(folder / BEST, self.final_network, self._meta(metrics))
        save_checkpoint(folder / LAST, self.final_network, self._meta(metrics))
        average = self.average
        save_state(
            FoldState(
                epoch=epoch,
                model=self.network.state_dict(),
                optimiser=self.optimiser.state_dict(),
                average=(average.module.state_dict(), average.step) if average else None,
                best_epoch=self.best_epoch,
                best_metrics=self.best_metrics,
                history=self.history,
            ),
            folder / STATE,
        )

    def _meta(self, metrics: dict[str, float]) -> CheckpointMeta:
        recipe = self.recipe
        return CheckpointMeta(
            model=recipe.network,
            front_end=recipe.resolved_front_end,
            classes=self.plan.classes,
            context_s=recipe.member.context_s or recipe.data.context_s,
            pooling=recipe.member.pooling,
            recipe=recipe.model_dump(mode="json"),
            metrics={name: value for name, value in metrics.items() if name != "seconds"},
            parents=self.plan.parents,
        )

    def _restore(self) -> int:
        """Load the state of the last finished epoch, if there is one; returns its number."""
        path = self.plan.folder / STATE
        if not path.is_file():
            return 0
        state = load_state(path)
        self.network.load_state_dict(state.model)
        self.optimiser.load_state_dict(state.optimiser)
        if self.average is not None and state.average is not None:
            weights, self.average.step = state.average
            self.average.module.load_state_dict(weights)
        self.best_epoch, self.best_metrics = state.best_epoch, state.best_metrics
        self.history = state.history
        return state.epoch


@contextmanager
def freed() -> Iterator[None]:
    """Give memory back when a model is done, however it ended."""
    try:
        yield
    finally:
        gc.collect()  # the model, its optimiser and its listener refer to each other
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
