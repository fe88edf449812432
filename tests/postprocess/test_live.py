from __future__ import annotations

from birdscope.core.settings import (
    FilePeak,
    Gaussian,
    Kernel,
    LowConfidenceShift,
    LowRankPower,
    MinMax,
    NeighbourMean,
    Power,
    Settings,
    Smooth,
    Step,
)
from birdscope.postprocess.live import live_settings


def test_steps_that_need_the_whole_file_are_left_out_and_named() -> None:
    every = (
        LowRankPower(at="checkpoint"), Smooth(at="member"), Kernel(), Gaussian(), NeighbourMean(),
        FilePeak(), Power(), MinMax(), LowConfidenceShift(), FilePeak(),
    )  # fmt: skip
    assert {type(one) for one in every} == set(Step.__subclasses__())
    settings, left = live_settings(Settings(name="mine", weights={"a": 2.0}, steps=every))
    kinds = [one.kind for one in settings.steps]
    assert kinds == ["smooth", "kernel", "gaussian", "neighbour_mean", "power"]
    assert settings.weights == {"a": 2.0}
    assert left == ("low-rank power", "file peak", "min-max", "low-confidence shift")


def test_a_step_that_is_off_is_not_missed() -> None:
    settings, left = live_settings(Settings(steps=(FilePeak(enabled=False), Smooth())))
    assert left == ()
    assert [one.kind for one in settings.steps] == ["smooth"]
