"""Where somebody speaks: Silero VAD at 16 kHz, which only finds and never cuts."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from birdscope.dataset.cleaning.settings import CleanSettings
from birdscope.dataset.cleaning.spans import bridged, hysteresis

RATE_HZ = 16_000
FRAME = 512
"""Samples that get one probability: 32 ms."""
_HYSTERESIS = 0.15

Found = tuple[float, float, float]
"""Start and end in seconds, mean probability."""


class Voice(Protocol):
    """Tells speech from everything else."""

    def probabilities(self, waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Float32 [samples] at 16 kHz → float64 [ceil(samples / 512)] in 0-1."""


class SileroVoice:
    """Silero VAD (github.com/snakers4/silero-vad); its weights come with the package.

    Imports torch. Not thread-safe: the net keeps its state between frames.
    """

    def __init__(self) -> None:
        import torch

        threads = torch.get_num_threads()
        # the package sets torch to one thread for the whole process when imported
        import silero_vad

        torch.set_num_threads(threads)
        self._torch = torch
        self._net = silero_vad.load_silero_vad()

    def probabilities(self, waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """See `Voice`."""
        frames = -(-len(waveform) // FRAME)
        padded = np.pad(waveform, (0, frames * FRAME - len(waveform)))
        chunks = self._torch.from_numpy(padded.reshape(frames, FRAME))
        self._net.reset_states()
        with self._torch.inference_mode():
            found = [float(self._net(chunk, RATE_HZ)) for chunk in chunks]
        return np.array(found, np.float64)


def find_speech(
    waveform: npt.NDArray[np.float32], voice: Voice, settings: CleanSettings
) -> tuple[Found, ...]:
    """Spans of speech.

    Args:
        waveform: float32 [samples] at 16 kHz.
        voice: What tells speech from the rest.
        settings: Threshold, shortest span, gap and padding.

    Returns:
        Spans in seconds, in order and apart, each with the mean probability inside it.
    """
    if not len(waveform):
        return ()
    values = voice.probabilities(waveform)
    seconds = FRAME / RATE_HZ
    on = settings.speech_threshold
    spans = hysteresis(values, on, on - _HYSTERESIS)
    spans = bridged(spans, settings.speech_gap_s / seconds)
    spans = [one for one in spans if (one[1] - one[0]) * seconds >= settings.speech_shortest_s]
    pad = round(settings.speech_pad_s / seconds)
    padded = bridged([(max(0, first - pad), last + pad) for first, last in spans], 0)
    end_s = len(waveform) / RATE_HZ
    return tuple(
        (first * seconds, min(last * seconds, end_s), _sureness(values[first:last], on))
        for first, last in padded
    )


def _sureness(values: npt.NDArray[np.float64], on: float) -> float:
    """The mean over the frames that are speech for themselves."""
    return float(values[values >= on - _HYSTERESIS].mean())
