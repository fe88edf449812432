"""The mel exactly as a net sees it, for display."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from birdscope.features.front_end import FrontEnd, MelFrontEnd, mel_centres_hz


@dataclass(frozen=True)
class MelView:
    """A net's input with its axes.

    Attributes:
        values: float32 [channels, mels, frames]; band 0 is the lowest.
        centres_hz: float32 [mels], centre of each band.
        times_s: float64 [frames], middle of each frame from the waveform's start.
    """

    values: npt.NDArray[np.float32]
    centres_hz: npt.NDArray[np.float32]
    times_s: npt.NDArray[np.float64]


def mel_view(waveform: npt.NDArray[np.float32], front_end: FrontEnd) -> MelView:
    """The mel of one waveform, float32 [samples], as a net with this front end gets it."""
    with torch.inference_mode():
        mel = MelFrontEnd(front_end)(torch.from_numpy(np.ascontiguousarray(waveform))[None])[0]
    frames = mel.shape[-1]
    natural = len(waveform) // front_end.hop_length + 1
    # A front end with fixed frames cuts or pads from the centre, which moves the first frame.
    first = (natural - frames) // 2 if frames <= natural else -((frames - natural) // 2)
    return MelView(
        values=mel.numpy().copy(),
        centres_hz=mel_centres_hz(front_end).numpy(),
        times_s=(first + np.arange(frames)) * front_end.frame_s,
    )
