"""Live input against files: soundscapes played into a null sink and heard through its monitor.

`python -m benchmarks live_input` plays three soundscapes of a minute of ../shared/data/calfrog32
and lets models/demo.toml hear them (its species are others: what is compared is whether nets
see the same); `BIRDSCOPE_LIVE_ENSEMBLE=FILE` takes an ensemble trained on them. Each window
that was heard is compared with the file's own prediction at the same place, which is found by
cross-correlation. Needs PulseAudio (.ci/sound.sh); takes as long as the sound does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks._claim import PROJECT, Absent, Claim, require, shared
from birdscope.audio.decode import read
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.dataset.catalog import Catalog
from birdscope.engine.client import Engine
from birdscope.engine.live_client import LiveInput
from birdscope.engine.live_messages import Kept
from birdscope.engine.live_status import LiveWindow

WINDOW = WINDOW_S * SAMPLE_RATE_HZ
SOUNDSCAPES = 3
_SINK = f"birdscope_live_{os.getpid()}"
_LEVEL = 0.05
_DEADLINE_S = 120.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """What came through the monitor.

    Attributes:
        stream: float32 [samples] at 32 kHz, from the stream's beginning.
        windows: Scores with the seconds from a window's end to them.
        overflows: How often sound was lost.
        margin_s: Sound that the nets wait for after a window.
    """

    stream: Floats
    windows: Sequence[tuple[LiveWindow, float]]
    overflows: int
    margin_s: float


def claims() -> Iterator[Claim]:
    """Agreement, latency, lost sound."""
    from birdscope.inference.predictor import Predictor

    data = require(shared("data", "calfrog32"))
    ensemble = Path(os.environ.get("BIRDSCOPE_LIVE_ENSEMBLE", PROJECT / "models" / "demo.toml"))
    paths = sorted((data / "train_soundscapes").glob("*.ogg"))[::7][:SOUNDSCAPES]
    labels = (
        () if "BIRDSCOPE_LIVE_ENSEMBLE" not in os.environ else Catalog.open(data).taxonomy.labels
    )
    with _null_sink():
        heard = asyncio.run(_listen(ensemble, tuple(labels), paths))
    predictor = Predictor.load(ensemble, tuple(labels) or _own_classes(ensemble), threads=1)
    pairs = [_compare(predictor, path, heard) for path in paths]
    live = np.concatenate([one for one, _ in pairs])
    own = np.concatenate([other for _, other in pairs])
    same = live.argmax(axis=1) == own.argmax(axis=1)
    led = np.take_along_axis(own, live.argmax(axis=1)[:, None], axis=1)[:, 0]
    close = led > own.max(axis=1) - _LEVEL
    each = [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(live, own, strict=True)]
    whole = float(np.corrcoef(live.ravel(), own.ravel())[0, 1])
    text = f"{len(live)} live windows against the file's own: correlation"
    yield Claim(text, f"{whole:.4f} (least of a window {min(each):.3f})", "0.98", whole >= 0.98)
    text = f"… the same species first, or one that the file has within {_LEVEL:g}"
    measured = f"{same.mean():.0%} the same, {close.mean():.0%} with ties"
    yield Claim(text, measured, "95 %", bool(close.mean() >= 0.95))
    waits = [seconds for _, seconds in heard.windows]
    text = "from a window's end to its scores" + (
        f", {heard.margin_s:g} s of it sound after the window" if heard.margin_s else ""
    )
    measured = f"median {median(waits):.2f} s, slowest {max(waits):.2f} s"
    yield Claim(text, measured, "reported (a busy machine is slower)")
    lost = heard.overflows
    yield Claim("sound lost between device and process", f"{lost} times", "0", lost == 0)


def _own_classes(ensemble: Path) -> tuple[str, ...]:
    from birdscope.inference.fitting import own_classes

    return tuple(own_classes(ensemble))


async def _listen(ensemble: Path, labels: tuple[str, ...], paths: Sequence[Path]) -> Heard:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(log_folder=Path(folder) / "logs")
        live = LiveInput(engine, log_path=Path(folder) / "live.log")
        windows: list[tuple[LiveWindow, float]] = []
        kept: list[Kept] = []

        def take(news: object) -> None:
            if isinstance(news, LiveWindow):
                windows.append((news, time.monotonic() - news.ended_at))
            elif isinstance(news, Kept):
                kept.append(news)

        live.tell(take)
        try:
            loaded = await engine.warm(ensemble, labels)
            live.start(folder=Path(folder))
            await _until(lambda: live.status.heard_s > 0.5)
            live.record(True)
            for path in paths:
                player = await asyncio.create_subprocess_exec("paplay", f"--device={_SINK}", path)
                await player.wait()
            ended = live.status.heard_s // WINDOW_S
            await _until(lambda: bool(windows) and windows[-1][0].number >= ended - 1)
            live.record(False)
            await _until(lambda: bool(kept))
            stream, _ = soundfile.read(kept[0].path, dtype="float32")
            return Heard(stream, windows, live.status.overflows, loaded.margin_s)
        finally:
            live.close()
            engine.close()


async def _until(happens: Callable[[], bool]) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while not happens():
            await asyncio.sleep(0.02)


def _compare(predictor: object, path: Path, heard: Heard) -> tuple[Floats, Floats]:
    """Live and own probabilities [windows, C] of the windows that lie inside a soundscape."""
    from birdscope.inference.predictor import Predictor

    assert isinstance(predictor, Predictor)
    original = read(path)
    offset = _place_of(original, heard.stream)
    inside = [
        one for one, _ in heard.windows
        if 0 <= one.number * WINDOW - offset <= len(original) - WINDOW
    ]  # fmt: skip
    shift_s = (inside[0].number * WINDOW - offset) / SAMPLE_RATE_HZ
    own = predictor.predict(original, len(inside), shift_s=shift_s)
    return _blend(predictor, np.stack([one.values for one in inside], axis=1)), _blend(
        predictor, own
    )


def _blend(predictor: object, values: Floats) -> Floats:
    """Members by their weights, [K, W, C] → [W, C], before any post-processing."""
    from birdscope.inference.predictor import Predictor

    assert isinstance(predictor, Predictor)
    members = [one.member for one in predictor.checkpoints]
    shares = np.float32([predictor.weights[one] / members.count(one) for one in members])
    blended: Floats = np.einsum("k,kwc->wc", shares / shares.sum(), values)
    return blended


def _place_of(part: Floats, whole: Floats) -> int:
    size = 1 << int(np.ceil(np.log2(len(part) + len(whole))))
    product = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    return int(np.fft.irfft(product, size).argmax())


@contextmanager
def _null_sink() -> Iterator[None]:
    """A sink of our own; PortAudio records its monitor."""
    if shutil.which("pactl") is None or shutil.which("paplay") is None:
        raise Absent("there is no PulseAudio")
    load = ["pactl", "load-module", "module-null-sink", f"sink_name={_SINK}", "rate=48000"]
    loaded = subprocess.run([*load, "norewinds=1"], capture_output=True, text=True, check=False)
    if loaded.returncode:
        raise Absent("PulseAudio is not running: see .ci/sound.sh")
    os.environ["PULSE_SOURCE"] = f"{_SINK}.monitor"
    try:
        yield
    finally:
        subprocess.run(["pactl", "unload-module", loaded.stdout.strip()], check=True)
