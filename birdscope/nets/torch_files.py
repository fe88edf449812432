"""`.pth` files, read with `weights_only=True` and nothing else."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from birdscope.core.errors import CheckpointError

# Metrics kept as numpy scalars are common in shared checkpoints, and harmless.
_MAKE_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY_SCALARS: list[Any] = [
    (_MAKE_SCALAR, "numpy.core.multiarray.scalar"),
    (_MAKE_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "?")),
]
_UNSAFE = re.compile(r"Unsupported (?:global: GLOBAL (\S+)|class (\S+))")
_PICKLE_MAGIC = b"\x80"


def read_torch_file(path: Path, *, mapped: bool = False) -> Any:
    """What a file written by torch.save holds, tensors on the CPU.

    Args:
        path: The file.
        mapped: Leave tensors in the file until they are looked at, where it is a zip file.

    Raises:
        CheckpointError: if it is empty, truncated, no torch file, or holds pickled objects.
    """
    if path.stat().st_size == 0:
        raise CheckpointError("is empty", path=path, remedy="download or copy it again")
    try:
        with torch.serialization.safe_globals(_NUMPY_SCALARS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mapped = mapped and zipfile.is_zipfile(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise _refusal(path, str(error)) from None
    except Exception as error:
        # torch reports damage as RuntimeError, EOFError, OSError, KeyError or ValueError.
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _refusal(path: Path, message: str) -> CheckpointError:
    found = _UNSAFE.search(message)
    if found is None and not ("Unsupported operand" in message and _is_pickle(path)):
        return _damaged(path, message)
    name = (found.group(1) or found.group(2)) if found else "objects"
    return CheckpointError(
        f"holds pickled Python objects ({name}), which could run any code when loaded: refused",
        path=path,
        remedy="where you trust it, convert it once in the code that made it: "
        "c = torch.load(FILE, weights_only=False); cfg = c['cfg']; "
        "torch.save({'cfg': {k: getattr(cfg, k) for k in dir(cfg) if k[0] != '_'}, "
        "'model_state_dict': c['model_state_dict']}, FILE) "
        "(for a whole model: torch.save(c.state_dict(), FILE))",
    )


def _damaged(path: Path, detail: str) -> CheckpointError:
    first = (detail.strip().splitlines() or [""])[0]
    return CheckpointError(
        f"is truncated, damaged or no PyTorch file ({first[:120]})",
        path=path,
        remedy="download or copy it again and compare its size",
    )


def _is_pickle(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(1) == _PICKLE_MAGIC
