"""A soundscape played into a null sink, heard through its monitor, against the file itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from birdscope.audio.decode import read
from birdscope.core.paths import PROJECT
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.engine.client import Engine
from birdscope.engine.live_client import LiveInput
from birdscope.engine.live_ear import LiveEar
from birdscope.engine.live_messages import Kept, WindowHeard
from birdscope.engine.live_status import LiveWindow
from tests.audio.conftest import sink  # noqa: F401 (a fixture)
from tests.audio.monitor import RATE_HZ, Monitor
from tests.engine.conftest import until
from tests.engine.live_fakes import FakeSource
from tests.engine.test_real_ensemble import ensemble  # noqa: F401 (a fixture)

DEMO = PROJECT / "models" / "demo.toml"
WINDOW = WINDOW_S * SAMPLE_RATE_HZ
Floats = npt.NDArray[np.float32]


def place_of(part: Floats, whole: Floats) -> int:
    """Sample of `whole` at which `part` begins: the highest of their cross-correlation."""
    size = 1 << int(np.ceil(np.log2(len(part) + len(whole))))
    product = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    return int(np.fft.irfft(product, size).argmax())


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's, over all windows and classes."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_windows_are_predicted_as_in_the_file(ensemble: Path) -> None:  # noqa: F811
    from birdscope.inference.predictor import Predictor
    from tests.engine.conftest import CLASSES

    predictor = Predictor.load(ensemble, CLASSES, threads=1)
    assert predictor.margin_s == 2.5
    seconds = np.arange(32 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    sound = (0.4 * np.sin(2 * np.pi * (800 + 60 * seconds) * seconds)).astype(np.float32)
    whole = predictor.predict(sound, 6)
    source, heard = FakeSource(), []
    ear = LiveEar(source, heard.append, margin_s=predictor.margin_s, now=lambda: source.now)
    ear.tick()
    for begin in range(0, len(sound), 10_000):
        source.bring(sound[begin : begin + 10_000])
        ear.tick()
    windows = [one for one in heard if isinstance(one, WindowHeard)]
    assert [one.number for one in windows] == [0, 1, 2, 3, 4]
    for one in windows:
        values = predictor.predict_window(one.waveform, one.index, one.n_windows)
        assert np.abs(values - whole[:, one.number]).max() < 1e-5


@pytest.mark.audio
async def test_what_sounds_is_recognised_as_in_the_file(
    sink: str,  # noqa: F811
    tiny_dataset: Path,
    tmp_path: Path,
) -> None:
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.predictor import Predictor

    classes = tuple(Catalog.open(tiny_dataset).taxonomy.labels)
    path = sorted((tiny_dataset / "train_soundscapes").glob("*.ogg"))[0]
    engine = Engine(log_folder=tmp_path / "logs")
    live = LiveInput(engine, log_path=tmp_path / "live.log")
    windows: list[tuple[LiveWindow, float]] = []
    kept: list[Kept] = []

    def hear(news: object) -> None:
        if isinstance(news, LiveWindow):
            windows.append((news, time.monotonic()))
        elif isinstance(news, Kept):
            kept.append(news)

    try:
        await engine.warm(DEMO, classes)
        live.tell(hear)
        live.start(folder=tmp_path)
        await until(lambda: live.status.heard_s > 0.5)
        live.record(True)
        monitor = Monitor(f"{sink}.monitor")
        player = await asyncio.create_subprocess_exec("paplay", f"--device={sink}", str(path))
        assert await asyncio.wait_for(player.wait(), 60) == 0
        ended = live.status.heard_s
        await until(lambda: len(windows) >= 1 and len(windows) > ended // WINDOW_S)
        truth = monitor.stop()
        live.record(False)
        await until(lambda: bool(kept))
        assert live.status.overflows == 0
    finally:
        live.close()
        engine.close()

    original = read(path)
    stream, rate_hz = soundfile.read(kept[0].path, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ
    offset = place_of(original, stream)
    inside = [
        (one, at)
        for one, at in windows
        if 0 <= one.number * WINDOW - offset <= len(original) - WINDOW
    ]
    assert len(inside) >= 3, "a soundscape of 20 s holds three windows at any phase"

    # the file's own prediction, its windows where the stream's are
    first = inside[0][0].number
    shift_s = (first * WINDOW - offset) / SAMPLE_RATE_HZ
    predictor = Predictor.load(DEMO, classes, threads=1)
    own = predictor.predict(original, len(inside), shift_s=shift_s).mean(axis=0)
    heard = np.stack([one.values.mean(axis=0) for one, _ in inside])
    # two species may be level; none that the file has far behind may come first
    led = np.take_along_axis(own, heard.argmax(axis=1)[:, None], axis=1)[:, 0]
    assert (led > own.max(axis=1) - 0.1).all()
    assert correlation(heard, own) > 0.95
    for one, other in zip(heard, own, strict=True):
        assert correlation(one, other) > 0.9

    # a window ended when its last sample sounded, by a clock of its own
    resampled = np.interp(
        np.arange(len(original) * RATE_HZ // SAMPLE_RATE_HZ) * SAMPLE_RATE_HZ / RATE_HZ,
        np.arange(len(original)),
        original,
    ).astype(np.float32)
    began = truth.at(place_of(resampled, truth.samples.astype(np.float32)))
    lags = [
        one.ended_at - (began + ((one.number + 1) * WINDOW - offset) / SAMPLE_RATE_HZ)
        for one, _ in inside
    ]
    latencies = [at - one.ended_at for one, at in inside]
    print(f"offset {offset / SAMPLE_RATE_HZ:.3f} s, correlation {correlation(heard, own):.4f}")
    print("by window", [round(correlation(a, b), 4) for a, b in zip(heard, own, strict=True)])
    print(f"ended late by {np.round(lags, 3)}, scored after {np.round(latencies, 3)}")
    assert np.abs(lags).max() < 0.5
    assert min(latencies) > 0
    # a busy machine may take its time, but none is left out and none waits for a minute
    assert live.status.skipped == 0
    assert max(latencies) < 4 * WINDOW_S
