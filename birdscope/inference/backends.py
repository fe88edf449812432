"""What runs a net: a small protocol, and torch on a CPU or a GPU behind it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor

from birdscope.core.errors import ConfigError
from birdscope.nets.pooling import WindowProbabilities


class Backend(Protocol):
    """Runs one checkpoint."""

    def probabilities(self, mel: Tensor) -> Tensor:
        """Mels [B, channels, mels, frames] on the predictor's device → float32 [B, C]."""
        ...


class TorchBackend:
    """A checkpoint in torch: float32 on a CPU; on a GPU channels-last, optionally half.

    TF32 is off on a GPU, so that it agrees with the CPU to 1e-4.
    """

    def __init__(self, module: WindowProbabilities, device: torch.device, *, half: bool) -> None:
        self._device = device
        self._half = half and device.type == "cuda"
        self._module = module.to(device).eval()
        if device.type == "cuda":
            self._module = self._module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def probabilities(self, mel: Tensor) -> Tensor:
        """Run a batch."""
        with torch.inference_mode(), self._precision():
            if self._device.type == "cuda":
                mel = mel.contiguous(memory_format=torch.channels_last)
            output: Tensor = self._module(mel)
        return output.float()

    def _precision(self) -> AbstractContextManager[object]:
        if self._half:
            return torch.autocast("cuda", torch.float16)
        if self._device.type == "cuda":
            return torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False)
        return nullcontext()


def pick_device(name: str) -> torch.device:
    """The device of a name; "auto" takes a CUDA device where there is one.

    Raises:
        ConfigError: if torch doesn't know it or hasn't got it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"there is no device {name!r}", remedy="use auto, cpu or cuda") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError("torch finds no CUDA device", remedy="use device auto or cpu")
    return device
