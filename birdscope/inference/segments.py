"""Which part of a window triggered: the nets' probabilities over time, blended.

Comes in: the sound around a window. Goes out: a probability for each tenth of a second and
class. Source of the segment logits: the SED head (Kong et al. 2020, PANNs; see nets.attention).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from birdscope.core.windows import WINDOW_S
from birdscope.inference.predictor import Predictor
from birdscope.inference.preparing import Batch, Prepared, grouped
from birdscope.nets.pooling import central_frames

STEP_S = 0.1
STEPS = round(WINDOW_S / STEP_S)


class SegmentCurves:
    """Asks the nets of a predictor frame by frame, in torch whatever its backend is.

    Args:
        predictor: The ensemble in memory.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        # sliding windows would be averaged: their frames are asked for the plain window instead
        self._groups = grouped(predictor.loaded, predictor.device)
        self._networks: dict[int, torch.nn.Module] = {}

    def of(
        self, waveform: npt.NDArray[np.float32], index: int, n_windows: int
    ) -> npt.NDArray[np.float32]:
        """Probabilities over a window: float32 [50, C], each for a tenth of a second.

        Checkpoints of a member count alike, members by their weights. Frames of a net are
        wider than a step; between their middles it is interpolated.

        Args:
            waveform: float32 [samples] at 32 kHz with the window and its context.
            index: Of the window in it.
            n_windows: Windows in it.
        """
        total = np.zeros((STEPS, len(self._predictor.classes)), np.float64)
        shares = self._shares()
        prepared = Prepared(waveform, index, index + 1, n_windows)
        for group in self._groups:
            mel = prepared.mel(Batch(group, index, index + 1), self._predictor.device)
            for layer in group.layers:
                total += shares[layer] * self._frames(layer, mel, group.context_s)
        return total.astype(np.float32)

    def _frames(self, layer: int, mel: torch.Tensor, context_s: float) -> npt.NDArray[np.floating]:
        """One checkpoint's [50, C]."""
        with torch.inference_mode():
            frames = torch.sigmoid(self._network(layer)(mel).segment_logits)[0].float()
        start, end = central_frames(len(frames), WINDOW_S / context_s)
        values = self._predictor.loaded[layer].class_map.apply(frames[start:end].cpu().numpy())
        middles = (np.arange(len(values)) + 0.5) / len(values) * WINDOW_S
        steps = (np.arange(STEPS) + 0.5) * STEP_S
        columns = [np.interp(steps, middles, column) for column in values.T]
        return np.stack(columns, axis=1)

    def _network(self, layer: int) -> torch.nn.Module:
        """A checkpoint's net with its weights, read when first asked for."""
        if layer not in self._networks:
            module = self._predictor.loaded[layer].with_weights().module
            self._networks[layer] = module.network.to(self._predictor.device).eval()
        return self._networks[layer]

    def _shares(self) -> list[float]:
        members = [one.member for one in self._predictor.loaded]
        weights = self._predictor.weights
        total = sum(weights[name] for name in set(members))
        return [weights[name] / total / members.count(name) for name in members]
