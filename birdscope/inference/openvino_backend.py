"""OpenVINO behind the backend protocol: the faster way on a CPU."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from birdscope.core.cpu import cpu_features
from birdscope.core.errors import ConfigError
from birdscope.core.events import Emit, Event
from birdscope.core.pages import let_go
from birdscope.inference.backends import Precision
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.openvino_cache import converted, forget
from birdscope.inference.openvino_module import openvino_core
from birdscope.inference.quantised_cache import REMEDY as QUANTISE

# OpenVINO takes bfloat16 by itself where the CPU has it: the precision is always said.
_HINTS: dict[Precision, str] = {"exact": "f32", "fast": "bf16"}


class OpenVinoBackend:
    """A checkpoint in OpenVINO on the CPU.

    "exact" computes in float32 and agrees with torch to 1e-5; "fast" in bfloat16, about 1e-2;
    "int8" in 8-bit integers, 1e-1 at worst on windows like those it was calibrated on.

    Args:
        checkpoint: Net and pooling; its weights are only read where it isn't converted yet.
        threads: Of the CPU.
        precision: What to compute in.
        emit: Hears of a conversion.
        quantised: The checkpoint's 8-bit net, for "int8".
    """

    def __init__(
        self,
        checkpoint: LoadedCheckpoint,
        *,
        threads: int,
        precision: Precision = "exact",
        emit: Emit,
        quantised: Path | None = None,
    ) -> None:
        core = openvino_core()
        path = quantised or converted(checkpoint, emit)
        try:
            model = core.read_model(path)
        except RuntimeError:
            forget(path)
            if quantised is not None:
                raise ConfigError(
                    f"the 8-bit net of {checkpoint.name} was damaged, and is removed",
                    path=path.parent,
                    remedy=QUANTISE,
                ) from None
            model = core.read_model(converted(checkpoint, emit))
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS.get(precision) or float_part(),
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
        }
        self._request = core.compile_model(model, "CPU", options).create_infer_request()
        self._weights: Path | None = path.with_suffix(".bin")
        let_go(self._weights)

    def probabilities(self, mel: Tensor) -> Tensor:
        """Run a batch: mels [B, channels, mels, frames] → float32 [B, C]."""
        self._request.infer([np.ascontiguousarray(mel.numpy())], share_inputs=True)
        if self._weights is not None:
            # Packed by the first call into a layout of its own: the file's 440 MB (weighted
            # blend) would stay in memory beside it.
            let_go(self._weights)
            self._weights = None
        result: Tensor = torch.from_numpy(self._request.get_output_tensor(0).data.copy())
        return result


def installed() -> bool:
    """Whether the openvino package is there; does not import it."""
    return find_spec("openvino") is not None


def float_part() -> str:
    """What "int8" computes in where it keeps floats: "bf16" where this CPU has it, else "f32".

    Its share of the time is small, but bfloat16 saves 7 % of the whole (weighted blend) and
    rounds finer than 8 bits do.
    """
    return "bf16" if "fast" in usable_precisions() else "f32"


def usable_precision(wanted: Precision, emit: Emit) -> Precision:
    """The wanted precision, or "exact" where this CPU has no bfloat16 and that was wanted.

    Raises:
        ConfigError: if OpenVINO is not installed.
    """
    if wanted in usable_precisions():
        cpu = cpu_features()
        if wanted == "int8" and cpu.known and not cpu.vnni:
            emit(
                Event("warning", "this CPU multiplies no 8-bit integers (VNNI): int8 is no faster")
            )
        return wanted
    emit(Event("warning", "this CPU has no bfloat16: computing in float32, precision exact"))
    return "exact"


def usable_precisions() -> tuple[Precision, ...]:
    """What OpenVINO can compute in on this CPU, the exact one first.

    Raises:
        ConfigError: if OpenVINO is not installed.
    """
    if not installed():
        raise ConfigError(
            "OpenVINO is not installed",
            remedy="pip install 'birdscope[openvino]', or use --backend torch",
        )
    has = openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("exact", "fast", "int8") if "BF16" in has else ("exact", "int8")
