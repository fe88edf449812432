"""Random scores, labels and settings to tune with, small and full of ties."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from birdscope.core.scores import ScoredCheckpoint, ScoreRows, Scores
from birdscope.core.settings import (
    FilePeak,
    Gaussian,
    Kernel,
    LowConfidenceShift,
    LowRankPower,
    MinMax,
    NeighbourMean,
    Power,
    Settings,
    Smooth,
)
from birdscope.metrics.tune_truth import TuneTruth

MEMBERS = ("nfnet", "seresnext")


def make_scores(lengths, classes=6, checkpoints=(2, 1), seed=0, step=0.0, gaps=False):
    """Scores of recordings of so many windows; `step` rounds them, for ties."""
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    keys = tuple(f"r{number}.ogg" for number in range(len(lengths)))
    rows = ScoreRows(
        tuple(f"r{n}_{5 * (w + 1)}" for n, length in enumerate(lengths) for w in range(length)),
        keys,
        offsets,
        np.concatenate([5.0 * np.arange(length) for length in lengths]),
    )
    layers = tuple(
        ScoredCheckpoint(f"{member}/{number}", member)
        for member, count in zip(MEMBERS, checkpoints, strict=False)
        for number in range(count)
    )
    values = generator.random((len(layers), len(rows), classes)) ** 3
    if step:
        values = np.round(values / step) * step
    if gaps:
        first = rows.span(keys[0])
        values[0, first] = np.nan
        values[:, rows.span(keys[-1])] = np.nan
    names = tuple(f"c{column}" for column in range(classes))
    weights = dict(zip(MEMBERS, (0.25, 0.75), strict=True))
    kept = {one.member: weights[one.member] for one in layers}
    return Scores(names, layers, rows, values.astype(np.float32), kept)


def make_truth(scores, seed=0, unit="window", share=0.2, unknown=0.0, folds=3, weights=False):
    """Labels of most of the rows, in any order."""
    generator = np.random.default_rng(seed + 1000)
    names = scores.rows.recordings if unit == "file" else scores.rows.row_ids
    at = generator.permutation(len(names))[: max(2, int(0.9 * len(names)))]
    values = (generator.random((len(at), len(scores.classes))) < share).astype(np.int8)
    values[generator.random(values.shape) < unknown] = -1
    return TuneTruth(
        scores.classes,
        tuple(names[place] for place in at),
        unit,
        values,
        generator.uniform(0.5, 4.0, len(at)) if weights else None,
        generator.integers(0, folds, len(at)) if folds else None,
        "test",
        ("test",),
    )


def stage(places):
    return st.sampled_from(places)


ANYWHERE = ("checkpoint", "member", "ensemble")
EXPONENTS = st.sampled_from([0.5, 1.0, 1.7, 2.0, 3.0])
WEIGHTS = st.sampled_from([0.0, 0.1, 0.2, 0.5])
STEPS = st.one_of(
    st.builds(LowRankPower, at=stage(ANYWHERE), top_k=st.integers(0, 8), exponent=EXPONENTS),
    st.builds(Smooth, at=stage(ANYWHERE), weight=WEIGHTS),
    st.builds(
        Kernel, at=stage(ANYWHERE), taps=st.sampled_from([(1.0,), (0.1, 0.2, 0.4, 0.2, 0.1)])
    ),
    st.builds(Gaussian, at=stage(ANYWHERE), sigma=st.sampled_from([0.1, 0.7, 2.0])),
    st.builds(NeighbourMean, at=stage(ANYWHERE), width=st.sampled_from([1, 3, 5])),
    st.builds(FilePeak, at=stage(ANYWHERE)),
    st.builds(Power, at=stage(ANYWHERE), exponent=EXPONENTS),
    st.builds(MinMax, at=stage(ANYWHERE)),
    st.builds(
        LowConfidenceShift,
        at=stage(ANYWHERE),
        threshold=st.sampled_from([0.0, 0.3, 0.9]),
        delta=st.sampled_from([0.0, 0.05]),
    ),
)


@st.composite
def any_settings(draw, most=4):
    """Settings with up to `most` steps, some switched off or for one member only."""
    steps = []
    for step in draw(st.lists(STEPS, max_size=most)):
        change = {"enabled": draw(st.integers(0, 5)) > 0}
        if step.at != "ensemble" and draw(st.booleans()):
            change["members"] = draw(st.sampled_from([MEMBERS[:1], MEMBERS[1:], MEMBERS]))
        steps.append(step.model_copy(update=change))
    weights = draw(st.sampled_from([None, {"nfnet": 1.0, "seresnext": 0.0}, {"nfnet": 2.0}]))
    both = draw(st.sampled_from([None, {"nfnet": 0.4, "seresnext": 0.6}]))
    pooling = draw(st.sampled_from(["max", "mean"]))
    return Settings(weights=weights or both, steps=tuple(steps), file_pooling=pooling)
