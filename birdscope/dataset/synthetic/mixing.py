"""Clips and soundscapes: voices placed into surroundings, and the truth of what was placed.

Every file has its own random generator, seeded by the dataset's seed and the file's place in
its series, so that asking for more files never changes the ones before.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.dataset.synthetic.sound import (
    FRAME,
    Wave,
    active_frames,
    active_rms,
    add,
    band_weight,
    silence,
)
from birdscope.dataset.synthetic.species import SPECIES, SyntheticSpecies
from birdscope.dataset.synthetic.surroundings import background, distractor, propagate
from birdscope.dataset.synthetic.voices import Individual

DIFFICULTY = 0.6
"""How hard the soundscapes are, 0 to 1: the one dial for signal-to-noise ratio and distance."""
_AUDIBLE_FRAMES = 10
"""A window holds a call where at least 0.1 s of the call's active frames lie in it."""
_PEAK = 0.7
_FLOOR = 4096


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """One bout mixed into a recording.

    Attributes:
        label: Species.
        start_s: First active frame.
        end_s: After the last active frame.
        snr_db: Active level over the background's level in the species' band.
        windows: Numbers of the 5 s windows in which it sounds for 0.1 s or more.
    """

    label: str
    start_s: float
    end_s: float
    snr_db: float
    windows: tuple[int, ...]


@dataclass(frozen=True)
class Mix:
    """A finished recording: float32 [samples] or [samples, 2], and what is in it."""

    waveform: Wave
    calls: tuple[PlacedCall, ...]


def generator(seed: int, *name: str | int) -> np.random.Generator:
    """The random generator of one file, the same on every machine and in every order."""
    words = [zlib.crc32(str(part).encode()) for part in name]
    return np.random.default_rng([seed, *words])


def clip(
    one: SyntheticSpecies,
    secondary: tuple[SyntheticSpecies, ...],
    duration_s: float,
    snr_db: float,
    author_seed: int,
    rng: np.random.Generator,
) -> Mix:
    """A focal recording: one species near the microphone, others mixed in behind it.

    The author decides on the place (distance, calm) and visits few animals, so that the
    recordings of one author resemble each other.
    """
    habits = np.random.default_rng(author_seed)
    distance_m = habits.uniform(4, 25) * rng.uniform(0.7, 1.4)
    animal = Individual.draw(np.random.default_rng([author_seed, int(rng.integers(0, 3))]))
    calm = habits.random() < 0.7
    scene = _Scene.over(background(duration_s, rng, night=one.nocturnal, calm=calm))
    calls = []
    for part in _sequence(duration_s, rng):
        heard = propagate(_bout(one, animal, part[1], rng), distance_m, rng)
        calls += scene.place(one, heard, part[0], snr_db)
    for other in secondary:
        heard = propagate(_bout(other, Individual.draw(rng), duration_s * 0.5, rng), 40.0, rng)
        start_s = rng.uniform(0, max(0.1, duration_s - 1.5))
        calls += scene.place(other, heard, start_s, max(2.0, snr_db - rng.uniform(8, 16)))
    return Mix(_level(scene.wave, rng.uniform(0.25, 1.0)), tuple(calls))


def _sequence(duration_s: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Start and length of the bouts of a clip: song, pause, song."""
    parts = []
    at_s = rng.uniform(0, min(0.6, duration_s / 6))
    while at_s < duration_s - 0.8:
        length_s = rng.uniform(1.5, 5)
        parts.append((at_s, min(length_s, duration_s - at_s)))
        at_s += length_s + rng.uniform(0.8, 3.0)
    return parts


def soundscape(
    guests: tuple[SyntheticSpecies, ...],
    duration_s: float,
    rng: np.random.Generator,
    *,
    night: bool,
    difficulty: float = DIFFICULTY,
) -> Mix:
    """A recorder's minute: the guests at any distance, others by chance, noise and strangers."""
    scene = _Scene.over(background(duration_s, rng, night=night, calm=False))
    calls: list[PlacedCall] = []
    for one in (*guests, *_visitors(duration_s, rng, night=night)):
        distance_m = rng.uniform(10, 40 + 100 * difficulty)
        snr_db = rng.uniform(8 - 26 * difficulty, 28 - 18 * difficulty)
        animal = Individual.draw(rng)
        for _ in range(rng.integers(1, 4)):
            heard = propagate(_bout(one, animal, rng.uniform(0.8, 7.0), rng), distance_m, rng)
            start_s = rng.uniform(0, max(0.1, duration_s - 1.0))
            calls += scene.place(one, heard, start_s, snr_db + rng.normal(0, 1.5))
    for _ in range(rng.integers(0, 2 + round(6 * difficulty))):
        strange = propagate(distractor(rng), rng.uniform(5, 100), rng)
        gain = np.float32(10 ** (rng.uniform(-22, 0) / 20))
        add(scene.wave, strange * gain, int(rng.integers(0, len(scene.wave))))
    return Mix(_level(scene.wave, 10 ** (rng.uniform(-20, -4) / 20)), tuple(calls))


def _visitors(
    duration_s: float, rng: np.random.Generator, *, night: bool
) -> tuple[SyntheticSpecies, ...]:
    """Species that happen to pass, those of the hour more often."""
    weight = np.array([1.0 if one.nocturnal == night else 0.25 for one in SPECIES])
    count = min(rng.poisson(duration_s / 40), 5)
    chosen = rng.choice(len(SPECIES), size=count, replace=False, p=weight / weight.sum())
    return tuple(SPECIES[number] for number in chosen)


def _bout(
    one: SyntheticSpecies, animal: Individual, length_s: float, rng: np.random.Generator
) -> Wave:
    """Phrases of one animal in a row, until the length is reached."""
    parts = [one.voice(rng, animal)]
    while sum(map(len, parts)) < length_s * SAMPLE_RATE_HZ:
        parts += [silence(rng.uniform(0.25, 1.2)), one.voice(rng, animal)]
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Scene:
    """A recording in the making: what sounds so far, and the noise floor it began with."""

    wave: Wave
    floor: Wave

    @classmethod
    def over(cls, noise: Wave) -> _Scene:
        """An empty scene over that noise; the floor is its mean power spectrum."""
        starts = np.linspace(0, max(0, len(noise) - _FLOOR), 40).astype(int)
        frames = np.stack([np.resize(noise[at : at + _FLOOR], _FLOOR) for at in starts])
        spectrum = np.fft.rfft(frames * np.hanning(_FLOOR).astype(np.float32), axis=1)
        return cls(noise.copy(), np.mean(np.abs(spectrum) ** 2, axis=0))

    def level_in(self, low_hz: float, high_hz: float) -> float:
        """RMS of the noise inside a band."""
        frequency_hz = np.linspace(0, SAMPLE_RATE_HZ / 2, len(self.floor), dtype=np.float32)
        inside = np.sum(self.floor * band_weight(frequency_hz, low_hz, high_hz) ** 2)
        return float(np.sqrt(2 * inside / (_FLOOR * _FLOOR * 0.375)))

    def place(
        self, one: SyntheticSpecies, heard: Wave, start_s: float, snr_db: float
    ) -> list[PlacedCall]:
        """Mix a bout in at that ratio over the floor; the truth of it, if it is audible."""
        level = self.level_in(*one.band_hz) / (active_rms(heard) or 1.0)
        start = round(start_s * SAMPLE_RATE_HZ)
        add(self.wave, heard * np.float32(level * 10 ** (snr_db / 20)), start)
        active = np.flatnonzero(active_frames(heard)) * FRAME + start
        active = active[active < len(self.wave)]
        if len(active) < _AUDIBLE_FRAMES:
            return []
        window, count = np.unique(active // (WINDOW_S * SAMPLE_RATE_HZ), return_counts=True)
        sounding = tuple(int(w) for w in window[count >= _AUDIBLE_FRAMES])
        last = min(len(self.wave), int(active[-1]) + FRAME)
        first_s, last_s = float(active[0]) / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ
        return [PlacedCall(one.label, first_s, last_s, float(snr_db), sounding)]


def _level(wave: Wave, share: float) -> Wave:
    """The wave scaled so that its peak is that share of 0.7 of full scale."""
    return wave * np.float32(_PEAK * share / max(1e-6, float(np.max(np.abs(wave)))))
