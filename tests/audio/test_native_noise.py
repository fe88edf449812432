from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CODE = """
import os, sys
from pathlib import Path
from birdscope.audio.native_noise import diverted
log = Path(sys.argv[1]) if len(sys.argv) > 1 else None
with diverted(log):
    os.write(2, b"noise of a library\\n")
    print("drawn", file=sys.stderr)
    print("painted", file=sys.__stderr__)
os.write(2, b"after\\n")
print("as before", file=sys.stderr)
"""


def _stderr(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *arguments], capture_output=True, text=True, check=True
    )
    return done.stderr.splitlines()


def test_libraries_are_silent_and_python_is_not() -> None:
    assert _stderr() == ["drawn", "painted", "after", "as before"]


def test_the_noise_can_be_kept(tmp_path: Path) -> None:
    assert _stderr(str(tmp_path / "log.txt")) == ["drawn", "painted", "after", "as before"]
    assert (tmp_path / "log.txt").read_text() == "noise of a library\n"
