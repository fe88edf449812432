"""The same sound twice: equal samples by a hash, near-equal ones by a coarse fingerprint.

The fingerprint follows Haitsma and Kalker (ISMIR 2002): a word of 32 bits twenty times a
second, one bit for each pair of neighbouring bands, saying whether their difference grew. It
survives another codec, another level and a cut at either end.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
_RATE_HZ = 16_000
_FRAME = 8192
_HOP = 800
_BANDS = 33
_F_MIN_HZ, _F_MAX_HZ = 300.0, 7_500.0
_QUIET = 1e-9
_SHARED_WORDS = 2
_SHORTEST = 20
_MOST_COMMON = 20
_SAME_BITS = 0.87


@dataclass(frozen=True, slots=True)
class Match:
    """Two recordings that hold the same sound.

    Attributes:
        first: Key of one.
        second: Key of the other.
        similarity: Share of equal bits where they overlap; 1 for equal samples.
        exact: Whether the samples are equal.
    """

    first: str
    second: str
    similarity: float
    exact: bool


def sample_hash(waveform: npt.NDArray[np.float32]) -> str:
    """SHA-256 of decoded samples, rounded to 16 bit; not of the file, so tags don't count."""
    rounded = np.round(np.clip(waveform, -1, 1) * 32767).astype("<i2")
    return hashlib.sha256(rounded.tobytes()).hexdigest()


def fingerprint(waveform: npt.NDArray[np.float32]) -> Words:
    """float32 [samples] at 16 kHz → uint32 [words], 20 a second; 0 where nothing sounds."""
    frames = (len(waveform) - _FRAME) // _HOP + 1
    if frames < 2:
        return np.zeros(0, np.uint32)
    window = np.hanning(_FRAME).astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(waveform, _FRAME)[::_HOP]
    power = np.stack([np.square(np.abs(np.fft.rfft(view * window))) for view in views])
    edges = np.geomspace(_F_MIN_HZ, _F_MAX_HZ, _BANDS + 1) * _FRAME / _RATE_HZ
    energy = np.add.reduceat(power, edges.astype(int), axis=1)[:, :_BANDS]
    steps = np.diff(np.diff(energy, axis=1), axis=0) > 0
    words = (steps.astype(np.uint32) << np.arange(_BANDS - 1, dtype=np.uint32)).sum(
        axis=1, dtype=np.uint32
    )
    words[energy[1:].sum(axis=1) < _QUIET * _FRAME**2] = 0
    return np.asarray(words, np.uint32)


def find_duplicates(
    hashes: Mapping[str, str], fingerprints: Mapping[str, Words]
) -> tuple[Match, ...]:
    """Pairs of the same sound: each repeat with the first recording that has it.

    Args:
        hashes: Recording key → `sample_hash`; their order says which one is first.
        fingerprints: Recording key → `fingerprint`.
    """
    found: list[Match] = []
    first_of: dict[str, str] = {}
    for key, value in hashes.items():
        if value in first_of:
            found.append(Match(first_of[value], key, 1.0, True))
        else:
            first_of[value] = key
    kept = [key for key in first_of.values() if len(fingerprints.get(key, ())) >= _SHORTEST]
    repeats: set[str] = set()
    for first, second in _candidates(kept, fingerprints):
        if second in repeats or first in repeats:
            continue
        similarity = _similarity(fingerprints[first], fingerprints[second])
        if similarity >= _SAME_BITS:
            repeats.add(second)
            found.append(Match(first, second, similarity, False))
    return tuple(found)


def _candidates(keys: list[str], fingerprints: Mapping[str, Words]) -> Iterator[tuple[str, str]]:
    """Pairs, in order, that share words which are not everywhere."""
    if not keys:
        return
    each = [np.unique(fingerprints[key]) for key in keys]
    words = np.concatenate(each)
    owners = np.repeat(np.arange(len(keys)), [len(one) for one in each])
    order = np.argsort(words, kind="stable")
    words, owners = words[order], owners[order]
    starts = np.flatnonzero(np.diff(words, prepend=words[:1] ^ 1))
    ends = np.append(starts[1:], len(words))
    telling = (words[starts] != 0) & (ends - starts > 1) & (ends - starts <= _MOST_COMMON)
    shared: Counter[tuple[int, int]] = Counter()
    for start, end in zip(starts[telling], ends[telling], strict=True):
        shared.update(combinations(owners[start:end].tolist(), 2))
    for (first, second), count in sorted(shared.items()):
        if count >= _SHARED_WORDS:
            yield keys[first], keys[second]


def _similarity(a: Words, b: Words) -> float:
    """Share of equal bits at the best shift, over an overlap of half the shorter one."""
    least = max(_SHORTEST, min(len(a), len(b)) // 2)
    best = 0.0
    for shift in _shifts(a, b):
        first, second = a[max(0, shift) :], b[max(0, -shift) :]
        length = min(len(first), len(second))
        first, second = first[:length], second[:length]
        heard = (first != 0) & (second != 0)
        if heard.sum() >= least:
            wrong = np.unpackbits((first[heard] ^ second[heard]).view(np.uint8)).mean()
            best = max(best, 1.0 - float(wrong))
    return best


def _shifts(a: Words, b: Words) -> list[int]:
    """Shifts of `b` against `a` at which equal words meet, and their neighbours."""
    equal, at_a, at_b = np.intersect1d(a, b, return_indices=True)
    shifts = {int(one) for one in (at_a - at_b)[equal != 0]}
    return sorted({one + step for one in shifts for step in (-1, 0, 1)})
