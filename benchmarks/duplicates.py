"""How many altered copies of real recordings `birdscope clean` finds, and what it confuses.

`python -m benchmarks duplicates` takes every twelfth clip of ../shared/data (3 s or longer),
codes it as MP3, once whole and once cut by 0.73 s at half the level, and looks for both among
all clips. The two datasets share some clips under other names: these are true pairs as well.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks._claim import Claim, require, shared
from birdscope.audio import decode
from birdscope.dataset.cleaning.fingerprint import Words, find_duplicates, fingerprint
from birdscope.dataset.cleaning.speech import RATE_HZ

DATASETS = ("calfrog32", "esc10clef")
COPIES = {"as MP3": (0.0, 1.0), "as MP3, cut by 0.73 s, −6 dB": (0.73, 0.5)}
_EVERY = 12
_SHORTEST_S = 3.0


def claims() -> Iterator[Claim]:
    """Copies found of each kind, and pairs that are none."""
    words = {str(path): fingerprint(_low(path)) for path in _files()}
    originals = list(words)
    copies = _copies(originals[::_EVERY], words)
    found = find_duplicates({key: key for key in words}, words)
    pairs = {one.second: one.first for one in found}
    for kind in COPIES:
        made = [(copy, path) for copy, path in copies.items() if copy.endswith(kind)]
        hits = sum(_name(pairs.get(copy, "")) == _name(path) for copy, path in made)
        yield Claim(f"copies found {kind}", f"{hits} of {len(made)} ({hits / len(made):.0%})")
    strange = [one for one in found if _name(one.first) != _name(one.second)]
    same = len(found) - len(strange)
    yield Claim(
        f"pairs among {len(words)} clips that are other recordings",
        f"{len(strange)} (beside {same} true ones)",
        "≤ 2",
        len(strange) <= 2,
    )


def _copies(paths: list[str], words: dict[str, Words]) -> dict[str, str]:
    """Add fingerprints of altered copies to `words`; copy → original."""
    made: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        coded = Path(scratch) / "copy.mp3"
        for path in paths:
            wave = decode.read(path)
            if len(wave) < _SHORTEST_S * 32_000:
                continue
            for kind, (cut_s, gain) in COPIES.items():
                soundfile.write(coded, gain * wave[round(cut_s * 32_000) :], 32_000)
                copy = f"{path} {kind}"
                words[copy] = fingerprint(_low(coded))
                made[copy] = path
    return made


def _low(path: Path) -> npt.NDArray[np.float32]:
    return decode.read_available(path, sample_rate_hz=RATE_HZ)[0]


def _files() -> list[Path]:
    roots = [require(shared("data", name)) / "train_audio" for name in DATASETS]
    return [path for root in roots for path in sorted(root.glob("*/*.ogg"))]


def _name(path: str) -> str:
    """The recording's number: the datasets name the same clip ESC1-26806-A and ESCr1-26806-A."""
    stem = Path(path.split(" ")[0]).stem
    found = re.search(r"(\d{3,}-[A-Z])$", stem)
    return found[1] if found else stem
