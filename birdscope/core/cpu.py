"""What this machine's processor has for fast nets, without asking a library."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_INFO = Path("/proc/cpuinfo")
_ACCELERATORS = Path("/proc/driver/nvidia/gpus")
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
_VNNI = {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"}


@dataclass(frozen=True, slots=True)
class CpuFeatures:
    """Instructions that matter.

    Attributes:
        bfloat16: Multiplies bfloat16, for the precision "fast".
        vnni: Multiplies 8-bit integers.
        known: False where the system doesn't tell.
    """

    bfloat16: bool
    vnni: bool
    known: bool = True


def cpu_features(info: Path = _INFO) -> CpuFeatures:
    """Read the processor's flags."""
    try:
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return CpuFeatures(False, False, known=False)
    flags: set[str] = set()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            flags = set(value.split())
            break
    return CpuFeatures(bool(flags & _BFLOAT16), bool(flags & _VNNI), known=bool(flags))


def usual_backend(accelerators: Path = _ACCELERATORS) -> str:
    """What runs nets here by default, found out without importing it: "torch" or "openvino"."""
    unwanted = os.environ.get("BIRDSCOPE_BACKEND") == "torch" or accelerators.is_dir()
    return "openvino" if not unwanted and find_spec("openvino") is not None else "torch"
