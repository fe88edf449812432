"""Queues: what comes first, what is left out, and that the sample by chance is fair."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from birdscope.core.errors import ScoresError, UsageError
from birdscope.metrics.queues import (
    Candidates,
    auc_loss,
    build_queue,
    disagreement,
    fair_weights,
)


def candidates(score, members=None, allowed=None, judged=None, truth=None):
    score = np.asarray(score, dtype=np.float64)
    none = np.zeros(len(score), dtype=bool)
    return Candidates(
        score,
        np.stack([score, score]) if members is None else np.asarray(members, dtype=np.float64),
        ~none if allowed is None else np.asarray(allowed, dtype=bool),
        none if judged is None else np.asarray(judged, dtype=bool),
        None if truth is None else np.asarray(truth, dtype=np.int8),
    )


def test_by_score_the_best_first_equal_ones_in_row_order():
    queue = build_queue("score", candidates([0.2, 0.9, np.nan, 0.5, 0.9, 0.5, 0.5]), limit=4)
    assert queue.rows.tolist() == [1, 4, 3, 5]
    assert (queue.total, queue.judged, queue.probability) == (6, 0, None)


def test_a_limit_gives_the_beginning_of_the_whole_queue():
    score = np.random.default_rng(0).integers(0, 20, 500) / 20
    whole = build_queue("score", candidates(score), limit=500).rows
    for limit in (1, 7, 100, 499):
        np.testing.assert_array_equal(
            build_queue("score", candidates(score), limit=limit).rows, whole[:limit]
        )


def test_filters_and_verdicts_leave_out():
    some = candidates([0.9, 0.8, 0.7, 0.6], allowed=[1, 1, 0, 1], judged=[1, 0, 1, 0])
    queue = build_queue("score", some)
    assert queue.rows.tolist() == [1, 3]
    assert (queue.total, queue.judged) == (2, 1), "a judged row that no filter lets in is no loss"


def test_uncertainty_is_measured_from_the_threshold():
    score = [0.1, 0.45, 0.55, 0.8, 0.5]
    assert build_queue("uncertainty", candidates(score)).rows.tolist()[:3] == [4, 1, 2]
    near = build_queue("uncertainty", candidates(score), threshold=0.82, limit=1)
    assert near.rows.tolist() == [3]


def test_disagreement_is_the_highest_minus_the_lowest_member():
    members = [[0.1, 0.9, 0.5, np.nan], [0.2, 0.1, 0.5, 0.9], [0.6, 0.5, 0.4, np.nan]]
    np.testing.assert_allclose(disagreement(np.array(members)), [0.5, 0.8, 0.1, np.nan])
    queue = build_queue("disagreement", candidates([0.3] * 4, members))
    assert queue.rows.tolist() == [1, 0, 2], "a window with one opinion only is left out"
    with pytest.raises(ScoresError, match="itself"):
        disagreement(np.array(members[:1]))


def test_auc_loss_sums_to_one_minus_auc_ties_included():
    generator = np.random.default_rng(3)
    score = generator.integers(0, 12, 300) / 12
    truth = (generator.random(300) < 0.2 + 0.3 * score).astype(np.int8)
    loss = auc_loss(truth, score)
    lost = 1 - roc_auc_score(truth, score)
    assert loss[truth == 1].sum() == pytest.approx(lost, abs=1e-12)
    assert loss[truth == 0].sum() == pytest.approx(lost, abs=1e-12)


def test_the_dearest_windows_come_first_and_free_ones_not_at_all():
    truth = [1, 0, 0, 1, 0, -1]
    score = [0.1, 0.9, 0.2, 0.8, 0.05, 0.95]
    queue = build_queue("auc_loss", candidates(score, truth=truth))
    # the low positive has two negatives above it, the top negative two positives below
    assert queue.rows.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(queue.cost, [2 / 6, 2 / 6, 1 / 6, 1 / 6])
    assert 4 not in queue.rows, "a negative below all positives costs nothing"
    assert 5 not in queue.rows, "unknown costs nothing"


@pytest.mark.parametrize(
    ("truth", "words"),
    [(None, "no labels"), ([0, 0, -1], "with the species"), ([1, 1, -1], "without the species")],
)
def test_without_labels_of_both_kinds_nothing_costs(truth, words):
    with pytest.raises(ScoresError, match=words):
        build_queue("auc_loss", candidates([0.1, 0.2, 0.3], truth=truth))


def test_a_sample_by_chance_is_spread_over_the_scores_and_seeded():
    score = np.random.default_rng(0).random(5000) ** 6
    draw = build_queue("stratified", candidates(score), limit=100, seed=4)
    again = build_queue("stratified", candidates(score), limit=100, seed=4)
    other = build_queue("stratified", candidates(score), limit=100, seed=5)
    np.testing.assert_array_equal(draw.rows, again.rows)
    assert draw.rows.tolist() != other.rows.tolist()
    assert len(set(draw.rows.tolist())) == 100
    top = score[draw.rows] > np.quantile(score, 0.99)
    assert top.sum() >= 15, "a hundredth of the windows gets a good part of the sample"
    assert (score[draw.rows] < np.median(score)).sum() >= 5
    more = build_queue("stratified", candidates(score), limit=200, seed=4)
    assert set(draw.rows.tolist()) < set(more.rows.tolist()), "a longer one holds the shorter"


def test_a_sample_of_all_takes_all_with_certainty():
    score = np.random.default_rng(0).random(60)
    draw = build_queue("stratified", candidates(score), limit=1000)
    assert sorted(draw.rows.tolist()) == list(range(60))
    assert (draw.probability == 1).all()


def test_the_chances_are_true_and_weighted_figures_unbiased():
    generator = np.random.default_rng(1)
    score = generator.random(800) ** 3
    there = generator.random(800) < score
    drawn, totals, hits = np.zeros(800), [], []
    chances = np.zeros(800)
    for seed in range(400):
        queue = build_queue("stratified", candidates(score), limit=60, seed=seed)
        drawn[queue.rows] += 1
        chances[queue.rows] = queue.probability
        totals.append((1 / queue.probability).sum())
        hits.append((there[queue.rows] / queue.probability).sum())
    assert np.allclose(totals, 800), "the weights of each stratum sum to its size"
    assert np.mean(hits) == pytest.approx(there.sum(), rel=0.05)
    seen = chances > 0
    assert np.corrcoef(drawn[seen] / 400, chances[seen])[0, 1] > 0.98


def test_a_sample_judged_half_way_is_still_fair():
    generator = np.random.default_rng(2)
    score = generator.random(800) ** 3
    there = generator.random(800) < score
    plain, fair = [], []
    for seed in range(300):
        rows = build_queue("stratified", candidates(score), limit=120, seed=seed).rows[:50]
        weights = fair_weights(score, rows, seed)
        plain.append(there[rows].mean())
        fair.append(np.average(there[rows], weights=weights))
    assert abs(np.mean(fair) - there.mean()) < 0.02
    assert np.mean(plain) - there.mean() > 0.15, "unweighted it is far too good"


def test_judged_rows_leave_the_sample_after_the_draw():
    score = np.random.default_rng(0).random(300)
    first = build_queue("stratified", candidates(score), limit=40)
    judged = np.zeros(300, dtype=bool)
    judged[first.rows[:15]] = True
    rest = build_queue("stratified", candidates(score, judged=judged), limit=40)
    assert rest.rows.tolist() == first.rows[15:].tolist()
    assert rest.judged == 15
    np.testing.assert_array_equal(rest.probability, first.probability[15:])


def test_nonsense_is_refused():
    with pytest.raises(UsageError, match="0 windows"):
        build_queue("score", candidates([0.1]), limit=0)
    with pytest.raises(UsageError, match="did you mean 'score'"):
        build_queue("scores", candidates([0.1]))


def test_nothing_predicted_gives_an_empty_queue():
    for kind in ("score", "uncertainty", "stratified"):
        queue = build_queue(kind, candidates([np.nan, np.nan]))
        assert (len(queue.rows), queue.total) == (0, 0)
