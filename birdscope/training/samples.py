"""An epoch's samples in batches, the same however they are prepared."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from birdscope.training.mixing import Mixer

Batch = tuple[Tensor, Tensor, Tensor]


def derive_seed(*parts: int) -> int:
    """A well-mixed seed from numbers such as recipe seed, fold, epoch."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


class EpochSamples(Dataset[Batch]):
    """Sample i of an epoch; depends on `key` and i alone.

    Args:
        mixer: Makes samples.
        order: Clip number of each sample.
        partners: Clips that may be mixed in.
        key: Numbers that name the epoch: recipe seed, unit, epoch.
        allow_empty: Whether samples may be background only.
    """

    def __init__(
        self,
        mixer: Mixer,
        order: npt.NDArray[np.int64],
        partners: npt.NDArray[np.int64],
        key: tuple[int, ...],
        *,
        allow_empty: bool = True,
    ) -> None:
        self.mixer, self.order, self.partners = mixer, order, partners
        self.key, self.allow_empty = key, allow_empty

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([*self.key, index])
        wave, targets, weights = self.mixer.sample(
            int(self.order[index]), self.partners, rng, allow_empty=self.allow_empty
        )
        return torch.from_numpy(wave), torch.from_numpy(targets), torch.from_numpy(weights)


def batches(samples: EpochSamples, size: int, *, workers: int, drop_last: bool) -> Iterator[Batch]:
    """Waveforms [B, S], targets [B, C], weights [B, C] in the order of the samples."""
    loader = DataLoader(
        samples,
        batch_size=min(size, len(samples)),
        drop_last=drop_last,
        num_workers=workers,
        worker_init_fn=_quiet_worker if workers else None,
        pin_memory=torch.cuda.is_available(),
    )
    yield from loader


def _quiet_worker(number: int) -> None:
    """Leave Ctrl+C to the parent, and one thread to each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)


def shuffled(members: npt.NDArray[np.int64], key: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The members in a random order that `key` decides."""
    return np.random.default_rng([*key, 1_000_003]).permutation(members)
