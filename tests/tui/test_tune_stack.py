from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birdscope.core.errors import ConfigError
from birdscope.core.settings import (
    FilePeak,
    Gaussian,
    Kernel,
    LowRankPower,
    MinMax,
    NeighbourMean,
    Power,
    Settings,
    Smooth,
)
from birdscope.tui import tune_figures as figures
from birdscope.tui import tune_stack
from birdscope.tui.tune_deeds import Deed
from birdscope.tui.tune_diff import differences
from birdscope.tui.tune_history import PAUSE_S, History, Turned
from birdscope.tui.tune_knobs import (
    KINDS,
    Knob,
    default_of,
    knobs_of,
    new_step,
    turned,
    value_of,
)
from birdscope.tui.tune_stack import Bench
from birdscope.tui.widgets import slider

BENCH = Bench(("alpha", "beta"), {"alpha": 0.25, "beta": 0.75}, classes=206)
STACK = Settings(
    name="one",
    steps=(
        LowRankPower(at="checkpoint"),
        Smooth(at="member"),
        Power(at="ensemble"),
        FilePeak(at="ensemble"),
    ),
)


def kinds(settings: Settings) -> list[tuple[str, str]]:
    return [(one.kind, one.at) for one in settings.steps]


def test_every_kind_of_step_can_be_added_and_every_number_turned() -> None:
    from typing import get_args

    from birdscope.core.settings import AnyStep

    models = get_args(get_args(AnyStep)[0])
    assert {one.model for one in KINDS.values()} == set(models), "the picker offers all"
    for kind in KINDS:
        step = new_step(kind)
        assert step.kind == kind and step.at == KINDS[kind].at
        knobs = knobs_of(step, 206)
        turnable = set(type(step).model_fields) - {"kind", "at", "members", "enabled"}
        assert {one.field for one in knobs} == turnable
        for knob in knobs:
            assert value_of(step, knob) == default_of(step, knob)
            for steps in (1, -1):
                value = knob.moved(value_of(step, knob), steps, coarse=True)
                assert value_of(turned(step, knob, value), knob) == pytest.approx(value)


@given(
    share=st.floats(0, 1),
    knob=st.sampled_from([k for kind in KINDS for k in knobs_of(new_step(kind), 50)]),
)
def test_wherever_a_slider_is_dragged_the_value_is_allowed(share: float, knob: Knob) -> None:
    step = next(new_step(kind) for kind in KINDS if knob in knobs_of(new_step(kind), 50))
    value = knob.at_share(share)
    assert knob.low <= value <= knob.high
    if step.kind != "kernel" or value > 0:
        assert value_of(turned(step, knob, value), knob) == pytest.approx(value)
    assert abs(knob.share(value) - share) <= knob.step / (knob.high - knob.low)


def test_a_typed_value_may_lie_beyond_the_slider_but_not_beyond_what_is_allowed() -> None:
    knob = knobs_of(Power(), 10)[0]
    far = turned(Power(), knob, 9.0)
    assert value_of(far, knob) == 9.0 and knob.share(9.0) == 1.0
    assert knob.moved(9.0, -1) == pytest.approx(8.95), "an arrow goes on from there"
    with pytest.raises(ConfigError, match="exponent"):
        turned(Power(), knob, 0.0)
    with pytest.raises(ConfigError, match="odd"):
        turned(NeighbourMean(), knobs_of(NeighbourMean(), 10)[0], 4)


def test_a_symmetrical_kernel_stays_so_and_another_one_shows_every_tap() -> None:
    kernel = Kernel()
    knobs = knobs_of(kernel, 10)
    assert [one.title for one in knobs] == ["taps", "middle", "±1", "±2"]
    assert turned(kernel, knobs[2], 0.3).taps == (0.1, 0.3, 0.4, 0.3, 0.1)  # type: ignore[union-attr]
    skew = Kernel(taps=(0.5, 0.4, 0.1))
    assert [one.title for one in knobs_of(skew, 10)] == ["taps", "-1", "middle", "+1"]
    assert turned(skew, knobs_of(skew, 10)[3], 0.2).taps == (0.5, 0.4, 0.2)  # type: ignore[union-attr]


def test_a_kernel_gets_more_taps_and_fewer_but_never_an_even_number() -> None:
    kernel, count = Kernel(), knobs_of(Kernel(), 10)[0]
    assert value_of(kernel, count) == 5 and default_of(kernel, count) == 5
    wider = turned(kernel, count, 7)
    assert wider.taps == (0.0, 0.1, 0.2, 0.4, 0.2, 0.1, 0.0)  # type: ignore[union-attr]
    assert turned(wider, count, 3).taps == (0.2, 0.4, 0.2)  # type: ignore[union-attr]
    for wrong in (4, 0, 2.5):
        with pytest.raises(ConfigError, match="a kernel has 1, 3, 5"):
            turned(kernel, count, wrong)


def test_rows_are_in_the_order_of_the_arithmetic() -> None:
    rows = tune_stack.rows_of(STACK, BENCH)
    assert [one.kind for one in rows] == [
        "stage", "step", "knob", "knob",
        "stage", "step", "knob",
        "blend", "weight", "weight",
        "stage", "step", "knob", "step",
    ]  # fmt: skip
    assert [one.member for one in rows if one.kind == "weight"] == ["alpha", "beta"]


def test_a_step_without_effect_says_why_and_one_member_has_no_blend() -> None:
    bench = Bench(("alpha",), classes=5, file_level=True, no_ops={2: "it is monotone"})
    rows = tune_stack.rows_of(STACK, bench)
    notes = [(one.step, one.text) for one in rows if one.kind == "note"]
    assert notes == [(None, "one member: no blend"), (2, "it is monotone")]
    assert rows[-1].kind == "pooling"


def test_steps_are_added_last_of_their_stage_or_behind_another() -> None:
    settings, place = tune_stack.added(STACK, MinMax(at="member"))
    assert place == 2 and kinds(settings)[2] == ("min_max", "member")
    settings, place = tune_stack.added(STACK, Gaussian(at="ensemble"), after=2)
    assert place == 3 and kinds(settings)[3] == ("gaussian", "ensemble")
    assert tune_stack.removed(settings, 3) == STACK


def test_a_step_moves_within_its_stage_and_over_its_edge_into_the_next() -> None:
    settings, place = tune_stack.moved(STACK, 3, -1)
    assert place == 2 and kinds(settings)[2:] == [("file_peak", "ensemble"), ("power", "ensemble")]
    settings, place = tune_stack.moved(STACK, 0, 1)
    assert kinds(settings)[place] == ("low_rank_power", "member")
    assert tune_stack.moved(STACK, 0, -1) == (STACK, 0), "nothing comes before the checkpoints"
    assert tune_stack.moved(STACK, 3, 1) == (STACK, 3)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, -1])), max_size=12))
def test_moving_never_loses_a_step_nor_breaks_the_order(moves: list[tuple[int, int]]) -> None:
    settings = STACK
    for number, by in moves:
        settings, place = tune_stack.moved(settings, number, by)
        assert 0 <= place < 4
        assert sorted(one.kind for one in settings.steps) == sorted(s.kind for s in STACK.steps)
        assert settings == tune_stack.ordered(settings)


def test_on_the_blend_a_step_touches_no_single_member() -> None:
    only = tune_stack.with_members(STACK, 1, ("alpha",), BENCH)
    assert only.steps[1].members == ("alpha",)
    assert tune_stack.with_members(only, 1, ("alpha", "beta"), BENCH).steps[1].members is None
    settings, place = tune_stack.staged(only, 1, "ensemble")
    assert settings.steps[place].at == "ensemble" and settings.steps[place].members is None


def test_weights_begin_with_the_ensembles_and_one_must_stay() -> None:
    assert tune_stack.weights_of(STACK, BENCH) == {"alpha": 0.25, "beta": 0.75}
    turned_down = tune_stack.with_weight(STACK, BENCH, "beta", 0.0)
    assert turned_down.weights == {"alpha": 0.25, "beta": 0.0}
    with pytest.raises(ConfigError, match="above 0"):
        tune_stack.with_weight(turned_down, BENCH, "alpha", 0.0)


def test_settings_are_the_same_by_what_they_do() -> None:
    other = STACK.model_copy(update={"name": "two", "note": "x", "steps": STACK.steps[::-1]})
    assert not tune_stack.same(STACK, other), "two steps of one stage changed places"
    shuffled = STACK.model_copy(update={"name": "two", "steps": (*STACK.steps[1:], STACK.steps[0])})
    assert tune_stack.same(STACK, shuffled), "the order between stages is always the same"
    assert tune_stack.fits(STACK, ("x",))
    named = tune_stack.with_members(STACK, 1, ("alpha",), BENCH)
    assert not tune_stack.fits(named, ("x",)) and tune_stack.fits(named, ("alpha",))


def test_undo_takes_a_whole_gesture_back() -> None:
    now = [0.0]
    history = History(STACK, lambda: now[0])
    states = [tune_stack.with_weight(STACK, BENCH, "beta", value / 10) for value in range(1, 8)]
    for one in states[:3]:
        history.take(one, "drag 1", held=True)
        now[0] += 5
    assert history.undo() and history.present == STACK and not history.can_undo
    assert history.redo() and history.present == states[2]
    history.take(states[3], "key")
    now[0] += PAUSE_S / 2
    history.take(states[4], "key")
    now[0] += PAUSE_S * 2
    history.take(states[5], "key")
    assert history.undo() and history.present == states[4], "after a pause it is another one"
    history.take(states[6])
    assert not history.can_redo and not history.redo()
    history.undo()
    history.undo()
    assert history.present == states[2]


async def _nothing() -> None:
    """A deed that does nothing."""


def test_deeds_are_undone_in_their_turn_and_carry_the_name() -> None:
    history = History(STACK)
    first, second = (tune_stack.with_weight(STACK, BENCH, "beta", one) for one in (0.1, 0.2))
    history.take(first)
    saved = Deed(_nothing, "back", _nothing, "again", (first.name, "kept"))
    history.done(saved)
    assert history.present.name == "kept"
    history.take(second)
    assert isinstance(history.undo(), Turned) and history.present.name == "kept"
    assert history.undo() is saved and history.present == first
    assert isinstance(history.undo(), Turned) and history.present == STACK
    assert history.undo() is None
    history.redo()
    assert history.redo() is saved and history.present.name == "kept"
    assert isinstance(history.redo(), Turned) and history.present == second


def test_other_settings_for_good_leave_the_deeds_but_not_their_names() -> None:
    history = History(STACK)
    history.take(tune_stack.with_weight(STACK, BENCH, "beta", 0.1))
    history.done(Deed(_nothing, "back", _nothing, "again", (STACK.name, "kept")))
    history.begin_with(STACK)
    deed = history.undo()
    assert isinstance(deed, Deed) and history.present == STACK and not history.can_undo
    history.forget(deed)
    assert history.redo() is None, "what could not be taken back is not done again"


def test_differences_pair_the_steps() -> None:
    other = tune_stack.with_step(STACK, 1, Smooth(at="member", weight=0.1, enabled=False))
    other = tune_stack.removed(other, 3)
    other = tune_stack.with_weight(other, BENCH, "beta", 0.25)
    found = {one.what: (one.first, one.second) for one in differences(STACK, other, BENCH)}
    assert found == {
        "smooth on each member's mean": ("on", "off"),
        "smooth on each member's mean · weight": ("0.2", "0.1"),
        "file peak on the blend": ("on", "—"),
        "blend · alpha": ("25.0%", "50.0%"),
        "blend · beta": ("75.0%", "50.0%"),
    }
    assert differences(STACK, STACK.model_copy(update={"name": "x"}), BENCH) == []


@given(st.floats(0, 1), st.integers(1, 60))
def test_the_track_is_always_as_long_and_a_click_finds_its_thumb(share: float, cells: int) -> None:
    left, thumb, right = slider.track(share, cells)
    assert len(left + thumb + right) == cells
    if cells > 1:
        assert abs(slider.share_at(len(left), cells) - share) <= 0.5 / (cells - 1) + 1e-9


def test_what_is_not_known_is_a_dash() -> None:
    nan = float("nan")
    assert figures.area(nan) == figures.change(nan) == figures.spread(nan, nan) == "—"
    assert figures.interval(nan, 0.1) == "—"
    assert figures.change(0.00004).strip() == "0.0000"
    assert figures.bar(nan, 1.0, 3) == ("   ", "   ")
    assert figures.bar(0.001, 1.0, 3) == ("   ", "━  "), "a small change still shows"
