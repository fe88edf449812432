"""What lies between a voice and a microphone: distance, echoes, wind, rain, distant insects."""

from __future__ import annotations

import numpy as np

from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.dataset.synthetic.sound import (
    Wave,
    add,
    drift,
    fade,
    fast_length,
    glide,
    noise,
    rms,
    tone,
)


def propagate(wave: Wave, distance_m: float, rng: np.random.Generator) -> Wave:
    """The wave as heard through a forest: highs absorbed, echoes added, level kept.

    Air and leaves take about 8 dB per 100 m at 4 kHz, growing with frequency; the echo is
    an exponentially decaying noise whose share grows with distance.

    Returns:
        float32 [samples + tail], RMS as before.
    """
    echo_s = rng.uniform(0.25, 0.6) + distance_m / 250
    tail = noise(echo_s, 200, 9000, rng)
    tail *= np.exp(-np.arange(len(tail), dtype=np.float32) * (6.9 / len(tail)))
    share = 0.02 + 0.5 * min(1.0, distance_m / 120)
    tail *= np.float32(share / np.sqrt(np.sum(np.square(tail))))
    tail[0] += 1.0
    size = fast_length(len(wave) + len(tail))
    frequency_khz = np.linspace(0, SAMPLE_RATE_HZ / 2000, size // 2 + 1, dtype=np.float32)
    loss = np.float32(0.92 * distance_m / 100) * (frequency_khz / 4) ** np.float32(1.3)
    spectrum = np.fft.rfft(wave, size) * np.fft.rfft(tail, size) * np.exp(-loss)
    heard: Wave = np.asarray(np.fft.irfft(spectrum, size)[: len(wave) + len(tail)], np.float32)
    return heard * np.float32(rms(wave) / (rms(heard) or 1.0))


def background(duration_s: float, rng: np.random.Generator, *, night: bool, calm: bool) -> Wave:
    """Everything that sounds but is nobody we look for: RMS about 1, before any distractor.

    Args:
        duration_s: Length.
        rng: Draws the weather.
        night: More insects, less wind.
        calm: The place a recordist with a parabola would choose: no rain, little wind.
    """
    count = round(duration_s * SAMPLE_RATE_HZ)
    wave = noise(duration_s, 25, 15_500, rng, tilt=rng.uniform(0.4, 0.75))[:count]
    gust = np.float32(rng.uniform(0.0, 0.5 if night or calm else 1.6))
    wave += gust * _wind(duration_s, rng)[:count]
    if not calm and rng.random() < 0.3:
        wave += np.float32(rng.uniform(0.15, 0.6)) * _rain(duration_s, rng)[:count]
    for _ in range(rng.integers(0, 2 if calm else 4 if night else 3)):
        gain = np.float32(rng.uniform(0.05, 0.3))
        wave += gain * _distant_insects(duration_s, rng)[:count]
    return wave / np.float32(rms(wave))


def _wind(duration_s: float, rng: np.random.Generator) -> Wave:
    return noise(duration_s, 20, 350, rng, tilt=0.8) * drift(duration_s, 0.6, 0.7, rng)


def _rain(duration_s: float, rng: np.random.Generator) -> Wave:
    """A hiss with single drops on leaves."""
    hiss = noise(duration_s, 900, 14_000, rng) * drift(duration_s, 0.3, 0.25, rng)
    drop = noise(0.012, 1200, 9000, rng)
    drop *= np.exp(-np.arange(len(drop), dtype=np.float32) / 60)
    for start in rng.integers(0, len(hiss), round(duration_s * rng.uniform(3, 20))):
        add(hiss, drop * np.float32(rng.uniform(1, 6)), int(start))
    return hiss


def _distant_insects(duration_s: float, rng: np.random.Generator) -> Wave:
    """A narrow steady band somewhere between 3.5 and 9 kHz, pulsing."""
    centre_hz = rng.uniform(3500, 9000)
    band = noise(duration_s, centre_hz * 0.97, centre_hz * 1.03, rng)
    beat = np.arange(len(band), dtype=np.float32) * np.float32(
        2 * np.pi * rng.uniform(2, 30) / SAMPLE_RATE_HZ
    )
    depth = np.float32(rng.uniform(0.2, 0.9))
    pulse = np.float32(1) - depth / 2 + depth / 2 * np.sin(beat)
    return np.asarray(band * pulse * drift(duration_s, 0.1, 0.4, rng), np.float32)


def distractor(rng: np.random.Generator) -> Wave:
    """A sound of no species: a stray whistle, a knock, a passing motor. RMS 1."""
    kind = rng.integers(0, 4)
    if kind == 0:
        points = rng.uniform(1200, 6500) * np.exp(rng.normal(0, 0.15, 4))
        wave = fade(tone(glide(list(points), rng.uniform(0.15, 0.9), rng), (1.0, 0.2)), 0.03, 0.06)
    elif kind == 1:
        knock = noise(0.08, 300, 2500, rng)
        wave = knock * np.exp(-np.arange(len(knock), dtype=np.float32) / 400)
    elif kind == 2:
        base = rng.uniform(60, 110)
        pitch = glide([base, base * 1.1, base * 0.9], rng.uniform(3, 7), rng)
        wave = fade(tone(pitch, [1 / n for n in range(1, 13)]), 1.0, 1.2)
    else:
        high = rng.uniform(3500, 8000)
        notes = [fade(tone(glide([high, high * 0.8], 0.05, rng)), 0.01, 0.02) for _ in range(3)]
        wave = np.concatenate([part for note in notes for part in (note, np.zeros(2500, "f4"))])
    return np.asarray(wave / np.float32(rms(wave) or 1.0), np.float32)
