"""How each synthetic species sings: one function gives one phrase, never twice the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from birdscope.dataset.synthetic.sound import Wave, fade, glide, noise, rms, silence, tone

_CALM = (1.0, 0.12, 0.05)
_REEDY = (1.0, 0.6, 0.45, 0.3, 0.18, 0.1)


@dataclass(frozen=True, slots=True)
class Individual:
    """How one animal differs from its kind, as factors around 1."""

    pitch: float
    tempo: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Individual:
        """An animal: 4 % of pitch, 8 % of tempo (one standard deviation)."""
        return cls(float(np.exp(rng.normal(0, 0.04))), float(np.exp(rng.normal(0, 0.08))))


Voice = Callable[[np.random.Generator, Individual], Wave]


def _join(parts: list[Wave]) -> Wave:
    wave = np.concatenate(parts)
    return wave / np.float32(rms(wave) or 1.0)


def _loudness(rng: np.random.Generator) -> np.float32:
    return np.float32(np.exp(rng.normal(0, 0.15)))


def whistler(rng: np.random.Generator, one: Individual) -> Wave:
    """Two or three slow pure whistles, each rising."""
    parts = []
    for number in range(rng.integers(2, 4)):
        base = 2450 * one.pitch * (1 + 0.06 * number)
        pitch = glide([base, base * 1.04, base * 1.17], rng.uniform(0.38, 0.5) / one.tempo, rng)
        parts += [fade(tone(pitch, _CALM) * _loudness(rng), 0.05, 0.09), silence(0.13 / one.tempo)]
    return _join(parts)


def lesser_whistler(rng: np.random.Generator, one: Individual) -> Wave:
    """Like the whistler, a little higher, and the last whistle falls."""
    parts = []
    count = rng.integers(2, 4)
    for number in range(count):
        base = 2650 * one.pitch * (1 + 0.05 * number)
        shape = [1.15, 1.06, 0.92] if number == count - 1 else [1.0, 1.05, 1.15]
        pitch = glide([base * s for s in shape], rng.uniform(0.3, 0.42) / one.tempo, rng)
        parts += [fade(tone(pitch, _CALM) * _loudness(rng), 0.05, 0.08), silence(0.1 / one.tempo)]
    return _join(parts)


def _trill(
    rng: np.random.Generator, one: Individual, *, notes_hz: float, pitch_hz: float, fall: float
) -> Wave:
    """Notes of the same shape at a steady rate, swelling and dying away."""
    rate_hz = notes_hz * one.tempo
    count = round(rng.uniform(1.0, 1.9) * rate_hz)
    parts = []
    for swell in np.sin(np.linspace(0.25, np.pi - 0.2, count)):
        top = pitch_hz * one.pitch * (1 + rng.normal(0, 0.008))
        length = 0.62 / rate_hz * (1 + rng.normal(0, 0.04))
        note = fade(tone(glide([top, top * fall], length, rng), (1.0, 0.2)), 0.005, 0.012)
        parts += [note * np.float32(swell), silence(0.38 / rate_hz)]
    return _join(parts)


def triller(rng: np.random.Generator, one: Individual) -> Wave:
    """A fast trill of falling notes near 5 kHz."""
    return _trill(rng, one, notes_hz=18, pitch_hz=5300, fall=0.84)


def slow_triller(rng: np.random.Generator, one: Individual) -> Wave:
    """A trill like the triller's, a third slower and a little lower."""
    return _trill(rng, one, notes_hz=12.5, pitch_hz=5000, fall=0.82)


def chirper(rng: np.random.Generator, one: Individual) -> Wave:
    """Three to six falling chirps rich in harmonics."""
    parts = []
    for _ in range(rng.integers(3, 7)):
        top = 3900 * one.pitch * (1 + rng.normal(0, 0.02))
        pitch = glide([top, top * 0.72, top * 0.5], rng.uniform(0.1, 0.15) / one.tempo, rng)
        parts += [fade(tone(pitch, (1.0, 0.55, 0.3)) * _loudness(rng), 0.008, 0.03)]
        parts += [silence(rng.uniform(0.14, 0.2) / one.tempo)]
    return _join(parts)


def hooter(rng: np.random.Generator, one: Individual) -> Wave:
    """Deep hoots: one long, then two or three short."""
    parts = []
    for number in range(rng.integers(3, 5)):
        base = 470 * one.pitch
        length = (0.55 if number == 0 else 0.28) / one.tempo
        pitch = glide([base * 0.93, base, base * 0.95], length, rng)
        parts += [fade(tone(pitch, (1.0, 0.25, 0.08)) * _loudness(rng), 0.07, 0.1)]
        parts += [silence(0.22 / one.tempo)]
    return _join(parts)


def squawker(rng: np.random.Generator, one: Individual) -> Wave:
    """Harsh squawks: a stack of harmonics, roughened by noise."""
    parts = []
    for _ in range(rng.integers(2, 5)):
        length = rng.uniform(0.22, 0.4) / one.tempo
        base = 880 * one.pitch * (1 + rng.normal(0, 0.03))
        stack = tone(
            glide([base, base * 1.2, base * 0.85], length, rng), (0.4, 0.8, 1, 0.9, 0.6, 0.4)
        )
        rough = noise(length, 1500, 6500, rng)[: len(stack)]
        stack[: len(rough)] *= 1 + 0.5 * rough
        parts += [fade(stack + 0.4 * np.resize(rough, len(stack)), 0.015, 0.05) * _loudness(rng)]
        parts += [silence(rng.uniform(0.12, 0.3))]
    return _join(parts)


_WARBLE = ((6300, 4200), (3600, 3650), (4100, 6800), (5200, 5100), (6900, 3900), (4600, 5900))


def warbler(rng: np.random.Generator, one: Individual) -> Wave:
    """A hurried song drawn from six syllables in the species' own order."""
    parts = []
    first = int(rng.integers(0, 3))
    for number in range(first, first + rng.integers(7, 12)):
        ends = [hz * one.pitch * (1 + rng.normal(0, 0.015)) for hz in _WARBLE[number % 6]]
        length = rng.uniform(0.07, 0.13) / one.tempo
        parts += [fade(tone(glide(ends, length, rng), (1.0, 0.15)) * _loudness(rng), 0.01, 0.02)]
        parts += [silence(rng.uniform(0.02, 0.06))]
    return _join(parts)


def _pulse_frog(
    rng: np.random.Generator, one: Individual, *, pulses_hz: float, pitch_hz: float
) -> Wave:
    """A call of damped pulses that grow in strength."""
    rate_hz = pulses_hz * one.tempo
    count = round(rng.uniform(0.55, 1.0) * rate_hz)
    parts = []
    for strength in np.linspace(0.45, 1.0, count):
        pitch = pitch_hz * one.pitch * (1 + rng.normal(0, 0.006))
        pulse = tone(glide([pitch * 0.97, pitch], 0.8 / rate_hz, rng), (1.0, 0.3, 0.1))
        decay = np.exp(-np.arange(len(pulse), dtype=np.float32) / (0.3 * len(pulse)))
        parts += [fade(pulse * decay, 0.002, 0.003) * np.float32(strength)]
        parts += [silence(0.2 / rate_hz)]
    return _join(parts)


def pulse_frog(rng: np.random.Generator, one: Individual) -> Wave:
    """A rattle of 24 pulses a second near 2.6 kHz."""
    return _pulse_frog(rng, one, pulses_hz=24, pitch_hz=2600)


def quick_frog(rng: np.random.Generator, one: Individual) -> Wave:
    """A rattle like the pulse frog's with 36 pulses a second."""
    return _pulse_frog(rng, one, pulses_hz=36, pitch_hz=2480)


def bell_frog(rng: np.random.Generator, one: Individual) -> Wave:
    """Single clear "tink" notes at a steady beat."""
    parts = []
    for _ in range(rng.integers(3, 7)):
        pitch = 3350 * one.pitch * (1 + rng.normal(0, 0.004))
        note = tone(glide([pitch, pitch], 0.11, rng), (1.0, 0.05, 0.12))
        decay = np.exp(-np.arange(len(note), dtype=np.float32) / (0.35 * len(note)))
        parts += [fade(note * decay, 0.003, 0.02), silence(0.36 / one.tempo)]
    return _join(parts)


def croaker(rng: np.random.Generator, one: Individual) -> Wave:
    """Low croaks, rough with a 55 Hz beat."""
    parts = []
    for _ in range(rng.integers(2, 4)):
        length = rng.uniform(0.3, 0.5) / one.tempo
        base = 410 * one.pitch
        body = tone(glide([base * 0.9, base, base * 0.85], length, rng), _REEDY)
        beat = np.arange(len(body)) * (2 * np.pi * 55 * one.tempo / 32_000)
        parts += [fade(body * (0.55 + 0.45 * np.sin(beat)).astype(np.float32), 0.03, 0.08)]
        parts += [silence(rng.uniform(0.25, 0.5))]
    return _join(parts)


def howler(rng: np.random.Generator, one: Individual) -> Wave:
    """A long hoarse roar of a mammal, rising and sinking."""
    length = rng.uniform(1.8, 3.2) / one.tempo
    base = 240 * one.pitch
    body = tone(glide([base * 0.8, base * 1.25, base * 1.3, base * 0.9], length, rng), _REEDY)
    hoarse = noise(length, 350, 1300, rng)[: len(body)]
    body[: len(hoarse)] *= 1 + 0.4 * hoarse
    return _join([fade(body + 0.7 * np.resize(hoarse, len(body)), 0.3, 0.5), silence(0.3)])


def squirrel(rng: np.random.Generator, one: Individual) -> Wave:
    """Sharp chucks in series, slowing down."""
    parts = []
    for number in range(rng.integers(4, 9)):
        base = 1350 * one.pitch * (1 + rng.normal(0, 0.02))
        pitch = glide([base, base * 1.35, base * 0.7], 0.07, rng)
        parts += [fade(tone(pitch, _REEDY) * _loudness(rng), 0.004, 0.03)]
        parts += [silence((0.11 + 0.03 * number) / one.tempo)]
    return _join(parts)


def cricket(rng: np.random.Generator, one: Individual) -> Wave:
    """Chirps of three pulses near 4.7 kHz, like clockwork."""
    parts = []
    for _ in range(rng.integers(4, 9)):
        for strength in (0.6, 0.9, 1.0):
            pitch = glide([4750 * one.pitch] * 2, 0.022 / one.tempo, rng)
            parts += [fade(tone(pitch, (1.0, 0.1)) * np.float32(strength), 0.006, 0.006)]
            parts += [silence(0.014 / one.tempo)]
        parts += [silence(0.26 / one.tempo)]
    return _join(parts)


def katydid(rng: np.random.Generator, one: Individual) -> Wave:
    """Bursts of rasping between 7 and 12 kHz, toothed at 45 Hz."""
    parts = []
    for _ in range(rng.integers(2, 5)):
        length = rng.uniform(0.3, 0.5) / one.tempo
        rasp = noise(length, 8000 * one.pitch, 10_500 * one.pitch, rng)
        rasp = rasp + np.float32(0.35) * noise(length, 5500, 13_500, rng)
        teeth = np.sin(np.arange(len(rasp)) * (np.pi * 45 * one.tempo / 32_000)) ** 4
        parts += [fade(rasp * teeth.astype(np.float32), 0.02, 0.03), silence(0.3 / one.tempo)]
    return _join(parts)
