import numpy as np
import pytest

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.session.live_scores import LiveMeta, LiveScores, done_windows

META = LiveMeta(("x", "y", "z"), (ScoredCheckpoint("a", "m"), ScoredCheckpoint("b", "m")), {"m": 1})
KEY = "test_soundscapes/one.ogg"


@pytest.fixture
def audio(tmp_path):
    path = tmp_path / "one.ogg"
    path.write_bytes(b"0123456789")
    return path


def block(value):
    return np.full((2, 3), value, np.float32)


def test_windows_come_back_and_others_are_nan(tmp_path, audio):
    writer = LiveScores.create(tmp_path / "s", META).writer(KEY, audio, 4)
    assert writer.read(2) is None
    writer.write(2, block(0.25))
    writer.flush()
    again = LiveScores.open(tmp_path / "s")
    assert again.meta == META
    values = again.read(KEY, audio)
    assert values.shape == (2, 4, 3)
    assert done_windows(values).tolist() == [False, False, True, False]
    assert (values[:, 2] == 0.25).all()
    assert (again.writer(KEY, audio, 4).read(2) == 0.25).all()


def test_a_torn_window_counts_as_not_done(tmp_path, audio):
    live = LiveScores.create(tmp_path / "s", META)
    writer = live.writer(KEY, audio, 2)
    torn = block(0.5)
    torn[1, 2] = np.nan
    writer.write(0, torn)
    writer.write(1, block(0.75))
    values = live.read(KEY, audio)
    assert np.isnan(values[:, 0]).all()
    assert (values[:, 1] == 0.75).all()


def test_another_sound_file_of_the_same_name_has_no_scores(tmp_path, audio):
    live = LiveScores.create(tmp_path / "s", META)
    live.writer(KEY, audio, 2).write(0, block(0.5))
    audio.write_bytes(b"longer than before")
    assert live.read(KEY, audio) is None


def test_other_classes_are_refused(tmp_path):
    LiveScores.create(tmp_path / "s", META)
    with pytest.raises(ScoresError, match="other classes"):
        LiveScores.create(tmp_path / "s", LiveMeta(("x",), META.checkpoints, META.weights))


def test_damage_is_named_and_writing_replaces_it(tmp_path, audio):
    live = LiveScores.create(tmp_path / "s", META)
    path = live.path_of(KEY, audio)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not an array")
    with pytest.raises(ScoresError) as caught:
        live.read(KEY, audio)
    assert caught.value.path == path
    live.writer(KEY, audio, 2).write(1, block(0.5))
    assert done_windows(live.read(KEY, audio)).tolist() == [False, True]


def test_no_folder_and_damaged_meta_are_told_apart(tmp_path):
    with pytest.raises(ScoresError, match="no live scores"):
        LiveScores.open(tmp_path / "none")
    LiveScores.create(tmp_path / "s", META)
    (tmp_path / "s" / "live.json").write_text("{")
    with pytest.raises(ScoresError, match="can't be read"):
        LiveScores.open(tmp_path / "s")
