"""One move of a slider on Tune, against scikit-learn on the same matrix, and the bootstrap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np

from benchmarks._claim import Claim, seconds
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import LowRankPower, Settings, Smooth
from birdscope.inference.rows import lay_out
from birdscope.metrics.fast_auc import ClassAreas, class_areas
from birdscope.metrics.positives import Positives
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_truth import TuneTruth
from birdscope.metrics.tuner import Tuner
from birdscope.postprocess.stack import apply_settings

CLASSES, WINDOWS, FOLDS = 206, 12, 5
MEMBERS = ("nfnet", "seresnext", "seresnext-2", "efficientnet")
MOVE_MS = {8_400: 50.0, 84_000: 400.0}
RATIO = 15.0
BOOTSTRAP_S = 2.0
RAW = Settings(name="raw mean", weights=dict.fromkeys(MEMBERS, 1.0))


def claims() -> Iterator[Claim]:
    """Median wall-clock figures, with the processor time beside them: other work slows the first.

    A move changes what a slider of the stack's first step changes: everything is computed anew,
    the per-fold figures and average precision too.
    """
    for rows, bar_ms in MOVE_MS.items():
        scores, truth = _made(rows)
        tuner = Tuner(TuneMatrix.build(scores, truth))
        what = f"a slider move, {rows:,} windows × {CLASSES} classes × {len(MEMBERS)} members"
        for name, settings in (
            ("everything changes", _everything),
            ("low-rank top k", lambda n: _stack(top_k=20 + n)),
            ("smoothing", lambda n: _stack(smooth=0.1 + 0.01 * n)),
            ("blend weight", lambda n: _stack(first=0.1 + 0.02 * n)),
        ):
            wall_ms, cpu_ms = _move(tuner, settings, 15 if rows < 10_000 else 5)
            measured = f"{wall_ms:.0f} ms (processor {cpu_ms:.0f} ms)"
            yield Claim(f"{what}: {name}", measured, f"< {bar_ms:.0f} ms", wall_ms < bar_ms)
        if rows < 10_000:
            yield from _against_sklearn(tuner, scores, truth)
            yield _bootstrap(scores, truth)


def _stack(top_k: int = 30, smooth: float = 0.2, first: float = 0.25) -> Settings:
    """The notebook's stack with other numbers."""
    rest = (1.0 - first) / (len(MEMBERS) - 1)
    return Settings(
        weights=dict.fromkeys(MEMBERS, rest) | {MEMBERS[0]: first},
        steps=(
            LowRankPower(at="checkpoint", top_k=top_k, exponent=2.0),
            Smooth(at="member", weight=smooth),
        ),
    )


def _everything(number: int) -> Settings:
    return _stack(40 + number, 0.05 + 0.01 * number, 0.1 + 0.03 * number)


def _move(tuner: Tuner, settings: Callable[[int], Settings], repeats: int) -> tuple[float, float]:
    """Median milliseconds of new settings, by the clock and of the processor."""
    # Two moves in, what does not change is kept.
    tuner.measure(settings(-2))
    tuner.measure(settings(-1))
    wall, cpu = [], []
    for number in range(repeats):
        begun = time.perf_counter(), time.process_time()
        tuner.measure(settings(number))
        wall.append(time.perf_counter() - begun[0])
        cpu.append(time.process_time() - begun[1])
    return 1000 * median(wall), 1000 * median(cpu)


def _against_sklearn(tuner: Tuner, scores: Scores, truth: TuneTruth) -> Iterator[Claim]:
    """The metric alone on one final matrix: a loop over classes, and the engine's threads.

    The engine's time has the figures of every fold and average precision in it.
    """
    from sklearn.metrics import roc_auc_score

    settings = _stack(top_k=31)
    final = apply_settings(scores, settings)
    begun = time.perf_counter()
    theirs = [roc_auc_score(truth.values[:, one], final[:, one]) for one in range(CLASSES)]
    loop_ms = 1000 * (time.perf_counter() - begun)
    matrix = tuner.matrix
    order = [scores.rows.row_index[name] for name in matrix.rows.row_ids]
    values = np.ascontiguousarray(final[order].T)[:, matrix.place]
    positives = Positives(matrix.labels, [span[1:] for span in matrix.fold_spans])
    parts = [list(range(first, min(first + 16, CLASSES))) for first in range(0, CLASSES, 16)]
    with ThreadPoolExecutor(2) as pool:

        def measure() -> list[ClassAreas]:
            return list(pool.map(lambda part: class_areas(values[part], part, positives), parts))

        ours_ms = 1000 * seconds(measure, 9)
        ours = np.concatenate([part.pooled for part in measure()])
    ratio = loop_ms / ours_ms
    text = f"ROC-AUC of {CLASSES} classes × {len(final):,} rows, against scikit-learn's in a loop"
    measured = f"{ratio:.1f} × ({loop_ms:.0f} ms / {ours_ms:.0f} ms)"
    yield Claim(text, measured, f"≥ {RATIO:.0f} ×", ratio >= RATIO)
    difference = max(
        np.abs(ours - np.array(theirs)).max(),
        np.abs(tuner.measure(settings).per_class - np.array(theirs)).max(),
    )
    text = "the largest difference to scikit-learn of any class"
    yield Claim(text, f"{difference:.1e}", "< 1e-12", bool(difference < 1e-12))


def _bootstrap(scores: Scores, truth: TuneTruth) -> Claim:
    tuner = Tuner(TuneMatrix.build(scores, truth))
    begun = time.perf_counter(), time.process_time()
    for _ in tuner.resample(_stack(), RAW, 1000):
        pass
    took_s, cpu_s = time.perf_counter() - begun[0], time.process_time() - begun[1]
    text = "a paired interval of 1,000 resamples, two new settings"
    measured = f"{took_s:.2f} s (processor {cpu_s:.2f} s)"
    return Claim(text, measured, f"< {BOOTSTRAP_S:.0f} s", took_s < BOOTSTRAP_S)


def _made(rows: int) -> tuple[Scores, TuneTruth]:
    """Scores of minutes, about 0.7 % of the cells positive, and their labels in folds."""
    generator = np.random.default_rng(0)
    recordings = rows // WINDOWS
    keys = tuple(f"train_soundscapes/r{number:05d}.ogg" for number in range(recordings))
    layout = lay_out(keys, [WINDOWS] * recordings)
    labels = (generator.random((rows, CLASSES)) < 0.007).astype(np.int8)
    values = np.empty((len(MEMBERS), rows, CLASSES), dtype=np.float32)
    for layer in values:
        layer[:] = 0.85 * generator.random((rows, CLASSES), dtype=np.float32) ** 4 + 0.15 * labels
    classes = tuple(f"class{number}" for number in range(CLASSES))
    layers = tuple(ScoredCheckpoint(f"{member}/0", member) for member in MEMBERS)
    folds = np.repeat(generator.integers(0, FOLDS, recordings), WINDOWS)
    truth = TuneTruth(classes, layout.row_ids, "window", labels, None, folds, "made", ("made",))
    return Scores(classes, layers, layout, values, dict.fromkeys(MEMBERS, 0.25)), truth


if __name__ == "__main__":
    for claim in claims():
        print(f"{claim.text}: {claim.measured} {claim.bar}")
