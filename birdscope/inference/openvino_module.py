"""OpenVINO, imported so that its conversion tools report nothing to anybody.

The package openvino-telemetry sends usage figures unless a user has opted out; where it can't
be imported, OpenVINO's tools take a stub of their own that does nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType


def load_openvino() -> ModuleType:
    """The module `openvino`, without telemetry.

    Raises:
        ImportError: if it is not installed.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    return import_module("openvino")
