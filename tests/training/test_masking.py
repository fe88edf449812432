import torch

from birdscope.training.masking import spec_augment
from birdscope.training.recipe import AugmentConfig


def _mel(batch: int = 64) -> torch.Tensor:
    # all values differ and none is its sample's mean
    return torch.arange(batch * 3200, dtype=torch.float32).reshape(batch, 1, 40, 80)


def test_masks_are_whole_stretches_set_to_the_mean():
    config = AugmentConfig(time_masks=1, time_mask_share=0.25, mel_masks=0)
    mel = _mel()
    masked = spec_augment(mel, config, torch.Generator().manual_seed(3))
    changed = (masked != mel)[:, 0]
    assert (changed.all(dim=1) == changed.any(dim=1)).all()  # a frame is masked or not
    widths = changed.any(dim=1).sum(dim=1)
    assert widths.max() <= 20
    assert widths.max() > 15
    assert widths.min() <= 2
    for sample, width in enumerate(widths.tolist()):
        frames = changed[sample].any(dim=0).nonzero()[:, 0]
        assert len(frames) == width
        assert width == 0 or frames[-1] - frames[0] == width - 1
        assert torch.allclose(masked[sample, 0][:, frames], mel[sample].mean(), atol=0.1)


def test_mel_masks_hide_bands():
    config = AugmentConfig(time_masks=0, mel_masks=2, mel_mask_share=0.3)
    mel = _mel()
    changed = (spec_augment(mel, config, torch.Generator().manual_seed(3)) != mel)[:, 0]
    assert (changed.all(dim=2) == changed.any(dim=2)).all()
    assert changed.any()


def test_no_masks_change_nothing():
    config = AugmentConfig(time_masks=0, mel_masks=0)
    mel = _mel()
    assert torch.equal(spec_augment(mel, config, torch.Generator()), mel)


def test_the_generator_decides():
    config, mel = AugmentConfig(), _mel(4)
    first = spec_augment(mel, config, torch.Generator().manual_seed(5))
    again = spec_augment(mel, config, torch.Generator().manual_seed(5))
    other = spec_augment(mel, config, torch.Generator().manual_seed(6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_xy_masks_are_rectangles():
    config = AugmentConfig(time_masks=0, mel_masks=0, xy_masks=1, xy_mask_share=0.5)
    mel = _mel()
    changed = (spec_augment(mel, config, torch.Generator().manual_seed(3)) != mel)[:, 0]
    bands, frames = changed.any(dim=2), changed.any(dim=1)
    assert torch.equal(changed, bands[:, :, None] & frames[:, None, :])
    assert bands.sum(dim=1).max() <= 20
    assert frames.sum(dim=1).max() <= 40
    assert ((bands.sum(dim=1) > 10) & (frames.sum(dim=1) > 20)).any()
    assert not bands.all(dim=1).any()
