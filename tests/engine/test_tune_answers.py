"""Tuning in its own process, on a tiny dataset: what is found, opened, measured and refused."""

import asyncio
import csv
import os
import signal

import numpy as np
import pytest

from birdscope.core.errors import Cancelled, EngineError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import LowRankPower, Power, Settings, Smooth
from birdscope.dataset.catalog import Catalog
from birdscope.engine.study_client import Study
from birdscope.engine.tune_messages import FindSources, FitBlend, OpenTuning
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresStore
from birdscope.inference.store_files import ScoresMeta
from birdscope.metrics.evaluate import evaluate
from birdscope.metrics.truth import read_truth
from birdscope.session.live_scores import LiveMeta, LiveScores
from birdscope.session.session import scores_folder

LAYERS = (ScoredCheckpoint("a0", "alpha"), ScoredCheckpoint("b0", "beta"))
STACK = Settings(name="tiny", steps=(Smooth(at="member"), Power(at="ensemble")))
WEIGHTS = {"alpha": 0.4, "beta": 0.6}


@pytest.fixture
async def study(tmp_path):
    made = Study(tmp_path / "log")
    yield made
    made.close()


@pytest.fixture
def predicted(tiny_dataset, tmp_path):
    """Make scores by chance of a split, in a folder of the session."""

    def predict(split="train_soundscapes", folder="job", dataset=None):
        catalog = Catalog.open(tiny_dataset)
        keys = [one.key for one in catalog.recordings(split)]
        meta = ScoresMeta(
            classes=catalog.taxonomy.labels,
            checkpoints=LAYERS,
            weights=WEIGHTS,
            settings=STACK.model_dump(mode="json"),
            split=split,
            ensemble="tiny",
            fingerprints={"dataset": dataset or catalog.fingerprint()},
        )
        generator = np.random.default_rng(0)
        path = tmp_path / "session" / folder
        with ScoresStore.create(path, meta, lay_out(keys, [4] * len(keys))) as store:
            for key in keys:
                store.write(key, generator.random((2, 4, len(meta.classes)), np.float32))
        return path

    return predict


def opening(root, scores, kind="soundscapes", **more):
    return OpenTuning(kind, scores, root, **more)


async def test_what_is_opened_and_measured_is_what_evaluate_says(study, tiny_dataset, predicted):
    scores = predicted()
    opened = await study.open_tuning(opening(tiny_dataset, scores))
    assert (opened.unit, opened.members) == ("window", ("alpha", "beta"))
    assert opened.default_settings == STACK and opened.weights == WEIGHTS
    assert opened.baselines[0].name == "notebook 0.88"
    labels = read_truth(Catalog.open(tiny_dataset).labels_path, opened.classes)
    whole = evaluate(ScoresStore.open(scores).scores(), labels, STACK)
    found = await study.measure(STACK)
    assert found.measured.macro_roc_auc == pytest.approx(whole.macro_roc_auc, abs=1e-12)
    assert len(opened.scored_classes) == whole.scored_classes == found.measured.scored_classes
    assert opened.positives == whole.positives and opened.rows == whole.rows
    assert list(found.no_ops) == [1]
    assert set(opened.label_names) <= set(opened.classes) and opened.label_names
    stages = await study.stages(STACK)
    assert stages[-1].macro_roc_auc == found.measured.macro_roc_auc


async def test_everything_tune_asks_is_answered(study, tiny_dataset, predicted):
    opened = await study.open_tuning(opening(tiny_dataset, predicted()))
    other, label = Settings(steps=(LowRankPower(top_k=3),)), opened.scored_classes[0]
    parts = [part async for part in study.interval(other, opened.baselines[0])]
    assert [one.resamples for one in parts] == [100, 250, 500, 1000]
    deltas = await study.deltas(other, opened.baselines[0])
    assert tuple(one.label for one in deltas) == opened.scored_classes
    curves = await study.curves(other, label)
    assert curves.roc_auc == pytest.approx(deltas[0].roc_auc)
    costs = await study.costs(other, label, 5)
    assert 0 < len(costs) <= 5
    fitted = await study.ask(FitBlend(other, opened.baselines[0]))
    assert sum(fitted.weights.values()) == pytest.approx(1)
    assert fitted.overfit == pytest.approx(fitted.in_sample - fitted.nested)


async def test_after_opening_something_else_answers_are_about_that(study, tiny_dataset, predicted):
    await study.open_tuning(opening(tiny_dataset, predicted()))
    before = await study.measure(Settings())
    train = predicted("train_audio", "clips")
    opened = await study.open_tuning(
        opening(tiny_dataset, train, "file", labels=tiny_dataset / "train.csv")
    )
    assert opened.unit == "file"
    after = await study.measure(Settings())
    assert before.measured.macro_roc_auc != after.measured.macro_roc_auc


async def test_a_killed_process_goes_on_with_the_same_data(study, tiny_dataset, predicted):
    with pytest.raises(EngineError, match="nothing is open"):
        await study.measure(Settings())
    await study.open_tuning(opening(tiny_dataset, predicted()))
    before = await study.measure(STACK)
    os.kill(study.pid, signal.SIGKILL)
    await asyncio.sleep(0.2)
    after = await study.measure(STACK)
    np.testing.assert_array_equal(after.measured.per_class, before.measured.per_class)


async def test_out_of_fold_scores_bring_their_folds(study, tiny_dataset, predicted, tmp_path):
    scores = predicted("train_audio", "run/out_of_fold")
    keys = ScoresStore.open(scores).rows.recordings
    with open(scores / "folds.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("recording", "fold"))
        writer.writerows((key, number % 3) for number, key in enumerate(keys))
    found = await study.find_sources(FindSources(tiny_dataset, tmp_path / "session"))
    [source] = [one for one in found if one.kind == "out of fold"]
    assert "out-of-fold" in source.title and not source.problem
    opened = await study.open_tuning(opening(tiny_dataset, source.scores, source.kind))
    assert (opened.folds, opened.unit) == ((0, 1, 2), "file")


async def test_finds_pairs_of_this_dataset_and_says_what_is_missing(
    study, tiny_dataset, predicted, tmp_path
):
    mine = predicted()
    predicted(folder="elsewhere", dataset="another")
    clips = predicted("train_audio", "clips")
    (tmp_path / "session" / "broken").mkdir()
    (tmp_path / "session" / "broken" / "meta.json").write_text("{")
    catalog = Catalog.open(tiny_dataset)
    live = scores_folder(tmp_path / "session", catalog.fingerprint(), "e" * 16)
    meta = LiveMeta(catalog.taxonomy.labels, LAYERS, WEIGHTS)
    recording = catalog.soundscapes()[0]
    writer = LiveScores.create(live, meta).writer(recording.key, recording.path, 4)
    for index in range(4):
        writer.write(index, np.full((2, len(catalog.taxonomy)), 0.1 * index, np.float32))
    found = await study.find_sources(FindSources(tiny_dataset, tmp_path / "session"))
    usable = {(one.kind, one.scores) for one in found if not one.problem}
    assert usable == {("soundscapes", mine), ("soundscapes", live), ("file", clips)}
    problems = [one for one in found if one.problem]
    assert {one.kind for one in problems} == {"verdicts"}
    assert all("no verdicts" in one.problem for one in problems)
    opened = await study.open_tuning(opening(tiny_dataset, live))
    assert opened.recordings == 1
    assert any("without scores" in sentence for sentence in opened.counted)
    [only] = [part async for part in study.interval(STACK, Settings())]
    assert "one recording" in only.reason


async def test_newest_measure_wins(study, tiny_dataset, predicted):
    await study.open_tuning(opening(tiny_dataset, predicted()))
    many = [Settings(steps=(Smooth(weight=0.01 * n),)) for n in range(12)]
    asked = [asyncio.create_task(study.measure(one)) for one in many]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(answers[-1], Exception)
    assert all(isinstance(one, Cancelled) for one in answers if isinstance(one, Exception))


async def test_what_can_not_be_opened_says_why(study, tiny_dataset, predicted, tmp_path):
    with pytest.raises(EngineError):
        await study.open_tuning(opening(tiny_dataset, tmp_path / "nothing"))
    with pytest.raises(EngineError, match="kept in a session"):
        await study.open_tuning(opening(tiny_dataset, predicted(), "verdicts"))
