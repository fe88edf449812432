"""OpenVINO, imported so that its conversion tools report nothing to anybody.

The package openvino-telemetry sends usage figures unless a user has opted out; where it can't
be imported, OpenVINO's tools take a stub of their own that does nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import Any

_making = Lock()
_core: Any = None


def load_openvino() -> ModuleType:
    """The module `openvino`, without telemetry.

    Raises:
        ImportError: if it is not installed.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    return import_module("openvino")


def openvino_core() -> Any:
    """The process's `openvino.Core`, made once and never let go.

    With its first use of the CPU a Core gives the thread an alternative signal stack, and takes the
    memory back when it goes. Where it goes in another thread the first one's is left dangling, and
    the next signal with a handler, such as ctrl-c, ends the process with a segmentation fault.

    Raises:
        ImportError: if OpenVINO is not installed.
    """
    global _core
    with _making:
        if _core is None:
            _core = load_openvino().Core()
        return _core
