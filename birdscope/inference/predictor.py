"""The predictor: a waveform in, every checkpoint's raw probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import Settings
from birdscope.core.windows import SAMPLE_RATE_HZ
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
from birdscope.inference.preparing import WINDOWS_AHEAD, Prepared, grouped
from birdscope.inference.quantised_cache import QuantisedEnsemble, quantised_ensemble
from birdscope.inference.summary import EnsembleSummary, summarise
from birdscope.inference.time_guard import Watch

CPU_BATCH, GPU_BATCH = 12, 96
# OpenVINO is within 5 % of its speed at 12, in 450 MB less (weighted blend, measured).
OPENVINO_BATCH = 3


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
        quantised: The 8-bit nets that "int8" computes with; None otherwise.
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
        quantised: QuantisedEnsemble | None = None,
        emit: Emit = silent,
    ) -> None:
        self.ensemble, self.classes, self.loaded = ensemble, tuple(classes), tuple(loaded)
        self.device = device
        self._groups = grouped(self.loaded, device)
        self.backend, self.precision = choose_backend(backend, precision, device, emit)
        usual = GPU_BATCH if device.type == "cuda" else CPU_BATCH
        self.quantised = quantised
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
        calibration: str = "",
        dataset: str = "",
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
            precision: "exact" (float32) or, with OpenVINO, "fast" (bfloat16) or "int8".
            calibration: Id of what "int8" takes; without, the dataset's own or the newest.
            dataset: Fingerprint of the dataset.
            emit: Hears of each checkpoint.

        Raises:
            ConfigError: if the ensemble file or the device is wrong; "int8" not calibrated.
            CheckpointError: if a checkpoint can't be used; says why and what to do.
        """
        if threads is not None:
            torch.set_num_threads(max(1, threads))
        chosen = pick_device(device)
        backend, precision = choose_backend(backend, precision, chosen, emit)
        ensemble = load_ensemble(ensemble_path)
        files = [(member, path) for member in ensemble.members for path in ensemble.files(member)]
        loaded = []
        for done, (member, path) in enumerate(files):
            name = f"{member.name}/{path.stem}"
            emit(Event("progress", f"loading {name}", done, len(files), "checkpoint"))
            weights = backend == "torch"
            one = load_member_checkpoint(ensemble, member, path, classes, weights=weights)
            if absent := len(classes) - one.class_map.known:
                text = f"{name} does not know {absent} of {len(classes)} classes: they get 0.0"
                emit(Event("warning", text))
            loaded.append(one)
        quantised = None
        if precision == "int8":
            quantised = quantised_ensemble(loaded, calibration, dataset)
            emit(Event("progress", f"int8, calibrated on {quantised.calibration.text}"))
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
            quantised=quantised,
            emit=emit,
        )

    @property
    def numerics(self) -> dict[str, str]:
        """What decides the numbers beside the weights; empty where "exact"."""
        said = {} if self.precision == "exact" else {"precision": str(self.precision)}
        if self.quantised is not None:
            said |= self.quantised.numerics
        return said

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
        prepared = Prepared(waveform, 0, n_windows, n_windows, _samples_before(shift_s))
        return self.run(prepared, stop=stop, watch=watch)

    def prepare(
        self, waveform: npt.NDArray[np.float32], n_windows: int, *, shift_s: float = 0.0
    ) -> Prepared:
        """What `run` needs of a recording, mels included: work for another thread.

        Mels that the nets' device makes itself, or of a long recording, are left to `run`.

        Args:
            waveform: float32 [samples] at 32 kHz, from the recording's start.
            n_windows: W rows wanted.
            shift_s: Where the first window begins; the others follow every 5 s.
        """
        prepared = Prepared(waveform, 0, n_windows, n_windows, _samples_before(shift_s))
        if self.device.type == "cpu" and n_windows <= WINDOWS_AHEAD:
            for number, batch in enumerate(prepared.batches(self._groups, self._max_batch)):
                prepared.mels[number] = prepared.mel(batch, self.device)
        return prepared

    def run(
        self,
        prepared: Prepared,
        *,
        stop: Stop | None = None,
        watch: Watch | None = None,
        step: Callable[[float], None] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Probabilities of what was prepared: bit for bit those of `predict`.

        Args:
            prepared: From `prepare`; its mels are given up on the way.
            stop: Heeded between batches.
            watch: Asked before each batch which checkpoints to run; the others stay NaN.
            step: Hears the share that is done, 0 to 1, after each batch.

        Returns:
            float32 [K, W, C], every checkpoint raw.

        Raises:
            Cancelled: if stopped.
        """
        first = prepared.first
        done, whole = 0, max(1, (prepared.last - first) * len(self._groups))
        shape = (len(self.loaded), prepared.last - first, len(self.classes))
        result = np.full(shape, np.nan, np.float32)
        for number, batch in enumerate(prepared.batches(self._groups, self._max_batch)):
            if stop is not None:
                stop.check()
            group = batch.group
            done += batch.last - batch.first
            layers = [one for one in group.layers if watch is None or watch.wants(one)]
            mel = prepared.mels.pop(number, None)
            if not layers:
                continue
            if mel is None:
                mel = prepared.mel(batch, self.device)
            if watch is not None:
                watch.lap(None)
            for layer in layers:
                values = self._backends[layer].probabilities(mel).cpu().numpy()
                if group.sliding is not None and batch.starts is not None:
                    values = group.sliding.rows(values, batch.starts, batch.first, batch.last)
                columns = self.loaded[layer].class_map.apply(values)
                result[layer, batch.first - first : batch.last - first] = columns
                if watch is not None:
                    watch.lap(layer)
            if step is not None:
                step(done / whole)
        return result

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
        return self.run(Prepared(waveform, index, index + 1, n_windows, offset))[:, 0]

    def _started(self, emit: Emit, *, half: bool) -> list[Backend]:
        """A backend for each checkpoint."""
        if self.backend == "torch":
            return [TorchBackend(one, self.device, half=half) for one in self.loaded]
        models = self.quantised.models if self.quantised is not None else ()
        return openvino_backends(self.loaded, self.precision, emit, models)


def _samples_before(shift_s: float) -> int:
    """Where the waveform begins, in samples, when the windows begin `shift_s` after it."""
    return -round(shift_s * SAMPLE_RATE_HZ)
