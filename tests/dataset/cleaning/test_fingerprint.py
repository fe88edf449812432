from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.audio import decode
from birdscope.dataset.cleaning.fingerprint import find_duplicates, fingerprint, sample_hash

RATE = 16_000


def song(seed: int, seconds: float = 8.0) -> npt.NDArray[np.float32]:
    """Whistles at times and heights of their own, over noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = 0.02 * rng.normal(size=len(time))
    for start in np.arange(0, seconds, 0.7):
        note_hz, fade = rng.uniform(500, 6000), np.exp(-3 * np.maximum(time - start, 0))
        wave += 0.3 * (time >= start) * fade * np.sin(2 * np.pi * note_hz * time)
    return wave.astype(np.float32)


def test_the_same_samples_have_the_same_hash() -> None:
    assert sample_hash(song(1)) == sample_hash(song(1).copy())
    assert sample_hash(song(1)) != sample_hash(song(2))


def test_a_copy_is_found_after_coding_at_another_level_and_cut(tmp_path: Path) -> None:
    waves = {f"song{seed}": song(seed) for seed in range(6)}
    decode.write_ogg(tmp_path / "coded.ogg", 0.3 * song(2), RATE)
    waves["coded"] = decode.read(tmp_path / "coded.ogg", sample_rate_hz=RATE)
    waves["part"] = 0.5 * song(3)[round(1.23 * RATE) :]
    waves["twin"] = song(4)
    hashes = {key: sample_hash(wave) for key, wave in waves.items()}
    words = {key: fingerprint(wave) for key, wave in waves.items()}
    found = {one.second: one for one in find_duplicates(hashes, words)}
    assert {key: one.first for key, one in found.items()} == {
        "coded": "song2",
        "part": "song3",
        "twin": "song4",
    }
    assert found["twin"].exact and not found["coded"].exact and not found["part"].exact
    assert min(one.similarity for one in found.values()) > 0.87


def test_noise_and_silence_are_not_alike() -> None:
    rng = np.random.default_rng(0)
    waves = {str(n): 0.1 * rng.normal(size=8 * RATE).astype(np.float32) for n in range(20)}
    waves |= {f"silent{n}": np.full(8 * RATE, n * 1e-9, np.float32) for n in range(3)}
    words = {key: fingerprint(wave) for key, wave in waves.items()}
    assert find_duplicates({key: key for key in waves}, words) == ()
    assert not words["silent1"].any()


def test_a_short_sound_has_no_words() -> None:
    assert len(fingerprint(song(1, 0.4))) == 0
    assert find_duplicates({}, {}) == ()
