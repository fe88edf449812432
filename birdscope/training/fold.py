"""The loop: one model on one fold, epoch after epoch, to be read in one sitting."""

from __future__ import annotations

import gc
import itertools
import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

import torch
from lightning_fabric import Fabric

from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop
from birdscope.nets.checkpoints import CheckpointMeta, save_checkpoint
from birdscope.training.learner import Learner
from birdscope.training.optimiser import learning_rate
from birdscope.training.plan import FoldPlan
from birdscope.training.recipe import Recipe
from birdscope.training.samples import Batch, EpochSamples, batches, derive_seed, shuffled
from birdscope.training.state import FoldState, load_state, save_state
from birdscope.training.trouble import memory_told

BEST, LAST, STATE = "best.safetensors", "last.safetensors", "state.pt"
_PROGRESS_INTERVAL_S = 0.5


class FoldTrainer:
    """Trains one model; `run` does it all, `FoldState` on disk lets it go on later.

    Raises:
        TrainingError: if there are too few samples for the processes.
        CheckpointError: if the weights to begin from or a teacher's can't be used.
    """

    def __init__(
        self, plan: FoldPlan, recipe: Recipe, fabric: Fabric, emit: Emit, stop: Stop | None
    ) -> None:
        self.plan, self.recipe, self.emit, self.stop = plan, recipe, emit, stop
        torch.manual_seed(derive_seed(*plan.key, 0))
        with memory_told(recipe, plan.title, plan.folder):
            self.learner = Learner(plan, recipe, fabric, emit)
        self.ranks = self.learner.ranks
        self.best_epoch, self.best_metrics = 0, dict[str, float]()
        self.history: list[dict[str, float]] = []
        self.batch_size = _batch_size(recipe, len(plan.members), self.ranks.size)
        self.batches_per_epoch = len(plan.members) // self.batch_size
        self.steps_per_epoch = math.ceil(self.batches_per_epoch / recipe.optim.accumulate)

    def run(self, *, resume: bool) -> dict[str, float]:
        """Train to the last epoch; returns the metrics of the checkpoint to be used.

        Raises:
            TrainingError: if the loss is not a number, memory runs out, or files can't be
                written.
            Cancelled: if `stop` was set; the last finished epoch is on disk.
        """
        first = self._restore() if resume else 0
        for epoch in range(first, self.recipe.optim.epochs):
            with memory_told(self.recipe, self.plan.title, self.plan.folder):
                metrics = {"epoch": float(epoch + 1), **self._train_epoch(epoch)}
                metrics |= self.ranks.from_main(self._validate)
            self.history.append(metrics)
            self._save(epoch + 1, metrics)
            self.emit(Event("metric", self.plan.title, data=metrics))
        return self.history[-1] if self.recipe.optim.use == "last" else self.best_metrics

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the data; the mean loss, the last rate, the seconds it took."""
        began, losses, reported = time.monotonic(), 0.0, 0.0
        optim, key = self.recipe.optim, (*self.plan.key, epoch + 1)
        torch.manual_seed(derive_seed(*key, *self._apart))
        generator = torch.Generator().manual_seed(derive_seed(*key, 1, *self._apart))
        self.learner.model.train()
        rate = 0.0
        with closing(self._groups(key)) as groups:
            for step, group in enumerate(groups):
                now = epoch * self.steps_per_epoch + step
                rate = learning_rate(now, optim.epochs * self.steps_per_epoch, optim)
                losses += self.learner.step(group, rate, generator, epoch, self.stop)
                if time.monotonic() - reported > _PROGRESS_INTERVAL_S:
                    reported = time.monotonic()
                    self._report(epoch, step + 1, losses / (step + 1))
        return {
            "loss": self.ranks.mean(losses / self.steps_per_epoch),
            "learning_rate": rate,
            "seconds": round(time.monotonic() - began, 2),
        }

    @property
    def _apart(self) -> tuple[int, ...]:
        """Keeps the masks and dropout of several processes apart."""
        return (self.ranks.rank,) if self.ranks.rank else ()

    def _groups(self, key: tuple[int, ...]) -> Generator[list[Batch]]:
        """An epoch's batches, as many together as their gradients are added up."""
        members = shuffled(self.plan.members, key)
        samples = EpochSamples(self.plan.maker, members, self.plan.partners, key)
        waiting = batches(
            samples,
            self.batch_size,
            workers=self.recipe.optim.workers,
            drop_last=True,
            rank=self.ranks.rank,
            ranks=self.ranks.size,
        )
        with closing(waiting):
            while group := list(itertools.islice(waiting, self.recipe.optim.accumulate)):
                yield group

    def _report(self, epoch: int, steps: int, loss: float) -> None:
        done = epoch + steps / self.steps_per_epoch
        message = f"{self.plan.title}, loss {loss:.4f}"
        total = self.recipe.optim.epochs
        self.emit(Event("progress", message, done=round(done, 2), total=total, unit="epoch"))

    def _validate(self) -> dict[str, float]:
        if self.plan.validation is None:
            return {}
        self.learner.final_network.eval()
        with torch.inference_mode():
            return self.plan.validation.evaluate(self.learner.score, self.stop)

    def _save(self, epoch: int, metrics: dict[str, float]) -> None:
        """Checkpoints first, the state that vouches for them last; only rank 0 writes."""
        reached = metrics.get("val_macro_roc_auc", -math.inf)
        best = self.best_metrics.get("val_macro_roc_auc", -math.inf)
        better = not self.best_epoch or reached >= best
        if better:
            self.best_epoch, self.best_metrics = epoch, metrics
        if self.ranks.is_main:
            names = [*([BEST] if better else []), LAST]
            if self.recipe.optim.keep == "every epoch":
                names.append(f"epoch-{epoch:03}.safetensors")
            for name in names:
                meta = self._meta(metrics)
                save_checkpoint(self.plan.folder / name, self.learner.final_network, meta)
            save_state(self._state(epoch), self.plan.folder / STATE)
        self.ranks.wait()

    def _state(self, epoch: int) -> FoldState:
        learner = self.learner
        average = learner.average
        return FoldState(
            epoch=epoch,
            model=learner.network.state_dict(),
            optimiser=learner.optimiser.state_dict(),
            average=(average.module.state_dict(), average.step) if average else None,
            best_epoch=self.best_epoch,
            best_metrics=self.best_metrics,
            history=self.history,
        )

    def _meta(self, metrics: dict[str, float]) -> CheckpointMeta:
        recipe = self.recipe
        return CheckpointMeta(
            model=recipe.network,
            front_end=recipe.resolved_front_end,
            classes=self.plan.classes,
            context_s=recipe.member.context_s or recipe.data.context_s,
            pooling=recipe.member.pooling,
            recipe=recipe.deciding,
            metrics={name: value for name, value in metrics.items() if name != "seconds"},
            parents=self.plan.parents,
        )

    def _restore(self) -> int:
        """Load the state of the last finished epoch, or begin; returns the epochs done."""
        path, learner = self.plan.folder / STATE, self.learner
        if not path.is_file():
            if self.plan.init is not None:
                self.emit(Event("started", f"begins from {learner.begin_from(self.plan.init)}"))
            return 0
        state = load_state(path)
        learner.network.load_state_dict(state.model)
        learner.optimiser.load_state_dict(state.optimiser)
        if learner.average is not None and state.average is not None:
            weights, learner.average.step = state.average
            learner.average.module.load_state_dict(weights)
        self.best_epoch, self.best_metrics = state.best_epoch, state.best_metrics
        self.history = state.history
        return state.epoch


def _batch_size(recipe: Recipe, members: int, ranks: int) -> int:
    """Samples of a batch over all processes."""
    size = min(recipe.optim.batch_size, members - members % ranks)
    if size == 0:
        raise TrainingError(
            f"{members} samples are too few for {ranks} processes", remedy="use fewer --devices"
        )
    return size


@contextmanager
def freed() -> Iterator[None]:
    """Give memory back when a model is done, however it ended."""
    try:
        yield
    finally:
        gc.collect()  # the model, its optimiser and its listener refer to each other
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
