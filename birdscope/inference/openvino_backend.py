"""OpenVINO behind the backend protocol: the faster way on a CPU."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor

from birdscope.core.errors import ConfigError
from birdscope.core.events import Emit, Event
from birdscope.inference.backends import Precision
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.openvino_cache import converted, forget

# OpenVINO takes bfloat16 by itself where the CPU has it: the precision is always said.
_HINTS: dict[Precision, str] = {"exact": "f32", "fast": "bf16"}


class OpenVinoBackend:
    """A checkpoint in OpenVINO on the CPU.

    "exact" computes in float32 and agrees with torch to 1e-5; "fast" in bfloat16, about 1e-2.

    Args:
        checkpoint: Net and pooling; its weight-standardised convolutions are folded.
        mel: An example of its input [B, channels, mels, frames].
        threads: Of the CPU.
        precision: What to compute in.
        emit: Hears of a conversion.
    """

    def __init__(
        self,
        checkpoint: LoadedCheckpoint,
        mel: Tensor,
        *,
        threads: int,
        precision: Precision = "exact",
        emit: Emit,
    ) -> None:
        import openvino

        core = openvino.Core()
        path = converted(checkpoint, mel, emit)
        try:
            model = core.read_model(path)
        except RuntimeError:
            forget(path)
            model = core.read_model(converted(checkpoint, mel, emit))
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
        }
        self._request = core.compile_model(model, "CPU", options).create_infer_request()

    def probabilities(self, mel: Tensor) -> Tensor:
        """Run a batch: mels [B, channels, mels, frames] → float32 [B, C]."""
        self._request.infer([np.ascontiguousarray(mel.numpy())], share_inputs=True)
        result: Tensor = torch.from_numpy(self._request.get_output_tensor(0).data.copy())
        return result


def installed() -> bool:
    """Whether the openvino package is there; does not import it."""
    return find_spec("openvino") is not None


def usable_precision(wanted: Precision, emit: Emit) -> Precision:
    """The wanted precision, or "exact" where this CPU has no bfloat16.

    Raises:
        ConfigError: if OpenVINO is not installed.
    """
    if not installed():
        raise ConfigError(
            "OpenVINO is not installed",
            remedy="pip install 'birdscope[openvino]', or use --backend torch",
        )
    if wanted == "exact":
        return wanted
    import openvino

    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return wanted
    emit(Event("warning", "this CPU has no bfloat16: computing in float32, precision exact"))
    return "exact"
