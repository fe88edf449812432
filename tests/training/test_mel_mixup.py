import pytest
import torch

from birdscope.training.mel_mixup import MelBatch, mix_mels
from birdscope.training.recipe import AugmentConfig

SIZE = 64


def _batch(weights: torch.Tensor | None = None) -> MelBatch:
    """Sample i is i everywhere; it has class i only."""
    numbers = torch.arange(SIZE, dtype=torch.float32)
    mel = numbers[:, None, None, None].expand(-1, 1, 4, 6).clone()
    pseudo = torch.zeros(SIZE, dtype=torch.bool)
    pseudo[0] = True
    ones = torch.ones(SIZE, SIZE) if weights is None else weights
    return MelBatch(mel, torch.eye(SIZE), ones, pseudo)


def _mixed(batch: MelBatch, seed: int = 0, **options) -> MelBatch:
    return mix_mels(batch, AugmentConfig(**options), torch.Generator().manual_seed(seed))


def test_off_changes_and_draws_nothing():
    generator = torch.Generator().manual_seed(0)
    batch = _batch()
    assert mix_mels(batch, AugmentConfig(), generator) is batch
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(0).get_state())


def test_soft_labels_are_mixed_like_the_mels():
    mixed = _mixed(_batch(), mel_mixup=1.0)
    of_labels = mixed.targets @ torch.arange(SIZE, dtype=torch.float32)
    assert torch.allclose(mixed.mel[:, 0, 0, 0], of_labels, atol=1e-4)
    assert torch.allclose(mixed.targets.sum(dim=1), torch.ones(SIZE))
    assert ((mixed.targets > 0.01) & (mixed.targets < 0.99)).any()


def test_hard_labels_are_the_larger():
    mixed = _mixed(_batch(), mel_mixup=1.0, mel_mixup_labels="hard")
    assert set(mixed.targets.unique().tolist()) == {0.0, 1.0}
    assert mixed.targets.sum() > SIZE * 1.8


def test_only_a_share_is_mixed():
    mixed = _mixed(_batch(), mel_mixup=0.25)
    same = (mixed.mel == _batch().mel).all(dim=(1, 2, 3))
    assert 0.6 < same.float().mean() < 0.95
    assert torch.equal(mixed.targets[same], torch.eye(SIZE)[same])


def test_the_generator_decides_and_the_global_one_is_left_alone():
    before = torch.get_rng_state()
    first, again, other = (_mixed(_batch(), seed, mel_mixup=1.0) for seed in (1, 1, 2))
    assert torch.equal(first.mel, again.mel)
    assert not torch.equal(first.mel, other.mel)
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_mixed_with_a_pseudo_label_is_one():
    mixed = _mixed(_batch(), mel_mixup=1.0)
    assert mixed.pseudo.sum() == 2
    assert bool(mixed.pseudo[0])
    other = int(mixed.pseudo[1:].nonzero()[0, 0]) + 1
    assert mixed.targets[other, 0] > 0


@pytest.mark.parametrize("labels", ["soft", "hard"])
def test_a_masked_entry_stays_masked_unless_the_other_is_sure(labels):
    weights = torch.ones(SIZE, SIZE)
    weights[0] = 0
    weights[0, 0] = 1  # sample 0 knows of its own class only
    mixed = _mixed(_batch(weights), mel_mixup=1.0, mel_mixup_labels=labels)
    partner = int(mixed.targets[0, 1:].argmax()) + 1
    known = mixed.weights[0] > 0
    assert known.nonzero()[:, 0].tolist() == ([0, partner] if labels == "hard" else [0])
