"""How fast an ensemble runs here: seconds per window of each checkpoint and of all else."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

# Recordings that a projection looks at: enough to even out, few enough to see a slow-down.
RECENT = 8


@dataclass
class Sample:
    """One measured recording.

    Attributes:
        windows: Its windows.
        wall_s: Seconds it took in all.
        layers: Checkpoint's layer → seconds of these.
    """

    windows: int
    wall_s: float = 0.0
    layers: dict[int, float] = field(default_factory=dict)

    @property
    def other_s(self) -> float:
        """Seconds of decoding, mel and writing."""
        return self.wall_s - sum(self.layers.values())


class Speeds:
    """Speeds of late, for projecting; and over the whole run, for the report.

    Attributes:
        measured: Recordings added.
    """

    def __init__(self) -> None:
        self.measured = 0
        self._recent: deque[Sample] = deque(maxlen=RECENT)
        self._windows, self._other_s = 0, 0.0
        self._layers: dict[int, tuple[float, int]] = {}

    def add(self, sample: Sample) -> None:
        """Take a recording in. The first one is slow (memory, kernels) and soon forgotten."""
        self.measured += 1
        self._recent.append(sample)
        if self.measured == 2:
            self._recent.popleft()
        self._windows += sample.windows
        self._other_s += sample.other_s
        for layer, seconds in sample.layers.items():
            total_s, windows = self._layers.get(layer, (0.0, 0))
            self._layers[layer] = (total_s + seconds, windows + sample.windows)

    def layer_rate(self, layer: int) -> float:
        """Recent seconds per window of a layer; 0 if it didn't run of late."""
        ran = [sample for sample in self._recent if layer in sample.layers]
        windows = sum(sample.windows for sample in ran)
        return sum(sample.layers[layer] for sample in ran) / windows if windows else 0.0

    def other_rate(self) -> float:
        """Recent seconds per window of all else; 0 while nothing was measured."""
        windows = sum(sample.windows for sample in self._recent)
        other_s = sum(sample.other_s for sample in self._recent)
        return max(0.0, other_s) / windows if windows else 0.0

    def layer_means(self) -> dict[int, float]:
        """Layer → seconds per window over the whole run."""
        return {layer: total_s / windows for layer, (total_s, windows) in self._layers.items()}

    def other_mean(self) -> float:
        """Seconds per window of all else over the whole run."""
        return max(0.0, self._other_s) / self._windows if self._windows else 0.0
