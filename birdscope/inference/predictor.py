"""The predictor: a waveform in, every checkpoint's raw probabilities out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import Settings
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.features.config import FrontEnd
from birdscope.features.front_end import MelFrontEnd
from birdscope.inference.backends import (
    Backend,
    BackendName,
    Precision,
    TorchBackend,
    choose_backend,
    openvino_backends,
    pick_device,
)
from birdscope.inference.ensemble import EnsembleFile, load_ensemble
from birdscope.inference.members import LoadedCheckpoint, load_member_checkpoint
from birdscope.inference.sliding import Sliding
from birdscope.inference.summary import EnsembleSummary, summarise
from birdscope.inference.time_guard import Watch

_WINDOW_SAMPLES = WINDOW_S * SAMPLE_RATE_HZ
CPU_BATCH, GPU_BATCH = 12, 96
# OpenVINO is within 5 % of its speed at 12, in 400 MB less (weighted blend, measured).
OPENVINO_BATCH = 4


@dataclass(frozen=True)
class _Group:
    """Checkpoints that see the same mel: their layers, nets and shared front end."""

    context_s: float
    front_end: MelFrontEnd
    layers: tuple[int, ...]
    sliding: Sliding | None = None

    @property
    def margin_s(self) -> float:
        """Sound seen on either side of a 5 s window."""
        return self.context_s if self.sliding else (self.context_s - WINDOW_S) / 2


class Predictor:
    """An ensemble in memory, for one dataset's classes.

    The same waveform gives the same bits on a CPU with the same number of threads: windows
    are batched within a recording only, and never by what else is being predicted.

    Attributes:
        ensemble: The file it was loaded from.
        classes: Labels of the C columns of every result.
        loaded: The K checkpoints.
        device: Where it runs.
        backend: What runs it, "torch" or "openvino".
        precision: What it computes in.
    """

    def __init__(
        self,
        ensemble: EnsembleFile,
        classes: Sequence[str],
        loaded: Sequence[LoadedCheckpoint],
        device: torch.device,
        *,
        half: bool = False,
        max_batch: int | None = None,
        backend: BackendName = "torch",
        precision: Precision = "exact",
        emit: Emit = silent,
    ) -> None:
        self.ensemble, self.classes, self.loaded = ensemble, tuple(classes), tuple(loaded)
        self.device = device
        self._groups = _grouped(self.loaded, device)
        self.backend, self.precision = choose_backend(backend, precision, device, emit)
        usual = GPU_BATCH if device.type == "cuda" else CPU_BATCH
        self._max_batch = max_batch or (OPENVINO_BATCH if self.backend == "openvino" else usual)
        self._backends = self._started(emit, half=half)

    @classmethod
    def load(
        cls,
        ensemble_path: Path,
        classes: Sequence[str],
        *,
        device: str = "auto",
        threads: int | None = None,
        half: bool = False,
        max_batch: int | None = None,
        backend: BackendName = "auto",
        precision: Precision = "exact",
        emit: Emit = silent,
    ) -> Predictor:
        """Load every checkpoint of an ensemble file.

        Args:
            ensemble_path: A TOML file.
            classes: Labels of the dataset's columns.
            device: "auto", "cpu" or "cuda".
            threads: Of torch in this process; None leaves torch's choice.
            half: Mixed precision on a GPU: faster, agrees to about 1e-2.
            max_batch: Windows at a time; None picks by device.
            backend: "torch", "openvino", or "auto": OpenVINO on a CPU where it is installed.
            precision: "exact" (float32) or, with OpenVINO, "fast" (bfloat16).
            emit: Hears of each checkpoint.

        Raises:
            ConfigError: if the ensemble file or the device is wrong.
            CheckpointError: if a checkpoint can't be used; says why and what to do.
        """
        if threads is not None:
            torch.set_num_threads(max(1, threads))
        chosen = pick_device(device)
        ensemble = load_ensemble(ensemble_path)
        files = [(member, path) for member in ensemble.members for path in ensemble.files(member)]
        loaded = []
        for done, (member, path) in enumerate(files):
            name = f"{member.name}/{path.stem}"
            emit(Event("progress", f"loading {name}", done, len(files), "checkpoint"))
            one = load_member_checkpoint(ensemble, member, path, classes)
            absent = len(classes) - one.class_map.known
            if absent:
                text = f"{name} does not know {absent} of {len(classes)} classes: they get 0.0"
                emit(Event("warning", text))
            loaded.append(one)
        emit(Event("progress", "ensemble loaded", len(files), len(files), "checkpoint"))
        return cls(
            ensemble,
            classes,
            loaded,
            chosen,
            half=half,
            max_batch=max_batch,
            backend=backend,
            precision=precision,
            emit=emit,
        )

    @property
    def checkpoints(self) -> tuple[ScoredCheckpoint, ...]:
        """The K layers of a result."""
        return tuple(ScoredCheckpoint(one.name, one.member) for one in self.loaded)

    @property
    def weights(self) -> Mapping[str, float]:
        """Member → blend weight, summing to 1."""
        return self.ensemble.weights

    @property
    def settings(self) -> Settings:
        """The ensemble file's default post-processing stack."""
        return self.ensemble.settings

    @property
    def margin_s(self) -> float:
        """Sound that the widest checkpoint sees on either side of a window."""
        return max(group.margin_s for group in self._groups)

    def describe(self) -> EnsembleSummary:
        """Members, checkpoints and sizes, for people."""
        return summarise(self.ensemble, self.loaded, len(self.classes), str(self.device))

    def predict(
        self,
        waveform: npt.NDArray[np.float32],
        n_windows: int,
        *,
        stop: Stop | None = None,
        watch: Watch | None = None,
        shift_s: float = 0.0,
    ) -> npt.NDArray[np.float32]:
        """Probabilities of the windows of a recording.

        What a window or its context lacks beyond the waveform's ends is zeros.

        Args:
            waveform: float32 [samples] at 32 kHz, from the recording's start.
            n_windows: W rows wanted (core.windows.window_count of the duration).
            stop: Heeded between batches.
            watch: Asked before each batch which checkpoints to run; the others stay NaN.
            shift_s: Where the first window begins; the others follow every 5 s.

        Returns:
            float32 [K, W, C], every checkpoint raw.

        Raises:
            Cancelled: if stopped.
        """
        offset = -round(shift_s * SAMPLE_RATE_HZ)
        return self._predict(waveform, (0, n_windows), n_windows, offset, stop, watch)

    def predict_window(
        self,
        waveform: npt.NDArray[np.float32],
        index: int,
        n_windows: int,
        *,
        waveform_start_s: float = 0.0,
    ) -> npt.NDArray[np.float32]:
        """Probabilities of one window, as in `predict` to 1e-5: float32 [K, C].

        Args:
            waveform: float32 [samples] at 32 kHz; an excerpt will do that holds the window
                and `margin_s` on either side.
            index: Of the window in its recording.
            n_windows: Windows of the recording.
            waveform_start_s: Where the excerpt begins in the recording.

        Raises:
            IndexError: if the recording has no such window.
        """
        if not 0 <= index < n_windows:
            raise IndexError(f"window {index} of {n_windows}")
        offset = round(waveform_start_s * SAMPLE_RATE_HZ)
        return self._predict(waveform, (index, index + 1), n_windows, offset, None)[:, 0]

    def _predict(
        self,
        waveform: npt.NDArray[np.float32],
        rows: tuple[int, int],
        n_windows: int,
        offset: int,
        stop: Stop | None,
        watch: Watch | None = None,
    ) -> npt.NDArray[np.float32]:
        first, last = rows
        shape = (len(self.loaded), last - first, len(self.classes))
        result = np.full(shape, np.nan, np.float32)
        for group in self._groups:
            for begin, end in _batches(first, last, self._max_batch):
                if stop is not None:
                    stop.check()
                layers = [one for one in group.layers if watch is None or watch.wants(one)]
                if not layers:
                    continue
                if group.sliding is not None:
                    starts = group.sliding.covering(begin, end, n_windows)
                    sound = group.sliding.sound(waveform, starts, offset)
                else:
                    sound = window_sound(waveform, begin, end, group.context_s, offset)
                mel = self._mel(group.front_end, sound)
                if watch is not None:
                    watch.lap(None)
                for layer in layers:
                    values = self._backends[layer].probabilities(mel).cpu().numpy()
                    if group.sliding is not None:
                        values = group.sliding.rows(values, starts, begin, end)
                    columns = self.loaded[layer].class_map.apply(values)
                    result[layer, begin - first : end - first] = columns
                    if watch is not None:
                        watch.lap(layer)
        return result

    def _started(self, emit: Emit, *, half: bool) -> list[Backend]:
        """A backend for each checkpoint."""
        if self.backend == "torch":
            return [TorchBackend(one.module, self.device, half=half) for one in self.loaded]
        mels: dict[int, Tensor] = {}
        for group in self._groups:
            silence = np.zeros((1, round(group.context_s * SAMPLE_RATE_HZ)), np.float32)
            mels |= dict.fromkeys(group.layers, self._mel(group.front_end, silence))
        return openvino_backends(self.loaded, mels, self.precision, emit)

    def _mel(self, front_end: MelFrontEnd, sound: npt.NDArray[np.float32]) -> Tensor:
        with torch.inference_mode():
            mel: Tensor = front_end(torch.from_numpy(sound).to(self.device))
        return mel


def window_sound(
    waveform: npt.NDArray[np.float32],
    first: int,
    last: int,
    context_s: float = WINDOW_S,
    offset: int = 0,
) -> npt.NDArray[np.float32]:
    """The sound of windows `first` to `last` with their context: float32 [W, samples].

    Args:
        waveform: float32 [samples] at 32 kHz.
        first: Index of the first window.
        last: One past the last.
        context_s: Seconds per window, centred on its 5 s.
        offset: Sample of the recording at which the waveform begins.
    """
    length = round(context_s * SAMPLE_RATE_HZ)
    margin = (length - _WINDOW_SAMPLES) // 2
    sound = np.zeros((last - first, length), np.float32)
    for row, index in enumerate(range(first, last)):
        start = index * _WINDOW_SAMPLES - margin - offset
        begin, end = max(start, 0), min(start + length, len(waveform))
        if begin < end:
            sound[row, begin - start : end - start] = waveform[begin:end]
    return sound


def _batches(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    for begin in range(first, last, size):
        yield begin, min(begin + size, last)


def _grouped(loaded: Sequence[LoadedCheckpoint], device: torch.device) -> tuple[_Group, ...]:
    layers: dict[tuple[float, float | None, FrontEnd], list[int]] = {}
    for layer, one in enumerate(loaded):
        layers.setdefault((one.context_s, one.hop_s, one.front_end), []).append(layer)
    return tuple(
        _Group(
            context_s,
            MelFrontEnd(front_end).to(device).eval(),
            tuple(members),
            Sliding(context_s, hop_s) if hop_s is not None else None,
        )
        for (context_s, hop_s, front_end), members in layers.items()
    )
