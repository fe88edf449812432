"""An epoch's samples: the same one by one, as a batch, and from workers."""

import numpy as np
import pytest
import torch

from birdscope.training.samples import EpochSamples, batches

CLASSES, LENGTH = 3, 640


class Maker:
    """Samples that tell which clip and which random numbers they are of."""

    def sample(self, number, partners, rng, *, allow_empty=True):
        wave = rng.standard_normal(LENGTH).astype(np.float32) + number
        targets = np.eye(CLASSES, dtype=np.float32)[number % CLASSES]
        return wave, targets, np.full(CLASSES, float(allow_empty), np.float32)


class PseudoMaker(Maker):
    """Every third has a model's labels."""

    def draw(self, number, partners, rng):
        return self.sample(number, partners, rng), number % 3 == 0


def samples(maker):
    return EpochSamples(maker, np.arange(10), np.arange(10), (5, 0, 1))


@pytest.mark.parametrize("maker", [Maker(), PseudoMaker()])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_is_its_samples(maker, workers):
    whole = samples(maker)
    given = list(batches(whole, 4, workers=workers, drop_last=False))
    assert [len(one.waveforms) for one in given] == [4, 4, 2]
    for place, column in enumerate(zip(*given, strict=True)):
        wanted = torch.stack([whole[index][place] for index in range(10)])
        together = torch.cat(column)
        assert together.dtype == wanted.dtype
        assert torch.equal(together, wanted)


def test_processes_share_a_batch_between_them():
    whole = samples(Maker())
    shares = [
        list(batches(whole, 4, workers=0, drop_last=True, rank=rank, ranks=2)) for rank in (0, 1)
    ]
    first = torch.stack([shares[index % 2][0].waveforms[index // 2] for index in range(4)])
    assert torch.equal(first, torch.stack([whole[index].waveforms for index in range(4)]))
