from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
before = gc.get_threshold()
from birdscope.core.collecting import collect_seldom, keep_what_is_there
collect_seldom()
assert all(now > then for now, then in zip(gc.get_threshold(), before, strict=True))
kept = [[] for _ in range(1000)]
keep_what_is_there()
assert gc.get_freeze_count() > 1000
later = []
later.append(later)
del later
assert gc.collect() >= 1
"""


def test_garbage_is_sought_seldom_and_not_among_what_stays() -> None:
    subprocess.run([sys.executable, "-c", _PROGRAM], check=True)


def test_every_command_seeks_it_seldom() -> None:
    program = (
        "import gc; from birdscope.cli import main; "
        "main(['recipes', 'list']); print(gc.get_threshold()[0])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert int(done.stdout.split()[-1]) > 700, done.stderr
