import numpy as np
import pytest

from birdscope.training.config_stages import PseudoConfig
from birdscope.training.pseudo_pool import pieces
from birdscope.training.pseudo_windows import PseudoMixer, PseudoWindows, recording_weights
from birdscope.training.recipe import AugmentConfig
from birdscope.training.window_labels import label_windows

P = np.array([[0.9, 0.5, 0.05], [0.4, 0.3, 0.2], [0.6, 0.8, 0.1], [0.55, 0.0, 0.0]], np.float32)


def test_power_lowers_unsure_ones_and_faint_ones_become_zero():
    made = label_windows(P, PseudoConfig(power=2.0, keep_above=0.5, zero_below=0.1))
    np.testing.assert_allclose(made.targets[0], [0.81, 0.25, 0.0], atol=1e-6)
    assert made.kept.tolist() == [True, False, True, True]
    assert (made.weights == 1).all()


def test_hard_and_masked_labels():
    hard = label_windows(P, PseudoConfig(mode="hard", threshold=0.5, zero_below=0.0))
    assert hard.targets[0].tolist() == [1, 1, 0]
    masked = label_windows(P, PseudoConfig(mode="masked", high=0.7, low=0.3, zero_below=0.0))
    assert masked.targets[0].tolist() == [1, 0, 0]
    assert masked.weights[0].tolist() == [1, 0, 1]


def test_the_lowest_sums_are_left_out():
    made = label_windows(P, PseudoConfig(drop_lowest=0.34, zero_below=0.0))
    assert made.kept.tolist() == [True, False, True, False]


def test_windows_that_were_not_predicted_are_not_used():
    broken = P.copy()
    broken[0, 2] = np.nan
    assert not label_windows(broken, PseudoConfig()).kept[0]


def test_a_recording_is_drawn_by_the_sum_of_its_maxima():
    targets = np.array([[1.0, 0.0], [0.0, 0.5], [0.5, 0.0]], np.float32)
    chances = recording_weights(targets, np.array([0, 0, 1]), "sum of maxima")
    np.testing.assert_allclose(chances, [0.375, 0.375, 0.25])
    np.testing.assert_allclose(recording_weights(targets, np.array([0, 0, 1]), "uniform"), 1 / 3)


def test_longer_samples_take_the_maximum_over_the_windows_inside():
    start_s = np.array([0.0, 5.0, 10.0, 15.0])
    begin, heard = pieces(P, np.zeros(4, np.int64), start_s, np.array([20.0]), 10.0)
    np.testing.assert_allclose(begin, [0.0, 2.5, 7.5, 10.0])
    np.testing.assert_allclose(heard[0], np.maximum(P[0], P[1]))
    np.testing.assert_allclose(heard[3], np.maximum(P[2], P[3]))
    np.testing.assert_allclose(heard[1], P[1])  # only its own lies wholly inside


class _Store:
    """One recording of a constant tone."""

    samples = np.array([320_000])

    def read(self, number, start=0, samples=None):
        return np.full(samples, 0.5, np.float32)


class _Mixer:
    """A labelled clip of class 0, of constant level 1, class 2 masked."""

    samples = 160_000
    config = AugmentConfig(level_db=(0.0, 0.0))

    def finished(self, wave, rng):
        return wave

    def sample(self, number, partners, rng, *, allow_empty=True):
        return (
            np.ones(self.samples, np.float32),
            np.array([1.0, 0.0, 0.0], np.float32),
            np.array([1.0, 1.0, 0.0], np.float32),
        )


def mixer(**changes) -> PseudoMixer:
    windows = PseudoWindows(
        _Store(),
        np.array([0]),
        np.array([0]),
        np.array([[0.25, 0.5, 1.0]], np.float32),
        np.ones((1, 3), np.float32),
        np.array([1.0]),
    )
    return PseudoMixer(_Mixer(), windows, PseudoConfig(**changes))


def test_half_and_half_with_the_larger_labels():
    rng = np.random.default_rng(0)
    (wave, targets, weights), pseudo = mixer(share=1.0).draw(0, np.array([0]), rng)
    np.testing.assert_allclose(wave, 1.0, atol=1e-3)  # 0.5 · 1 + 0.5 · 1
    assert targets.tolist() == [1.0, 0.5, 1.0]
    assert weights.tolist() == [1.0, 1.0, 1.0]  # the window is sure of the masked class
    assert pseudo


def test_apart_a_window_stands_alone():
    (_, targets, _), pseudo = mixer(share=1.0, use="apart").draw(
        0, np.array([0]), np.random.default_rng(0)
    )
    assert targets.tolist() == [0.25, 0.5, 1.0]
    assert pseudo


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_share_of_the_samples_holds_a_window(share):
    maker = mixer(share=share)
    drawn = [maker.draw(0, np.array([0]), np.random.default_rng(k))[1] for k in range(200)]
    assert np.mean(drawn) == pytest.approx(share, abs=0.1)
