from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from birdscope.core.scores import ScoredCheckpoint
from birdscope.engine.messages import Recall
from birdscope.engine.recalling import recall
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresStore
from birdscope.inference.store_files import ScoresMeta
from birdscope.session.live_scores import LiveMeta, LiveScores

CHECKPOINTS = (ScoredCheckpoint("a0", "alpha"),)
WEIGHTS = {"alpha": 1.0}
KEY = "test_soundscapes/x.ogg"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "x.ogg"
    path.write_bytes(b"sound")
    return path


def job(root: Path, value: float, classes: tuple[str, ...] = ("a", "b")) -> None:
    meta = ScoresMeta(classes, CHECKPOINTS, WEIGHTS)
    with ScoresStore.create(root / "code" / "part", meta, lay_out([KEY, "other"], [3, 3])) as store:
        store.write(KEY, np.full((1, 3, len(classes)), value, np.float32))


def question(tmp_path: Path, sound: Path, key: str = KEY) -> Recall:
    return Recall(1, key, sound, tmp_path / "live", tmp_path / "jobs")


def test_a_jobs_scores_are_recalled(tmp_path: Path, sound: Path) -> None:
    assert recall(question(tmp_path, sound)) is None
    job(tmp_path / "jobs", 0.25)
    found = recall(question(tmp_path, sound))
    assert found is not None
    assert found.values.shape == (1, 3, 2) and np.all(found.values == 0.25)
    assert found.classes == ("a", "b") and found.checkpoints == CHECKPOINTS
    assert recall(question(tmp_path, sound, "other")) is None, "the job has not come to it yet"


def test_scopes_own_windows_come_first(tmp_path: Path, sound: Path) -> None:
    live = LiveScores.create(tmp_path / "live", LiveMeta(("a", "b"), CHECKPOINTS, WEIGHTS))
    writer = live.writer(KEY, sound, 3)
    writer.write(1, np.full((1, 2), 0.75, np.float32))
    writer.flush()
    job(tmp_path / "jobs", 0.25)
    found = recall(question(tmp_path, sound))
    assert found is not None
    assert found.values[0, :, 0].tolist() == [0.25, 0.75, 0.25]


def test_scores_of_other_classes_are_not_mixed(tmp_path: Path, sound: Path) -> None:
    live = LiveScores.create(tmp_path / "live", LiveMeta(("a", "b"), CHECKPOINTS, WEIGHTS))
    live.writer(KEY, sound, 3).write(1, np.full((1, 2), 0.75, np.float32))
    job(tmp_path / "jobs", 0.25, ("b", "a"))
    found = recall(question(tmp_path, sound))
    assert found is not None and found.classes == ("a", "b")
    assert np.isnan(found.values[0, [0, 2]]).all()


def test_a_damaged_job_is_passed_over(tmp_path: Path, sound: Path) -> None:
    job(tmp_path / "jobs", 0.25)
    (tmp_path / "jobs" / "code" / "part" / "meta.json").write_text("{")
    assert recall(question(tmp_path, sound)) is None
