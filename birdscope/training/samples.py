"""An epoch's samples in batches, the same however they are prepared."""

from __future__ import annotations

import signal
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from birdscope.training.mixing import Sample


class Batch(NamedTuple):
    """Samples of one step, or (without the batch axis) one of them.

    Attributes:
        waveforms: float32 [B, S].
        targets: float32 [B, C] in 0-1.
        weights: float32 [B, C]; 0 masks an entry.
        pseudo: bool [B]: whether the labels are partly a model's.
    """

    waveforms: Tensor
    targets: Tensor
    weights: Tensor
    pseudo: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(*(one.to(device, non_blocking=True) for one in self))


class SampleMaker(Protocol):
    """Makes the sample around a clip; a `Mixer` or a `PseudoMixer`."""

    def sample(
        self,
        number: int,
        partners: npt.NDArray[np.int64],
        rng: np.random.Generator,
        *,
        allow_empty: bool = True,
    ) -> Sample:
        """Waveform [S], targets [C], weights [C]."""


class PseudoSampleMaker(SampleMaker, Protocol):
    """Makes samples of which some have a model's labels."""

    def draw(
        self, number: int, partners: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Sample, bool]:
        """A sample, and whether its labels are partly a model's."""


def derive_seed(*parts: int) -> int:
    """A well-mixed seed from numbers such as recipe seed, fold, epoch."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


class EpochSamples(Dataset[Batch]):
    """Sample i of an epoch; depends on `key` and i alone.

    Args:
        maker: Makes samples.
        order: Clip number of each sample.
        partners: Clips that may be mixed in.
        key: Numbers that name the epoch: recipe seed, unit, epoch.
        allow_empty: Whether samples may be background only.
    """

    def __init__(
        self,
        maker: SampleMaker | PseudoSampleMaker,
        order: npt.NDArray[np.int64],
        partners: npt.NDArray[np.int64],
        key: tuple[int, ...],
        *,
        allow_empty: bool = True,
    ) -> None:
        self.maker, self.order, self.partners = maker, order, partners
        self.key, self.allow_empty = key, allow_empty

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([*self.key, index])
        number = int(self.order[index])
        pseudo = False
        if hasattr(self.maker, "draw"):
            sample, pseudo = self.maker.draw(number, self.partners, rng)
        else:
            sample = self.maker.sample(number, self.partners, rng, allow_empty=self.allow_empty)
        wave, targets, weights = (torch.from_numpy(one) for one in sample)
        return Batch(wave, targets, weights, torch.tensor(pseudo))

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The samples of a batch, each put in its place while the processor's cache holds it.

        Stacked afterwards, waveforms of 20 MB would be read from memory once more: a quarter
        of the whole work (measured, 32 samples of 5 s).
        """
        first = self[indices[0]]
        batch = Batch(*(torch.empty((len(indices), *one.shape), dtype=one.dtype) for one in first))
        for place, index in enumerate(indices):
            for whole, one in zip(batch, self[index] if place else first, strict=True):
                whole[place] = one
        return batch


def batches(
    samples: EpochSamples,
    size: int,
    *,
    workers: int,
    drop_last: bool,
    rank: int = 0,
    ranks: int = 1,
) -> Generator[Batch]:
    """Batches in the order of the samples.

    Of several processes each takes every `ranks`-th sample of a batch, so that together they
    see the batches that one would see.
    """
    loader = DataLoader(
        samples,
        batch_sampler=_index_batches(len(samples), size, drop_last, rank, ranks),
        collate_fn=_as_it_is,
        num_workers=workers,
        worker_init_fn=_quiet_worker if workers else None,
        pin_memory=torch.cuda.is_available(),
    )
    yield from loader


def _as_it_is(batch: Any) -> Any:
    return batch


def _index_batches(
    total: int, size: int, drop_last: bool, rank: int, ranks: int
) -> list[list[int]]:
    size = min(size, total)
    end = total - total % size if drop_last else total
    return [
        list(range(begin + rank, min(begin + size, end), ranks)) for begin in range(0, end, size)
    ]


def _quiet_worker(number: int) -> None:
    """Leave Ctrl+C to the parent, and one thread to each worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    torch.set_num_threads(1)


def shuffled(members: npt.NDArray[np.int64], key: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The members in a random order that `key` decides."""
    return np.random.default_rng([*key, 1_000_003]).permutation(members)
