"""Inference against the public notebook's way of running it, in turn, as ratios.

The notebook's way runs between two of ours and is compared with both: each pair is of neighbours.
Runs during which other processes took more than a tenth of the machine are run again, at most
twice, and counted. Some ten minutes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks._claim import Claim, output, require, shared
from benchmarks.parity import make_public_ensemble

PAIRS = 4
SOUNDSCAPES = 8
TRIES = 3
ALLOWED_BY_OTHERS = 0.1
# backend, precision → least ratio of speed to the notebook's way
BARS = {
    ("torch", "exact"): None,
    ("openvino", "exact"): 1.4,
    ("openvino", "fast"): 2.5,
    ("openvino", "int8"): 3.5,
}
NEIGHBOURS = (
    (("torch", "exact"), ("openvino", "exact")),
    (("openvino", "fast"), ("openvino", "int8")),
)
# Of these soundscapes; enough for ranges that are near to true, as speed does not depend on them.
CALIBRATION_WINDOWS = 24
MEMORY_BAR = 0.7


@dataclass(frozen=True)
class Run:
    """What a timed process said, and how much of the machine others took meanwhile."""

    seconds: float
    peak_mb: float
    checksum: float
    first_s: float
    by_others: float


def claims() -> Iterator[Claim]:
    """Run the notebook's way and each of ours in turn."""
    folder = require(shared("data", "calfrog32", "train_soundscapes"))
    paths = [str(path) for path in sorted(folder.glob("*.ogg"))[:SOUNDSCAPES]]
    with tempfile.TemporaryDirectory() as models:
        ensemble = make_public_ensemble(Path(models))
        calibrate(ensemble, folder.parent)
        theirs = ["-m", "benchmarks.notebook_style", models, *paths]
        rounds: dict[tuple[str, str], list[tuple[Run, Run]]] = {way: [] for way in BARS}
        for way in BARS:  # conversions happen here, outside the timing
            _run(["-m", "benchmarks.birdscope_style", str(ensemble), *way, paths[0]])
        for _ in range(PAIRS):
            for one, other in NEIGHBOURS:
                first, last = (
                    ["-m", "benchmarks.birdscope_style", str(ensemble), *way, *paths]
                    for way in (one, other)
                )
                before, between, after = _quiet_runs(first, theirs, last)
                rounds[one].append((between, before))
                rounds[other].append((between, after))
    for way, pairs in rounds.items():
        yield from _claims_of(way, pairs)


def calibrate(ensemble: Path, data: Path) -> None:
    """Make the 8-bit nets in this process: once, and not timed."""
    from birdscope.commands.quantize import calibrate_ensemble
    from birdscope.core.events import silent
    from birdscope.dataset.catalog import Catalog

    classes = tuple(f"class{column}" for column in range(206))
    catalog = Catalog.open(data)
    soundscapes = catalog.recordings("train_soundscapes")[:SOUNDSCAPES]
    calibrate_ensemble(
        ensemble, classes, catalog, soundscapes, windows=CALIBRATION_WINDOWS, emit=silent
    )


def _claims_of(way: tuple[str, str], pairs: Sequence[tuple[Run, Run]]) -> Iterator[Claim]:
    name = " ".join(way)
    ratios = sorted(theirs.seconds / ours.seconds for theirs, ours in pairs)
    disturbed = sum(max(a.by_others, b.by_others) > ALLOWED_BY_OTHERS for a, b in pairs)
    note = f", {disturbed} of {len(pairs)} pairs disturbed" if disturbed else ""
    ours_s = median(ours.seconds for _, ours in pairs) / SOUNDSCAPES
    bar = BARS[way]
    yield Claim(
        f"{name}: speed of inference against the notebook's way",
        f"{median(ratios):.2f} × ({ratios[0]:.2f} to {ratios[-1]:.2f}{note}); "
        f"{ours_s:.2f} s per soundscape",
        f"≥ {bar} ×" if bar else "",
        None if bar is None else median(ratios) >= bar,
    )
    memory = median(ours.peak_mb / theirs.peak_mb for theirs, ours in pairs)
    yield Claim(
        f"{name}: peak memory against the notebook's way",
        f"{memory:.2f} ×",
        f"≤ {MEMORY_BAR} ×" if bar else "",
        memory <= MEMORY_BAR if bar else None,
    )
    first_s = median(ours.first_s for _, ours in pairs)
    theirs_s = median(theirs.first_s for theirs, _ in pairs)
    yield Claim(
        f"{name}: from the start of the process to a first prediction, nets converted before",
        f"{first_s:.1f} s (the notebook's way, a whole file: {theirs_s:.1f} s)",
    )
    worst = max(abs(theirs.checksum - ours.checksum) for theirs, ours in pairs)
    yield Claim(f"{name}: difference of the mean probability", f"{worst:.1e}")


def _quiet_runs(*commands: list[str]) -> list[Run]:
    for _ in range(TRIES):
        runs = [_run(one) for one in commands]
        if max(one.by_others for one in runs) <= ALLOWED_BY_OTHERS:
            break
    return runs


def _run(arguments: list[str]) -> Run:
    """Run a timed process; busy time of the machine that was not its own is others'."""
    before, own_before = psutil.cpu_times(), _children_s()
    said = json.loads(output(arguments).splitlines()[-1])
    after, own_after = psutil.cpu_times(), _children_s()
    idle = after.idle + after.iowait - before.idle - before.iowait
    whole = sum(after[:8]) - sum(before[:8])
    others = max(0.0, whole - idle - (own_after - own_before)) / whole
    return Run(**said, by_others=others)


def _children_s() -> float:
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)
