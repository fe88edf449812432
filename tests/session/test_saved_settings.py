"""Saved settings come back as they were, are never overwritten, and differ in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birdscope.core.errors import ConfigError, SessionError, UsageError
from birdscope.core.settings import (
    FilePeak,
    Gaussian,
    Kernel,
    LowRankPower,
    Power,
    Settings,
    Smooth,
)
from birdscope.postprocess.baselines import NOTEBOOK
from birdscope.session.saved_settings import SavedSettings
from birdscope.session.settings_lines import difference, settings_lines

MINE = Settings(
    name="mine 2",
    note="better?",
    weights={"nfnet": 1.0, "seresnext": 3.0},
    steps=(
        LowRankPower(at="checkpoint", members=("nfnet",)),
        Kernel(at="member"),
        FilePeak(enabled=False),
    ),
    file_pooling="mean",
)


@pytest.fixture
def saved(tmp_path):
    return SavedSettings(tmp_path)


def test_settings_come_back_as_they_were(saved):
    path = saved.save(MINE)
    assert path.name == "mine 2.toml" and saved.load("mine 2") == MINE
    assert [(one.name, one.settings, one.problem) for one in saved.list()] == [("mine 2", MINE, "")]


def test_an_empty_session_has_none(saved):
    assert saved.list() == ()
    with pytest.raises(UsageError, match="no settings 'x'"):
        saved.load("x")


def test_a_taken_name_is_refused_unless_replacing(saved):
    saved.save(MINE)
    other = MINE.model_copy(update={"steps": ()})
    with pytest.raises(UsageError, match="nothing is overwritten"):
        saved.save(other)
    assert saved.load("mine 2") == MINE
    saved.save(other, replace=True)
    assert saved.load("mine 2") == other


def test_rename_and_delete(saved):
    saved.save(MINE)
    saved.save(MINE.model_copy(update={"name": "taken"}))
    with pytest.raises(UsageError, match="nothing is overwritten"):
        saved.rename("mine 2", "taken")
    saved.rename("mine 2", "new")
    assert [one.name for one in saved.list()] == ["new", "taken"]
    assert saved.load("new").name == "new" and saved.load("new").steps == MINE.steps
    saved.delete("new")
    with pytest.raises(UsageError, match="did you mean 'taken'"):
        saved.delete("takn")
    assert [one.name for one in saved.list()] == ["taken"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x.", NOTEBOOK])
def test_names_that_are_no_files_or_built_in_are_refused(saved, name):
    with pytest.raises(UsageError):
        saved.save(MINE.model_copy(update={"name": name}))


def test_a_damaged_file_is_listed_with_what_is_wrong(saved):
    saved.save(MINE)
    (saved.folder / "bad.toml").write_text("file_poling = 'max'\n")
    entry = saved.list()[0]
    assert entry.name == "bad" and entry.settings is None and "file_pooling" in entry.problem
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        saved.load("bad")


def test_a_read_only_session_is_not_written(saved, tmp_path):
    saved.save(MINE)
    reader = SavedSettings(tmp_path, read_only=True)
    assert reader.load("mine 2") == MINE
    for write in (
        lambda: reader.save(MINE, replace=True),
        lambda: reader.delete("mine 2"),
        lambda: reader.rename("mine 2", "b"),
    ):
        with pytest.raises(SessionError, match="read-only"):
            write()


def test_a_difference_names_each_change():
    after = Settings(
        weights={"nfnet": 2.0, "seresnext": 2.0},
        steps=(
            Kernel(at="member", taps=(0.25, 0.5, 0.25)),
            Power(exponent=1.5),
            FilePeak(),
        ),
    )
    assert difference(MINE, after) == (
        "weight of nfnet: 0.25 → 0.5",
        "weight of seresnext: 0.75 → 0.5",
        "kernel at member: taps 0.1 0.2 0.4 0.2 0.1 → 0.25 0.5 0.25",
        "file peak at ensemble: turned on",
        "+ power at ensemble: exponent 1.5",
        "− low rank power at checkpoint of nfnet: top_k 30, exponent 2",
        "files: mean → max over windows",
    )


def test_a_moved_step_is_said_to_have_moved():
    first, second = Smooth(), Power(exponent=2.0)
    lines = difference(Settings(steps=(first, second)), Settings(steps=(second, first)))
    assert len(lines) == 1 and "moved from place" in lines[0]


def test_only_ratios_of_weights_count():
    one, double = Settings(weights={"a": 1, "b": 2}), Settings(weights={"a": 2, "b": 4})
    assert difference(one, double) == ()
    assert difference(Settings(), one) == ("blend: the ensemble's weights → a 0.3333, b 0.6667",)


def test_lines_of_settings():
    assert settings_lines(Settings()) == ("no steps, the ensemble's weights",)
    assert settings_lines(MINE)[-2:] == ("file peak at ensemble (off)", "files: mean over windows")


STEPS = st.lists(
    st.one_of(
        st.builds(Smooth, weight=st.floats(0, 0.5), at=st.sampled_from(("member", "ensemble"))),
        st.builds(Gaussian, sigma=st.floats(0.1, 3), enabled=st.booleans()),
        st.builds(LowRankPower, top_k=st.integers(0, 9), at=st.just("checkpoint")),
    ),
    max_size=5,
).map(tuple)


@given(STEPS, STEPS)
def test_two_settings_differ_in_words_when_and_only_when_they_differ(old, new):
    assert difference(Settings(steps=old), Settings(steps=old)) == ()
    assert bool(difference(Settings(steps=old), Settings(steps=new))) == (old != new)
