"""When Python looks for garbage: seldom, and never among what stays.

A full collection goes through all objects that were ever kept: modules, widgets, a catalog. In
the explorer that took 0.1 to 0.2 s, in the middle of a key; in a process that imports torch it
happened six times before the first net was loaded. Almost everything here is freed at once, by
its count of references; what refers to itself can wait.
"""

from __future__ import annotations

import gc

_THRESHOLDS = (5_000, 20, 50)


def collect_seldom() -> None:
    """Let garbage pile up for longer; called where a process begins."""
    gc.set_threshold(*_THRESHOLDS)


def keep_what_is_there() -> None:
    """Leave everything that is there now out of later collections."""
    gc.freeze()
