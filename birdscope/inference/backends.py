"""What runs a net: a small protocol, torch behind it, and the choice between backends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import zip_longest
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from birdscope.core.errors import ConfigError
from birdscope.core.events import Emit, Event
from birdscope.inference.members import LoadedCheckpoint
from birdscope.nets.folding import fold_for_inference

BackendName = Literal["auto", "torch", "openvino"]
Precision = Literal["exact", "fast", "int8"]


class Backend(Protocol):
    """Runs one checkpoint."""

    def probabilities(self, mel: Tensor) -> Tensor:
        """Mels [B, channels, mels, frames] on the predictor's device → [B, C] or [B, T, C]."""
        ...


class TorchBackend:
    """A checkpoint in torch: float32, channels-last; on a GPU optionally half.

    Channels-last and folded weights halve the CPU time of eca_nfnet_l0 (measured: 3.0 to
    1.5 s for 12 windows). TF32 is off on a GPU, so that it agrees with the CPU to 1e-4.
    """

    def __init__(self, checkpoint: LoadedCheckpoint, device: torch.device, *, half: bool) -> None:
        self._device = device
        self._half = half and device.type == "cuda"
        module = checkpoint.with_weights().module
        fold_for_inference(module, checkpoint.mel_shape)
        self._module: nn.Module = module.to(device).eval()
        self._module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def probabilities(self, mel: Tensor) -> Tensor:
        """Run a batch."""
        with torch.inference_mode(), self._precision():
            output: Tensor = self._module(mel.contiguous(memory_format=torch.channels_last))
        return output.float()

    def _precision(self) -> AbstractContextManager[object]:
        if self._half:
            return torch.autocast("cuda", torch.float16)
        if self._device.type == "cuda":
            return torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False)
        return nullcontext()


def choose_backend(
    name: BackendName, precision: Precision, device: torch.device, emit: Emit
) -> tuple[BackendName, Precision]:
    """What runs the nets here, and in which precision.

    "auto" is OpenVINO on a CPU where it is installed, unless BIRDSCOPE_BACKEND says torch.

    Raises:
        ConfigError: if OpenVINO is asked for and can't be had.
    """
    from birdscope.inference.openvino_backend import installed, usable_precision

    on_cpu = device.type == "cpu"
    if name == "auto":
        unwanted = os.environ.get("BIRDSCOPE_BACKEND") == "torch"
        name = "openvino" if on_cpu and installed() and not unwanted else "torch"
    if name == "openvino" and not on_cpu:
        raise ConfigError("OpenVINO runs on the CPU only", remedy="use --backend torch")
    if name == "torch":
        if precision != "exact":
            emit(Event("warning", f"precision {precision} needs OpenVINO: computing exactly"))
        return name, "exact"
    return name, usable_precision(precision, emit)


def openvino_backends(
    loaded: Sequence[LoadedCheckpoint],
    precision: Precision,
    emit: Emit,
    quantised: Sequence[Path] = (),
) -> list[Backend]:
    """Every checkpoint in OpenVINO, one after the other.

    The torch nets give their memory back: their tensors keep only shapes. `quantised` are the
    checkpoints' 8-bit nets, for "int8".
    """
    from birdscope.inference.openvino_backend import OpenVinoBackend

    threads = torch.get_num_threads()
    backends: list[Backend] = []
    for one, net in zip_longest(loaded, quantised):
        backends.append(
            OpenVinoBackend(one, threads=threads, precision=precision, emit=emit, quantised=net)
        )
        one.module.to("meta")
    return backends


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
