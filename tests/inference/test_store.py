"""A scores folder: what it keeps, how it resumes, whom it refuses."""

import errno
import json
import subprocess
import sys

import numpy as np
import pytest

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import Settings, Smooth
from birdscope.inference import store_files
from birdscope.inference.rows import lay_out, read_rows, write_rows
from birdscope.inference.store import ScoresMeta, ScoresStore
from tests.inference.fakes import META

KEYS = ("test_soundscapes/x.ogg", "test_soundscapes/y.ogg", "test_soundscapes/z.ogg")
ROWS = lay_out(KEYS, [2, 1, 3])


def block(n, windows):
    return np.random.default_rng(n).random((2, windows, 3)).astype(np.float32)


def replaced(meta, **changes):
    return ScoresMeta(**{**meta.__dict__, **changes})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "scores"


def test_rows_are_named_timed_and_survive_the_disk(tmp_path):
    assert ROWS.row_ids == ("x_5", "x_10", "y_5", "z_5", "z_10", "z_15")
    write_rows(ROWS, tmp_path / "rows.parquet")
    back = read_rows(tmp_path / "rows.parquet")
    assert (back.row_ids, back.recordings) == (ROWS.row_ids, ROWS.recordings)
    np.testing.assert_array_equal(back.offsets, [0, 2, 3, 6])
    np.testing.assert_array_equal(back.start_s, [0, 5, 0, 0, 5, 10])


def test_what_was_written_is_read_back_and_the_rest_is_nan(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[2], block(2, 3), "stereo", "2 channels", 15.0)
        store.write(KEYS[1], None, "unreadable", "is empty")
    store = ScoresStore.open(folder)
    scores = store.scores()
    assert (scores.classes, scores.checkpoints) == (META.classes, META.checkpoints)
    assert scores.weights == META.weights and scores.values.dtype == np.float32
    np.testing.assert_array_equal(scores.values[:, 3:], block(2, 3))
    assert np.isnan(scores.values[:, :3]).all()
    assert store.done == {KEYS[1], KEYS[2]} and not store.complete
    assert store.marks[KEYS[2]].status == "stereo" and store.marks[KEYS[2]].duration_s == 15.0


def test_finished_values_are_mapped_not_loaded(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        for number, (key, windows) in enumerate(zip(KEYS, (2, 1, 3), strict=True)):
            store.write(key, block(number, windows))
    assert isinstance(ScoresStore.open(folder).scores().values, np.memmap)


def test_a_reader_sees_what_a_writer_adds(folder):
    with ScoresStore.create(folder, META, ROWS) as writer:
        reader = ScoresStore.open(folder)
        writer.write(KEYS[1], block(1, 1))
        assert np.isnan(reader.scores().values).all()
        reader.refresh()
        assert reader.done == {KEYS[1]}
        np.testing.assert_array_equal(reader.scores().values[:, 2:3], block(1, 1))


def test_resume_equals_one_go_byte_for_byte(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    with ScoresStore.create(one, META, ROWS) as store:
        for n, (key, windows) in enumerate(zip(KEYS, (2, 1, 3), strict=True)):
            store.write(key, block(n, windows))
    for n, (key, windows) in enumerate(zip(KEYS, (2, 1, 3), strict=True)):
        with ScoresStore.create(two, META, ROWS) as store:
            assert len(store.done) == n
            store.write(key, block(n, windows))
    for name in (store_files.VALUES, store_files.ROWS, store_files.META, store_files.MARKS):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_resume_does_not_read_headers_again(folder):
    ScoresStore.create(folder, META, ROWS).close()
    ScoresStore.open_or_resume(folder, META, KEYS, plan=lambda: pytest.fail("planned")).close()


@pytest.mark.parametrize("torn", ['{"recording": "test_sound', "\x00\x00\x00"])
def test_a_torn_mark_counts_as_not_done_and_is_cut_off(folder, torn):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[0], block(0, 2))
    marks = folder / store_files.MARKS
    whole = marks.read_bytes()
    marks.write_bytes(whole + torn.encode())
    assert ScoresStore.open(folder).done == {KEYS[0]}
    with ScoresStore.create(folder, META, ROWS) as store:
        assert marks.read_bytes() == whole
        store.write(KEYS[1], block(1, 1))
    assert ScoresStore.open(folder).done == {KEYS[0], KEYS[1]}


def test_a_folder_whose_making_was_killed_is_made_again(folder):
    ScoresStore.create(folder, META, ROWS).close()
    (folder / store_files.META).unlink()
    (folder / store_files.VALUES).write_bytes(b"half")
    with ScoresStore.create(folder, META, ROWS) as store:
        assert not store.done


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"fingerprints": {**META.fingerprints, "ensemble": "e2"}}, "another ensemble"),
        ({"fingerprints": {**META.fingerprints, "dataset": "d2"}}, "another dataset"),
        ({"fingerprints": {**META.fingerprints, "code": "2"}}, "another code"),
        ({"classes": ("a", "b", "d")}, "another class list"),
        ({"checkpoints": (ScoredCheckpoint("x", "m"), ScoredCheckpoint("y", "n"))}, "checkpoints"),
    ],
)
def test_scores_of_something_else_are_not_touched(folder, changes, text):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[0], block(0, 2))
    with pytest.raises(ScoresError, match=text) as error:
        ScoresStore.create(folder, replaced(META, **changes), ROWS)
    assert "--restart" in error.value.remedy
    with ScoresStore.create(folder, META, ROWS) as store:
        assert store.done == {KEYS[0]}
    with pytest.raises(ScoresError, match="other recordings"):
        ScoresStore.create(folder, META, lay_out(KEYS[:2], [2, 1]))


def test_restart_throws_away_scores_and_nothing_else(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[0], block(0, 2))
    (folder / "notes.txt").write_text("mine")
    with ScoresStore.create(
        folder, replaced(META, classes=("x", "y")), ROWS, restart=True
    ) as store:
        assert not store.done and store.scores().values.shape == (2, 6, 2)
    assert (folder / "notes.txt").read_text() == "mine"


def test_weights_and_settings_may_change_between_runs(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[0], block(0, 2))
    stack = Settings(steps=(Smooth(at="member"),))
    changed = replaced(META, weights={"m": 1.0}, settings=stack.model_dump(mode="json"))
    ScoresStore.create(folder, changed, ROWS).close()
    store = ScoresStore.open(folder)
    assert store.done == {KEYS[0]} and store.scores().weights == {"m": 1.0}
    assert store.settings == stack


def test_a_second_writer_in_another_process_is_refused(folder):
    code = (
        "import sys; from pathlib import Path\n"
        "from birdscope.inference.store import ScoresStore\n"
        "from tests.inference.test_store import META, ROWS\n"
        "from birdscope.core.errors import ScoresError\n"
        "try: ScoresStore.create(Path(sys.argv[1]), META, ROWS)\n"
        "except ScoresError as error: sys.exit(str(error))\n"
    )
    command = [sys.executable, "-c", code, str(folder)]
    with ScoresStore.create(folder, META, ROWS):
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert refused.returncode == 1 and "another process is writing" in refused.stderr
    assert subprocess.run(command, check=False).returncode == 0


def test_a_full_disk_is_an_error_with_a_remedy_and_loses_nothing(folder, monkeypatch):
    store = ScoresStore.create(folder, META, ROWS)
    store.write(KEYS[0], block(0, 2))

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store_files.os, "fsync", full)
        with pytest.raises(ScoresError, match="No space left") as error:
            store.write(KEYS[1], block(1, 1))
    assert "make room" in error.value.remedy
    assert store.done == {KEYS[0]}
    store.close()
    assert ScoresStore.open(folder).done == {KEYS[0]}


def test_a_block_of_another_shape_is_refused(folder):
    with (
        ScoresStore.create(folder, META, ROWS) as store,
        pytest.raises(ScoresError, match=r"shape \(2, 1, 3\), not \(2, 2, 3\)"),
    ):
        store.write(KEYS[0], block(0, 1))


def test_reading_only_refuses_to_write(folder):
    ScoresStore.create(folder, META, ROWS).close()
    with pytest.raises(ScoresError, match="reading only"):
        ScoresStore.open(folder).write(KEYS[0], block(0, 2))


def test_what_is_no_scores_folder_says_so(tmp_path):
    with pytest.raises(ScoresError, match="no scores") as error:
        ScoresStore.open(tmp_path)
    assert "birdscope predict" in error.value.remedy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (store_files.META, b"{"),
        (store_files.META, json.dumps({"format": 1, "classes": ["a"]}).encode()),
        (store_files.META, json.dumps({"format": 99}).encode()),
        (store_files.ROWS, b"not parquet"),
        (store_files.VALUES, b"short"),
    ],
)
def test_damaged_files_are_named(folder, name, content):
    ScoresStore.create(folder, META, ROWS).close()
    (folder / name).write_bytes(content)
    with pytest.raises(ScoresError) as error:
        ScoresStore.open(folder)
    assert error.value.path == folder / name


def test_half_a_block_of_a_killed_writer_is_not_shown(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[1], block(1, 1), "ok", "", 5.0)
        store._write_block(ROWS.span(KEYS[0]), block(0, 2))
    values = ScoresStore.open(folder).scores().values
    assert np.isnan(values[:, ROWS.span(KEYS[0])]).all()
    np.testing.assert_array_equal(values[:, ROWS.span(KEYS[1])], block(1, 1))


def test_scores_are_opened_without_pandas(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        store.write(KEYS[0], block(0, 2), "ok", "", 10.0)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from birdscope.inference.store import ScoresStore\n"
        "assert len(ScoresStore.open(Path(sys.argv[1])).scores().rows) == 6\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_marks_around_a_damaged_line_are_read(folder):
    with ScoresStore.create(folder, META, ROWS) as store:
        for number, (key, windows) in enumerate(zip(KEYS, (2, 1, 3), strict=True)):
            store.write(key, block(number, windows), "ok", "", 5.0, left_out=("a",) * (number == 1))
    path = folder / store_files.MARKS
    whole = store_files.read_marks(path)
    assert [mark.left_out for mark in whole] == [(), ("a",), ()]
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], b'{"recording": 1', b"7", lines[2]]) + b"\n")
    assert store_files.read_marks(path) == [whole[0], whole[2]]
