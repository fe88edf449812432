from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from benchmarks import voice as benchmark
from benchmarks._claim import Absent
from birdscope.dataset.cleaning.settings import CleanSettings
from birdscope.dataset.cleaning.spans import bridged, hysteresis, runs
from birdscope.dataset.cleaning.speech import FRAME, RATE_HZ, SileroVoice, find_speech

FRAME_S = FRAME / RATE_HZ


class Written:
    """Gives the probabilities it was made with."""

    def __init__(self, values: list[float]):
        self.values = np.array(values, np.float64)

    def probabilities(self, waveform: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return self.values[: -(-len(waveform) // FRAME)]


def spans(values: list[float], **changes: float) -> list[tuple[int, int, float]]:
    settings = CleanSettings(speech_shortest_s=0, speech_gap_s=0, speech_pad_s=0)
    settings = settings.model_copy(update=changes)
    silence = np.zeros(len(values) * FRAME, np.float32)
    return [
        (round(start / FRAME_S), round(end / FRAME_S), round(sure, 2))
        for start, end, sure in find_speech(silence, Written(values), settings)
    ]


def test_runs_of_a_mask() -> None:
    assert runs(np.array([1, 1, 0, 1], bool)) == [(0, 2), (3, 4)]
    assert runs(np.zeros(3, bool)) == []


def test_a_span_begins_high_and_ends_low() -> None:
    assert hysteresis(np.array([0.4, 0.6, 0.4, 0.3, 0.4]), 0.5, 0.35) == [(1, 3)]
    assert bridged([(0, 2), (4, 5), (9, 10)], 2) == [(0, 5), (9, 10)]


def test_speech_is_joined_over_pauses_padded_and_kept_within_the_recording() -> None:
    values = [0.0, 0.9, 0.7, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.6]
    assert spans(values) == [(1, 3, 0.8), (5, 6, 0.8), (11, 12, 0.6)]
    assert spans(values, speech_gap_s=2 * FRAME_S) == [(1, 6, 0.8), (11, 12, 0.6)]
    assert spans(values, speech_shortest_s=1.5 * FRAME_S) == [(1, 3, 0.8)]
    assert spans(values, speech_pad_s=FRAME_S) == [(0, 7, 0.8), (10, 12, 0.6)]


def test_no_sound_is_no_speech() -> None:
    assert find_speech(np.zeros(0, np.float32), Written([]), CleanSettings()) == ()


def test_silero_leaves_torch_its_threads() -> None:
    before = torch.get_num_threads()
    values = SileroVoice().probabilities(np.zeros(1000, np.float32))
    assert torch.get_num_threads() == before
    assert values.shape == (2,) and values.max() < 0.1


@pytest.mark.real
def test_speech_in_real_recordings_is_found(
    calfrog32: Path, esc10clef: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        voices = benchmark.spoken()
    except Absent as absent:
        pytest.skip(str(absent))
    silero, settings, total = SileroVoice(), CleanSettings(), benchmark.Seconds()
    for number, background in enumerate(benchmark.backgrounds(every=60)):
        mixed, speech = benchmark.mix(background, voices[number % len(voices)], 10, number)
        total += benchmark.compare(mixed, speech, silero, settings)
    with capsys.disabled():
        print(f"\nspeech at +10 dB: recall {total.recall:.3f}, precision {total.precision:.3f}")
    assert total.speech > 20
    assert total.recall > 0.95
    assert total.precision > 0.9


@pytest.mark.real
def test_little_is_found_where_nobody_speaks(calfrog32: Path, esc10clef: Path) -> None:
    claims = benchmark.false_alarms(SileroVoice(), CleanSettings())
    assert [one.holds for one in claims] == [True, True]
