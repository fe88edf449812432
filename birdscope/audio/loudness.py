"""Loudness as heard, and a gain that makes recordings equally loud (ITU-R BS.1770-4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Wave = npt.NDArray[np.float32]

_BLOCK_S = 0.4
_HOP_S = 0.1
_GATE_LUFS = -70.0
_RELATIVE_LU = -10.0


def loudness_lufs(waveform: Wave, sample_rate_hz: int) -> float:
    """Integrated loudness of one channel: K-weighted, gated at −70 LUFS and 10 LU below.

    Args:
        waveform: float32 [samples].
        sample_rate_hz: Frames per second.

    Returns:
        LUFS (a 997 Hz sine of amplitude 1 is −3.01); −inf for silence.
    """
    import numpy as np

    block, hop = round(_BLOCK_S * sample_rate_hz), round(_HOP_S * sample_rate_hz)
    weighted = np.square(_k_weighted(waveform, sample_rate_hz))
    if len(weighted) < block:
        power = np.array([weighted.mean()]) if len(weighted) else np.zeros(1)
    else:
        total = np.concatenate([[0.0], np.cumsum(weighted)])
        starts = np.arange(0, len(weighted) - block + 1, hop)
        power = np.maximum(total[starts + block] - total[starts], 0.0) / block
    loud = power[_lufs(power) > _GATE_LUFS]
    if not len(loud):
        return -math.inf
    loud = loud[_lufs(loud) > _lufs(loud.mean()) + _RELATIVE_LU]
    return float(_lufs(loud.mean()))


def loudness_gain(
    waveform: Wave, sample_rate_hz: int, target_lufs: float, peak: float = 0.99
) -> float:
    """The factor that brings a waveform to a loudness, or only as far as its peak allows.

    Returns:
        1 for silence; the result's largest absolute sample never exceeds `peak`.
    """
    import numpy as np

    top = float(np.abs(waveform).max(initial=0.0))
    loudness = loudness_lufs(waveform, sample_rate_hz)
    if top == 0.0 or loudness == -math.inf:
        return 1.0
    return float(min(10 ** ((target_lufs - loudness) / 20), peak / top))


def _lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    import numpy as np

    return -0.691 + 10 * np.log10(np.maximum(np.asarray(power, np.float64), 1e-12))


def _k_weighted(waveform: Wave, rate_hz: int) -> npt.NDArray[np.float64]:
    """The standard's two filters, designed for any rate: a high shelf, then a high pass."""
    import numpy as np
    from scipy.signal import lfilter

    k, q = math.tan(math.pi * 1681.974450955533 / rate_hz), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf_b = [(high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0,
               (high - band * k / q + k * k) / a0]  # fmt: skip
    shelf_a = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = math.tan(math.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    a0 = 1 + k / q + k * k
    pass_a = [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    shelved = lfilter(shelf_b, shelf_a, np.asarray(waveform, np.float64))
    weighted: npt.NDArray[np.float64] = lfilter([1.0, -2.0, 1.0], pass_a, shelved)
    return weighted
