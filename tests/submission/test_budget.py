import json

import pytest

from birdscope.core.errors import SubmissionError
from birdscope.inference.time_guard import reserve_s
from birdscope.submission.budget import Speed, keep_speed, kept_speeds, project

FIXED_S = 10.0 + reserve_s(8400)


def speed(**changes):
    values = {
        "ensemble": "blend",
        "fingerprint": "ab" * 32,
        "backend": "torch",
        "device": "cpu",
        "threads": 2,
        "seconds": {"big/a": 4.0, "small/a": 1.0, "small/b": 1.0},
        "members": {"big/a": "big", "small/a": "small", "small/b": "small"},
        "order": ("small/b", "small/a", "big/a"),
        "other_s": 0.5,
        "start_s": 10.0,
        "made": 1000.0,
    }
    return Speed(**{**values, **changes})


def test_what_fits_loses_nothing():
    budget = project(speed())
    assert budget.fits and budget.drops == () and not budget.hopeless
    assert budget.total_s == budget.kept_s == pytest.approx(700 * 6.5 + FIXED_S)
    assert budget.other_s == pytest.approx(350 + FIXED_S)
    big, small = budget.members
    assert (big.name, big.seconds, big.checkpoints, big.dropped) == ("big", 2800.0, 1, 0)
    assert (small.name, small.seconds, small.checkpoints) == ("small", 1400.0, 2)


def test_what_is_over_drops_in_the_guards_order_until_it_fits():
    budget = project(speed(seconds={"big/a": 6.0, "small/a": 1.0, "small/b": 1.0}))
    assert not budget.fits and budget.drops == ("small/b",)
    assert budget.kept_s == pytest.approx(700 * 7.5 + FIXED_S) and budget.kept_s <= 5400
    assert budget.members[1].dropped == 1


def test_the_last_checkpoint_stays_even_when_it_is_too_slow():
    budget = project(speed(seconds={"big/a": 60.0, "small/a": 1.0, "small/b": 1.0}))
    assert budget.drops == ("small/b", "small/a") and budget.hopeless
    fast = project(
        speed(
            seconds={"big/a": 60.0, "small/a": 1.0, "small/b": 1.0},
            order=("big/a", "small/b", "small/a"),
        )
    )
    assert fast.drops == ("big/a",) and not fast.hopeless and not fast.fits


def test_speeds_are_kept_by_ensemble_and_backend_and_damage_counts_as_none(tmp_path):
    keep_speed(tmp_path, speed(made=1.0))
    keep_speed(tmp_path, speed(made=2.0, backend="openvino"))
    keep_speed(tmp_path, speed(made=3.0, fingerprint="cd" * 32))
    keep_speed(tmp_path, speed(made=4.0))
    found = kept_speeds(tmp_path, "ab" * 32)
    assert [(one.backend, one.made) for one in found] == [("torch", 4.0), ("openvino", 2.0)]
    assert found[0] == speed(made=4.0)
    (tmp_path / f"{'ab' * 8}-torch-cpu.json").write_text("{")
    (tmp_path / f"{'ab' * 8}-openvino-cpu.json").write_text('{"ensemble": "x"}')
    assert kept_speeds(tmp_path, "ab" * 32) == []
    assert kept_speeds(tmp_path / "nowhere", "ab" * 32) == []


def test_speeds_of_each_precision_are_kept_apart(tmp_path):
    exact, fast = speed(backend="openvino"), speed(backend="openvino", precision="fast", made=2e3)
    keep_speed(tmp_path, exact)
    keep_speed(tmp_path, fast)
    assert kept_speeds(tmp_path, "ab" * 32) == [fast, exact]
    assert [one.way for one in (fast, exact)] == ["openvino fast", "openvino"]
    before = {name: value for name, value in vars(exact).items() if name != "precision"}
    (tmp_path / f"{'ab' * 8}-openvino-cpu.json").write_text(json.dumps(before))
    assert kept_speeds(tmp_path, "ab" * 32) == [fast, exact]


def test_a_folder_that_can_not_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SubmissionError, match="can't be written"):
        keep_speed(tmp_path / "file", speed())
