from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

Writer = Callable[..., Path]


def _missing(reason: str) -> None:
    """Skip on a person's machine; on CI a missing sound device is a failure."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"CI must have a sound device: {reason}")
    pytest.skip(f"{reason}; run .ci/sound.sh")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A null sink of this test's own; PortAudio plays to it and records its monitor."""
    if shutil.which("pactl") is None or shutil.which("parec") is None:
        _missing("there is no PulseAudio")
    name = f"birdscope_test_{os.getpid()}"
    load = ["pactl", "load-module", "module-null-sink", f"sink_name={name}"]
    load += ["rate=48000", "channels=2", "norewinds=1"]
    loaded = subprocess.run(load, capture_output=True, text=True)
    if loaded.returncode:
        _missing("PulseAudio is not running")
    monkeypatch.setenv("PULSE_SINK", name)
    monkeypatch.setenv("PULSE_SOURCE", f"{name}.monitor")
    from birdscope.audio.devices import audio_available, look_again

    look_again()
    if not audio_available()[0]:
        _missing(audio_available()[1])
    yield name
    subprocess.run(["pactl", "unload-module", loaded.stdout.strip()], check=True)


@pytest.fixture
def sound_file(tmp_path: Path) -> Writer:
    """Writes samples by soundfile alone, so that our own writer is not part of the test."""

    def write(name: str, samples: npt.NDArray[np.float32], rate_hz: int = 32_000) -> Path:
        path = tmp_path / name
        with soundfile.SoundFile(
            path, "w", rate_hz, 1 if samples.ndim == 1 else samples.shape[1]
        ) as file:
            for first in range(0, len(samples), 1 << 15):
                file.write(samples[first : first + (1 << 15)])
        return path

    return write


def noise(seconds: float, rate_hz: int = 32_000, seed: int = 0) -> npt.NDArray[np.float32]:
    """Noise whose samples differ everywhere, so that a shift by one is seen."""
    random = np.random.default_rng(seed)
    return (0.1 * random.standard_normal(round(seconds * rate_hz))).astype(np.float32)


def tone(
    frequency_hz: float, seconds: float, rate_hz: int = 32_000, amplitude: float = 0.5
) -> npt.NDArray[np.float32]:
    """A sine."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)
