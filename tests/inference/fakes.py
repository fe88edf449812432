"""A predictor without nets: quick, deterministic, depends on the sound it is given."""

import numpy as np
import soundfile

from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.types import Recording
from birdscope.inference.store import ScoresMeta

CLASSES = ("a", "b", "c")
CHECKPOINTS = (ScoredCheckpoint("one", "m"), ScoredCheckpoint("two", "n"))
META = ScoresMeta(
    classes=CLASSES,
    checkpoints=CHECKPOINTS,
    weights={"m": 0.25, "n": 0.75},
    split="test_soundscapes",
    dataset="tiny",
    ensemble="fake",
    fingerprints={"dataset": "d1", "ensemble": "e1", "code": "1"},
)
RATE_HZ = 32_000


class FakePredictor:
    checkpoints = CHECKPOINTS
    classes = CLASSES
    weights = META.weights

    def __init__(self):
        self.seen = []

    def predict(self, waveform, n_windows):
        assert waveform.dtype == np.float32 and waveform.ndim == 1
        self.seen.append((len(waveform), n_windows))
        padded = np.zeros(n_windows * 5 * RATE_HZ, np.float32)
        padded[: min(len(padded), len(waveform))] = waveform[: len(padded)]
        loudness = np.sqrt((padded.reshape(n_windows, -1) ** 2).mean(axis=1))
        scale = np.array([[1.0, 0.5, 0.25], [0.9, 0.6, 0.3]], np.float32)
        return (loudness[None, :, None] * scale[:, None, :]).astype(np.float32)


def tone(seconds, *, channels=1, level=0.3, seed=0):
    """Noise with a tone, float32 [samples] or [samples, channels]."""
    generator = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    mono = level * (np.sin(2 * np.pi * 2000 * t) + 0.1 * generator.standard_normal(len(t)))
    columns = [mono * (n + 1) / channels for n in range(channels)]
    return np.stack(columns, axis=1).astype(np.float32)[:, 0 if channels == 1 else slice(None)]


def recording(path, waveform=None, split="test_soundscapes"):
    """A Recording; with a waveform its file is written."""
    if waveform is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with soundfile.SoundFile(
            path, "w", RATE_HZ, 1 if waveform.ndim == 1 else waveform.shape[1]
        ) as file:
            for first in range(0, len(waveform), RATE_HZ):
                file.write(waveform[first : first + RATE_HZ])
    return Recording(key=f"{split}/{path.name}", path=path, split=split)
