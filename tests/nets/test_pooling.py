from __future__ import annotations

import torch

from birdscope.nets.pooling import WindowProbabilities, central_frames, central_maximum
from tests.nets.tiny import tiny_network


def test_central_frames_round_as_the_public_code() -> None:
    assert central_frames(20, 0.5) == (5, 15)
    assert central_frames(10, 1.0) == (0, 10)
    assert central_frames(21, 0.5) == (5, 15)


def test_delta_shift_weighs_centre_and_both_shifts() -> None:
    frames = torch.zeros(1, 20, 4)
    frames[0, 7, 0] = 1.0  # in the centre and both shifts (5–15, 3–13, 7–17)
    frames[0, 3, 1] = 1.0  # only in the earlier one
    frames[0, 16, 2] = 1.0  # only in the later one
    frames[0, 1, 3] = 1.0  # in none
    assert central_maximum(frames, 0.5, 2)[0].tolist() == [1.0, 0.25, 0.25, 0.0]
    assert central_maximum(frames, 0.5, 0)[0].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_delta_shift_is_clipped_at_the_ends() -> None:
    frames = torch.zeros(1, 10, 3)
    frames[0, 0, 0] = 1.0  # lost to the later shift (2–10)
    frames[0, 9, 1] = 1.0  # lost to the earlier shift (0–8)
    frames[0, 5, 2] = 1.0
    assert central_maximum(frames, 1.0, 2)[0].tolist() == [0.75, 0.75, 1.0]


def test_few_frames_still_give_a_number() -> None:
    frames = torch.rand(2, 2, 3)
    assert torch.equal(central_maximum(frames, 1.0, 2), frames.amax(dim=1))
    assert torch.isfinite(central_maximum(frames, 0.2, 2)).all()


def test_each_pooling_is_what_it_says() -> None:
    network = tiny_network()
    mel = torch.randn(2, 1, 64, 157)
    output = network(mel)
    segments = torch.sigmoid(output.segment_logits)
    attention = WindowProbabilities(network, "attention")(mel)
    torch.testing.assert_close(attention, torch.sigmoid(output.clip_logits))
    torch.testing.assert_close(WindowProbabilities(network, "mean")(mel), segments.mean(dim=1))
    maximum = WindowProbabilities(network, "max", share=1.0, frame_shift=0)(mel)
    torch.testing.assert_close(maximum, segments.amax(dim=1))
