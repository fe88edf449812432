"""One class at a time: the same numbers as the whole stack."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from birdscope.core.errors import ConfigError, ScoresError
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import (
    FilePeak,
    Gaussian,
    LowConfidenceShift,
    LowRankPower,
    MinMax,
    Power,
    Settings,
    Smooth,
)
from birdscope.inference.rows import lay_out
from birdscope.metrics import columns
from birdscope.metrics.columns import ScoreColumns
from birdscope.postprocess.stack import apply_settings

LAYERS = tuple(ScoredCheckpoint(f"c{layer}", "ab"[layer > 1]) for layer in range(4))
STEPS = [
    LowRankPower(at="checkpoint", top_k=4, members=("a",)),
    LowRankPower(at="checkpoint", top_k=2, exponent=0.5),
    LowRankPower(at="member", top_k=3),
    LowRankPower(at="ensemble", top_k=5, enabled=False),
    LowRankPower(at="ensemble", top_k=5),
    Smooth(at="checkpoint", weight=0.1),
    Smooth(at="member"),
    FilePeak(at="member", members=("b",)),
    MinMax(at="checkpoint"),
    Gaussian(at="ensemble"),
    Power(at="member", exponent=1.5),
    LowConfidenceShift(),
]


def make(seed=0, recordings=13, classes=9):
    generator = np.random.default_rng(seed)
    rows = lay_out(
        [f"s/r{n}.ogg" for n in range(recordings)], generator.integers(1, 7, recordings).tolist()
    )
    values = generator.random((4, len(rows), classes)).astype(np.float32) ** 4
    # ties between classes of a file, a recording without scores, a checkpoint left out
    values[:, :, 3] = values[:, :, 2]
    values[:, rows.span("s/r2.ogg")] = np.nan
    values[1, rows.span("s/r4.ogg")] = np.nan
    labels = tuple(f"k{n}" for n in range(classes))
    return Scores(labels, LAYERS, rows, values, {"a": 0.25, "b": 0.75})


@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=6),
    weights=st.sampled_from([None, {"a": 1.0, "b": 1.0}, {"a": 1.0}]),
)
@examples(max_examples=60, deadline=None)
def test_every_column_equals_the_whole_stack(steps, weights):
    scores = make()
    settings = Settings(steps=tuple(steps), weights=weights)
    whole = apply_settings(scores, settings)
    one_by_one = ScoreColumns(scores)
    for column, label in enumerate(scores.classes):
        found = one_by_one.column(label, settings)
        np.testing.assert_array_equal(found.final, whole[:, column])
    assert set(found.members) == ({"a"} if weights == {"a": 1.0} else {"a", "b"})


def test_pieces_of_recordings_give_the_same_ranks(monkeypatch):
    scores = make(1)
    settings = Settings(steps=(Smooth(at="checkpoint"), LowRankPower(at="checkpoint", top_k=3)))
    monkeypatch.setattr(columns, "_ROWS_AT_ONCE", 5)
    found = ScoreColumns(scores).column("k5", settings).final
    np.testing.assert_array_equal(found, apply_settings(scores, settings)[:, 5])


def test_what_is_half_written_is_not_trusted():
    scores = make(2)
    done = np.ones(13, dtype=bool)
    done[7] = False
    span = scores.rows.span("s/r7.ogg")
    settings = Settings(steps=(LowRankPower(at="checkpoint", top_k=3), Smooth()))
    before = ScoreColumns(scores).column("k1", settings).final
    found = ScoreColumns(scores, done).column("k1", settings).final
    assert np.isnan(found[span]).all()
    others = np.delete(np.arange(len(found)), np.arange(span.start, span.stop))
    np.testing.assert_array_equal(found[others], before[others])


def test_ranks_are_found_once_whatever_top_k_and_exponent(monkeypatch):
    one_by_one = ScoreColumns(make())
    asked = []
    real = columns._ranks
    monkeypatch.setattr(columns, "_ranks", lambda *some: asked.append(1) or real(*some))
    for top_k, exponent in ((2, 2.0), (5, 2.0), (5, 3.0)):
        for label in ("k0", "k8"):
            step = LowRankPower(at="checkpoint", top_k=top_k, exponent=exponent)
            one_by_one.column(label, Settings(steps=(step,)))
    assert len(asked) == 4, "once for each checkpoint"


def test_an_unknown_class_or_member_is_named():
    one_by_one = ScoreColumns(make())
    with pytest.raises(ScoresError, match="did you mean 'k1'"):
        one_by_one.column("kk1", Settings())
    with pytest.raises(ConfigError, match="'c'"):
        one_by_one.column("k1", Settings(weights={"c": 1.0}))
