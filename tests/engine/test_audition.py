"""What the study lane answers Audition: queues over a session's scores, and what verdicts say."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from birdscope.core.errors import Cancelled, EngineError, ScoresError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import LowRankPower, Settings, Smooth
from birdscope.core.verdicts import Verdict
from birdscope.dataset.catalog import Catalog
from birdscope.engine.audition_answers import HANDLERS
from birdscope.engine.audition_messages import JudgeWanted, QueueWanted, ScoresWanted
from birdscope.engine.study import Study, handlers
from birdscope.engine.study_client import Study as StudyClient
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresMeta, ScoresStore
from birdscope.metrics.truth import read_truth
from birdscope.postprocess.stack import apply_settings
from birdscope.session.live_scores import LiveMeta, LiveScores
from birdscope.session.session import job_scores_folder, scores_folder
from birdscope.session.verdicts import Verdicts, now

LAYERS = (
    ScoredCheckpoint("n0", "nfnet"),
    ScoredCheckpoint("n1", "nfnet"),
    ScoredCheckpoint("s0", "seresnext"),
)
WEIGHTS = {"nfnet": 0.25, "seresnext": 0.75}
STACK = Settings(
    steps=(LowRankPower(at="checkpoint", top_k=4, members=("nfnet",)), Smooth(at="member"))
)
ENSEMBLE = "feedfacefeedface"


@pytest.fixture(scope="module")
def catalog(tiny_dataset):
    return Catalog.open(tiny_dataset)


@pytest.fixture
def session(tmp_path):
    folder = tmp_path / "session"
    folder.mkdir()
    return folder


def predict(catalog, session, part="train_soundscapes", *, leave=0, seed=0, ensemble=ENSEMBLE):
    """Scores by chance for a part of the dataset, kept as a job keeps them."""
    keys = [one.key for one in catalog.recordings(part)]
    rows = lay_out(keys, [4] * len(keys))
    fingerprint = catalog.fingerprint()
    meta = ScoresMeta(
        classes=catalog.taxonomy.labels,
        checkpoints=LAYERS,
        weights=WEIGHTS,
        settings=STACK.model_dump(mode="json"),
        split=part,
        dataset=catalog.name,
        ensemble="tiny",
        fingerprints={"dataset": fingerprint, "ensemble": ensemble, "code": "1"},
    )
    folder = job_scores_folder(session, fingerprint, ensemble) / "1" / part
    generator = np.random.default_rng(seed)
    with ScoresStore.create(folder, meta, rows) as store:
        for key in keys[: len(keys) - leave]:
            shape = (len(LAYERS), 4, len(meta.classes))
            store.write(key, generator.random(shape).astype(np.float32) ** 3)
    return folder


def ask(study, request):
    return HANDLERS[type(request)](study, request)


def wanted(catalog, session, kind="score", label=None, **more):
    source = ScoresWanted(catalog.root, session, ensemble=ENSEMBLE)
    return QueueWanted(source, label or catalog.taxonomy.labels[1], kind, **more)


def test_the_process_knows_the_handlers():
    assert set(HANDLERS) <= set(handlers())


def test_the_best_windows_are_those_of_the_whole_stack(catalog, session):
    folder = predict(catalog, session)
    found = ask(Study(), wanted(catalog, session, limit=5))
    whole = apply_settings(ScoresStore.open(folder).scores(), STACK)[:, 1]
    assert [one.score for one in found.items] == sorted(whole.tolist(), reverse=True)[:5]
    assert (found.total, found.recordings, found.of_recordings) == (20, 5, 5)
    assert (found.source, found.ensemble, found.problem) == ("train_soundscapes", ENSEMBLE, "")
    first = found.items[0]
    assert first.path.is_file()
    assert first.start_s == first.index * 5
    assert set(first.members) == set(WEIGHTS)
    blended = sum(WEIGHTS[name] * value for name, value in first.members.items())
    assert blended == pytest.approx(first.score)


def test_settings_and_weights_of_the_hand_count(catalog, session):
    folder = predict(catalog, session)
    scores = ScoresStore.open(folder).scores()
    request = wanted(catalog, session, limit=1)
    source = replace(request.source, settings=Settings(), weights={"nfnet": 1.0, "seresnext": 0.0})
    found = ask(Study(), replace(request, source=source))
    best = float(scores.values[:2, :, 1].astype(np.float64).mean(axis=0).max())
    assert found.items[0].score == pytest.approx(best)
    assert set(found.items[0].members) == {"nfnet"}


def test_every_kind_gives_a_queue(catalog, session):
    predict(catalog, session)
    study = Study()
    label = next(iter(_labelled(catalog)))
    for kind in ("score", "uncertainty", "disagreement", "auc_loss", "stratified", "clips"):
        found = ask(study, wanted(catalog, session, kind, label))
        assert found.items, kind
        assert (found.items[0].sampling_probability is not None) == (kind == "stratified")
        assert (found.items[0].cost is not None) == (kind == "auc_loss")
        spreads = [one.spread for one in found.items]
        if kind == "disagreement":
            apart = [max(one.members.values()) - min(one.members.values()) for one in found.items]
            assert spreads == pytest.approx(apart) and spreads == sorted(spreads, reverse=True)
        else:
            assert set(spreads) == {None}
    near = ask(study, wanted(catalog, session, "uncertainty", threshold=0.2, limit=1)).items[0]
    assert abs(near.score - 0.2) < 0.1


def _labelled(catalog):
    """Labels that some but not all labelled windows have."""
    truth = read_truth(catalog.labels_path, catalog.taxonomy.labels)
    some = truth.values.any(axis=0) & ~truth.values.all(axis=0)
    return [label for label, one in zip(truth.classes, some, strict=True) if one]


def test_what_costs_auc_says_what_the_label_is(catalog, session):
    predict(catalog, session)
    label = _labelled(catalog)[0]
    found = ask(Study(), wanted(catalog, session, "auc_loss", label))
    truth = read_truth(catalog.labels_path, catalog.taxonomy.labels)
    rows = dict(zip(truth.row_ids, truth.values, strict=True))
    for one in found.items:
        name = f"{one.recording.rpartition('/')[2].rpartition('.')[0]}_{(one.index + 1) * 5}"
        assert one.truth == rows[name][catalog.taxonomy.index[label]]
    costs = [one.cost for one in found.items]
    assert costs == sorted(costs, reverse=True)
    assert catalog.labels_path.name in found.note


def test_files_that_cost_auc_are_shown_at_their_best_window(catalog, session):
    folder = predict(catalog, session, "train_audio")
    request = wanted(catalog, session, "auc_loss")
    source = replace(request.source, scores=folder)
    found = ask(Study(), replace(request, source=source))
    whole = apply_settings(ScoresStore.open(folder).scores(), STACK)[:, 1].reshape(-1, 4)
    best = {
        one.key: (int(values.argmax()), float(values.max()))
        for one, values in zip(catalog.recordings("train_audio"), whole, strict=True)
    }
    assert found.items
    assert {one.recording: (one.index, one.score) for one in found.items}.items() <= best.items()


def test_filters_by_recording_and_hour(catalog, session):
    predict(catalog, session)
    study = Study()
    everything = ask(study, wanted(catalog, session)).items
    one = everything[0]
    by_name = ask(study, wanted(catalog, session, recording=one.recording[-12:].upper()))
    assert {item.recording for item in by_name.items} == {one.recording}
    assert one.hour is not None
    same = ask(study, wanted(catalog, session, hours=(one.hour, one.hour + 1)))
    assert {item.hour for item in same.items} == {one.hour}
    around = ask(study, wanted(catalog, session, hours=((one.hour + 1) % 24, one.hour)))
    assert len(same.items) + len(around.items) == len(everything), "over midnight"
    none = ask(study, wanted(catalog, session, recording="nowhere"))
    assert "filters" in none.problem


def judge(session, item, label, answer="yes", queue="score", **more):
    verdict = Verdict(
        item.recording, item.index, item.start_s, item.end_s, label, answer, "ada", now(),
        queue=queue, sampling_probability=item.sampling_probability, score=item.score, **more,
    )  # fmt: skip
    verdicts = Verdicts.open(session)
    verdicts.put(verdict)
    verdicts.close()


def test_judged_windows_are_left_out_unless_wanted(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    first = ask(study, wanted(catalog, session)).items[0]
    judge(session, first, label)
    after = ask(study, wanted(catalog, session))
    assert first not in after.items
    assert (after.judged, after.total) == (1, 19)
    assert first in ask(study, wanted(catalog, session, skip_judged=False)).items
    assert first in ask(study, wanted(catalog, session, annotator="ben")).items
    other = ask(study, wanted(catalog, session, label=catalog.taxonomy.labels[2]))
    assert (other.judged, other.total) == (0, 20), "a verdict is about one species"


def test_a_sample_keeps_what_other_queues_judged_and_is_drawn_on_at_its_end(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    request = wanted(catalog, session, "stratified", limit=6)
    drawn = ask(study, request).items
    assert len(drawn) == 6
    judge(session, drawn[0], label, queue="score")
    assert ask(study, request).items == drawn, "judged elsewhere it stays in the sample"
    for item in drawn:
        judge(session, item, label, queue="stratified")
    more = ask(study, request)
    assert more.judged == 6
    assert len(more.items) == 6
    assert not {(one.recording, one.index) for one in more.items} & {
        (one.recording, one.index) for one in drawn
    }


def test_scores_still_being_made_are_told_and_trusted_only_where_done(catalog, session):
    predict(catalog, session, leave=2)
    study = Study()
    found = ask(study, wanted(catalog, session))
    assert (found.recordings, found.of_recordings, found.total) == (3, 5, 12)
    assert "3 of 5" in found.note
    keys = [one.key for one in catalog.soundscapes()]
    folder = next(session.glob("scores-jobs/*/*/*/*"))
    store = ScoresStore.open(folder)
    meta, rows = store.meta, store.rows
    with ScoresStore.create(folder, meta, rows) as writing:
        writing.write(keys[3], np.full((3, 4, len(meta.classes)), 0.999, np.float32))
    again = ask(study, wanted(catalog, session))
    assert (again.recordings, again.total) == (4, 16)
    assert again.items[0].recording == keys[3]


def test_the_fullest_scores_of_the_ensemble_are_chosen(catalog, session):
    predict(catalog, session, leave=3)
    predict(catalog, session, "test_soundscapes", leave=1)
    predict(catalog, session, "train_audio")
    predict(catalog, session, ensemble="0000000000000000")
    found = ask(Study(), wanted(catalog, session))
    assert (found.source, found.recordings) == ("train_soundscapes", 2)
    clips = ask(Study(), wanted(catalog, session, "clips"))
    assert clips.source == "train_audio"
    scores = [one.score for one in clips.items]
    assert scores == sorted(scores), "the least sure clip first"


def test_live_scores_do_where_there_are_no_others(catalog, session):
    labels = catalog.taxonomy.labels
    folder = scores_folder(session, catalog.fingerprint(), ENSEMBLE)
    live = LiveScores.create(folder, LiveMeta(labels, LAYERS, WEIGHTS))
    one = catalog.soundscapes()[1]
    writer = live.writer(one.key, one.path, 4)
    writer.write(2, np.full((3, len(labels)), 0.25, np.float32))
    writer.flush()
    found = ask(Study(), wanted(catalog, session))
    assert [(item.recording, item.index) for item in found.items] == [(one.key, 2)]
    assert (found.recordings, found.of_recordings) == (1, 7)
    assert (found.source, found.ensemble) == ("live scores", ENSEMBLE)


def test_without_scores_it_says_what_to_do(catalog, session):
    found = ask(Study(), wanted(catalog, session))
    assert found.items == ()
    assert "no recording has scores" in found.problem
    with pytest.raises(ScoresError):
        request = wanted(catalog, session)
        source = replace(request.source, scores=session)
        ask(Study(), replace(request, source=source))


def test_an_unknown_species_is_named(catalog, session):
    predict(catalog, session)
    with pytest.raises(ScoresError, match="no class 'zebra9'"):
        ask(Study(), wanted(catalog, session, label="zebra9"))


def test_clips_without_scores_begin_at_their_beginning_the_best_rated_first(catalog, session):
    label = catalog.taxonomy.labels[1]
    found = ask(Study(), wanted(catalog, session, "clips"))
    ratings = [catalog.find(one.recording).rating for one in found.items]
    assert ratings == sorted(ratings, reverse=True)
    assert {one.index for one in found.items} == {0}
    judge(session, found.items[0], label, queue="clips")
    assert ask(Study(), wanted(catalog, session, "clips")).judged == 1


def test_precision_says_what_was_skipped(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    items = ask(study, wanted(catalog, session)).items
    for place, answer in ((0, "yes"), (1, "no"), (2, "maybe"), (4, "yes")):
        judge(session, items[place], label, answer)
    summary = ask(study, JudgeWanted(wanted(catalog, session).source, label))
    assert (summary.yes, summary.no, summary.maybe) == (2, 1, 1)
    assert [(one.k, one.hits, one.gaps) for one in summary.precision] == [
        (1, 1, 0),
        (2, 1, 0),
        (3, 2, 2),
    ]
    assert not summary.enough
    assert "8 more yes and 9 more no" in summary.reason
    assert summary.thresholds == ()


def test_a_fair_sample_is_calibrated_with_weights_and_said_so(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    items = ask(study, wanted(catalog, session, "stratified", limit=20)).items
    assert len(items) == 20, "every window"
    ordered = sorted(items, key=lambda one: one.score)
    for place, item in enumerate(ordered):
        answer = "yes" if place >= 10 or place in (4, 7) else "no"
        answer = "no" if place in (11, 14) else answer
        judge(session, item, label, answer, queue="stratified")
    summary = ask(study, JudgeWanted(wanted(catalog, session).source, label))
    assert summary.enough
    assert any("drawn by chance" in note for note in summary.notes)
    assert [one.precision for one in summary.thresholds] == [0.9, 0.95, 0.99]
    assert list(summary.curve) == sorted(summary.curve)


def test_windows_chosen_by_more_than_the_score_don_t_calibrate(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    for place, item in enumerate(ask(study, wanted(catalog, session)).items):
        queue = "disagreement" if place % 2 else "score"
        judge(session, item, label, "yes" if place % 4 < 2 else "no", queue=queue)
    summary = ask(study, JudgeWanted(wanted(catalog, session).source, label))
    assert (summary.yes, summary.no) == (10, 10)
    assert "5 more yes and 5 more no" in summary.reason
    assert any("10 windows not used" in note for note in summary.notes)


def test_verdicts_without_scores_keep_the_score_they_were_judged_with(catalog, session):
    folder = predict(catalog, session)
    label = catalog.taxonomy.labels[1]
    request = wanted(catalog, session)
    item = ask(Study(), request).items[0]
    judge(session, item, label)
    folder.rename(session / "elsewhere")
    summary = ask(Study(), JudgeWanted(request.source, label))
    assert [one.k for one in summary.precision] == [1]
    assert any("judged with" in note for note in summary.notes)


def test_imported_labels_count_but_give_no_precision(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    items = ask(study, wanted(catalog, session)).items
    judge(session, items[0], label, "no")
    judge(session, items[1], label, queue="", origin="labels.csv")
    judge(session, items[2], label, queue="score", origin="verdicts.csv")
    summary = ask(study, JudgeWanted(wanted(catalog, session).source, label))
    assert (summary.yes, summary.no) == (2, 1)
    assert [(one.k, one.hits, one.gaps) for one in summary.precision] == [(1, 0, 0), (2, 1, 1)]
    assert any("1 window of training clips or from imported" in note for note in summary.notes)


def test_the_latest_of_two_annotators_counts(catalog, session):
    predict(catalog, session)
    study, label = Study(), catalog.taxonomy.labels[1]
    request = wanted(catalog, session)
    item = ask(study, request).items[0]
    judge(session, item, label, "yes")
    verdicts = Verdicts.open(session)
    verdicts.put(replace(verdicts.all()[0], annotator="ben", answer="no"))
    summary = ask(study, JudgeWanted(request.source, label))
    assert (summary.yes, summary.no) == (0, 1)
    assert any("ada, ben" in note for note in summary.notes)
    assert ask(study, JudgeWanted(request.source, label, "ada")).yes == 1
    verdicts.close()


async def test_it_is_asked_through_the_process(catalog, session, tmp_path):
    predict(catalog, session)
    study = StudyClient(tmp_path / "log")
    try:
        request = wanted(catalog, session)
        found = await study.queue(request)
        assert len(found.items) == 20
        summary = await study.judge_summary(JudgeWanted(request.source, request.label))
        assert summary.reason.startswith("not enough verdicts")
        with pytest.raises(EngineError, match="zebra9"):
            await study.queue(wanted(catalog, session, label="zebra9"))
        older = asyncio.create_task(study.queue(request))
        newer = asyncio.create_task(study.queue(replace(request, limit=3)))
        answers = await asyncio.gather(older, newer, return_exceptions=True)
        assert len(answers[1].items) == 3
        assert isinstance(answers[0], Cancelled) or len(answers[0].items) == 20
    finally:
        study.close()
