import random

import numpy as np
import pytest
import torch

from birdscope.core.errors import ConfigError
from birdscope.training.noise import rms
from birdscope.training.recipe import AugmentConfig
from birdscope.training.wave_augment import augment_wave, random_filter

RATE = 32_000
SHARES = ("filter", "pitch", "shift", "gain", "noise", "time_flip")


def _chirp(seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * (500 + 2000 * time_s) * time_s)).astype(np.float32)


def _augmented(seed: int, wave: np.ndarray | None = None, **options) -> np.ndarray:
    wave = _chirp() if wave is None else wave
    return augment_wave(wave, AugmentConfig(**options), np.random.default_rng(seed))


def _states() -> tuple:
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


@pytest.mark.parametrize("share", SHARES)
def test_the_same_generator_gives_the_same_sound_whatever_was_drawn_before(share):
    first = _augmented(3, **{share: 1.0})
    random.random(), np.random.rand(5), torch.rand(7)
    assert np.array_equal(_augmented(3, **{share: 1.0}), first)
    assert first.dtype == np.float32
    assert first.shape == (RATE,)


@pytest.mark.parametrize("share", [one for one in SHARES if one != "time_flip"])
def test_another_generator_gives_another_sound(share):
    sounds = {_augmented(seed, **{share: 1.0}).tobytes() for seed in range(6)}
    assert len(sounds) > 1


@pytest.mark.parametrize("share", SHARES)
def test_global_generators_are_left_as_they_were(share):
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    before = _states()
    _augmented(0, **{share: 1.0})
    assert _states() == before


def test_nothing_is_drawn_for_what_is_off():
    rng, untouched = np.random.default_rng(0), np.random.default_rng(0)
    wave = _chirp()
    assert augment_wave(wave, AugmentConfig(), rng) is wave
    assert rng.random() == untouched.random()


def test_the_given_sound_is_not_changed_in_place():
    wave = _chirp()
    before = wave.copy()
    augment_wave(wave, AugmentConfig(**dict.fromkeys(SHARES, 1.0)), np.random.default_rng(0))
    assert np.array_equal(wave, before)


def test_shares_are_probabilities():
    changed = [not np.array_equal(_augmented(seed, gain=0.3), _chirp()) for seed in range(300)]
    assert np.mean(changed) == pytest.approx(0.3, abs=0.08)


def test_gain_stays_in_its_range():
    gains_db = [20 * np.log10(rms(_augmented(s, gain=1.0)) / rms(_chirp())) for s in range(100)]
    assert -6 <= min(gains_db) < -4
    assert 4 < max(gains_db) <= 6.001


def test_shift_rolls():
    wave = _augmented(1, shift=1.0)
    spectra = [np.abs(np.fft.rfft(one)) for one in (wave, _chirp())]
    assert not np.array_equal(wave, _chirp())
    assert spectra[0] == pytest.approx(spectra[1], rel=1e-3, abs=1e-2)


def test_pitch_moves_a_tone_without_changing_its_length():
    time_s = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 2000 * time_s).astype(np.float32)
    peaks = {
        int(np.abs(np.fft.rfft(_augmented(seed, tone, pitch=1.0))).argmax()) for seed in range(6)
    }
    assert len(peaks) > 1
    assert all(2000 / 2 ** (2 / 12) - 2 <= peak <= 2000 * 2 ** (2 / 12) + 2 for peak in peaks)


def test_a_pitch_range_without_a_known_ratio_is_an_error():
    with pytest.raises(ConfigError, match=r"0\.1.*semitones"):
        _augmented(0, pitch=1.0, pitch_semitones=(0.1, 0.12))


@pytest.mark.parametrize(("decay", "falls"), [(0.0, False), (0.5, True)])
def test_noise_has_its_level_and_colour(decay, falls):
    wave = _chirp()
    noise = _augmented(0, noise=1.0, noise_snr_db=(10.0, 10.0), noise_decay=(decay, decay)) - wave
    assert 20 * np.log10(rms(wave) / rms(noise)) == pytest.approx(10, abs=0.1)
    power = np.abs(np.fft.rfft(noise)) ** 2
    low, high = power[100:2000].mean(), power[10_000:15_000].mean()
    # 1/f between these bands is a factor of about 17
    assert (
        low / high == pytest.approx(17, rel=0.3)
        if falls
        else low / high == pytest.approx(1, rel=0.2)
    )


def test_filter_gives_each_band_its_own_gain():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(4 * RATE).astype(np.float32)
    filtered = random_filter(noise, 4, (-20.0, 0.0), np.random.default_rng(5))
    drawn_db = np.random.default_rng(5).uniform(-20, 0, 4)
    top = 2595 * np.log10(1 + 16_000 / 700)
    for band, gain_db in enumerate(drawn_db):
        middle_hz = 700 * (10 ** ((band + 0.5) / 4 * top / 2595) - 1)
        near = np.abs(np.fft.rfftfreq(len(noise), 1 / RATE) - middle_hz) < 30
        powers = [(np.abs(np.fft.rfft(one)[near]) ** 2).sum() for one in (filtered, noise)]
        assert 10 * np.log10(powers[0] / powers[1]) == pytest.approx(gain_db, abs=0.7)


def test_time_flip_plays_backwards():
    assert np.array_equal(_augmented(0, time_flip=1.0), _chirp()[::-1])
