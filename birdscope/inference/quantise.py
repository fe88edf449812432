"""Make 8-bit nets of converted ones with NNCF, calibrated on windows of the user's recordings.

What was measured decides how (on nets trained on rare, loud calls): ranges of activations are
their extremes, because the calls are what quantiles cut off (largest difference of a
probability 0.04 in place of 0.5); biases are not corrected, which shifted quiet classes more
than rounding does (mean difference 0.001 in place of 0.017). The head (Linear,
attention, classifier) stays in floats; a first convolution in float32 changed nothing and
cost a tenth of the speed.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ConfigError
from birdscope.core.events import Emit, Event, Stop
from birdscope.core.int8 import Int8Calibration, can_calibrate
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.openvino_cache import MODEL, converted, locked
from birdscope.inference.openvino_module import load_openvino, openvino_core
from birdscope.inference.quantised_cache import (
    QuantisedNet,
    folder_of,
    quantised_net,
    write_note,
)

Mels = Sequence[npt.NDArray[np.float32]]
_WEIGHTED = ("Convolution", "GroupConvolution", "MatMul")
_IMAGE_RANK = 4


def quantised(
    checkpoint: LoadedCheckpoint,
    calibration: Int8Calibration,
    mels: Callable[[], Mels],
    emit: Emit,
    stop: Stop | None = None,
) -> QuantisedNet:
    """The 8-bit net of a checkpoint and a calibration, made where the cache lacks it.

    Args:
        checkpoint: Is converted to float32 first, where it isn't yet.
        calibration: Names the windows.
        mels: Gives the windows' mels, [1, channels, mels, frames] each; only asked if needed.
        emit: Hears progress in windows.
        stop: Heeded between windows.

    Raises:
        ConfigError: if NNCF is not installed.
        CheckpointError: if the checkpoint's file has gone.
        Cancelled: if stopped; nothing half-made is left.
        OSError: if the cache can't be written.
    """
    target = folder_of(checkpoint, calibration.id)
    if (there := quantised_net(target)) is not None:
        write_note(target, calibration)  # asked for again: it is the newest now
        return there
    require_nncf()
    source = converted(checkpoint, emit)
    with locked(target.with_name(f"{target.name}.lock")):
        if (there := quantised_net(target)) is None:
            heard = _Heard(mels(), checkpoint.name, emit, stop)
            _make(source, target, calibration, heard)
    made = there or quantised_net(target)
    if made is None:
        raise OSError(f"{target} was made and has gone")
    return made


def require_nncf() -> None:
    """Raise ConfigError if NNCF is not installed."""
    if not can_calibrate():
        raise ConfigError(
            "NNCF, which makes 8-bit nets, is not installed",
            remedy="pip install 'birdscope[openvino,int8]'",
        )


class _Heard:
    """Mels to go through, which tell how far one is."""

    def __init__(self, mels: Mels, name: str, emit: Emit, stop: Stop | None) -> None:
        self._mels, self._name = mels, name
        self._emit, self._stop = emit, stop

    def __len__(self) -> int:
        return len(self._mels)

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        for done, mel in enumerate(self._mels):
            if self._stop is not None:
                self._stop.check()
            text = f"calibrating {self._name}"
            self._emit(Event("progress", text, done, len(self._mels), "window"))
            yield mel


def _make(source: Path, target: Path, calibration: Int8Calibration, mels: _Heard) -> None:
    openvino = load_openvino()

    model = _with_nncf(openvino_core().read_model(source), mels)
    making = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        openvino.save_model(model, making / MODEL, compress_to_fp16=False)
        write_note(making, calibration)
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _with_nncf(model: Any, mels: _Heard) -> Any:
    """The model with its convolutions in 8 bits; this process then has nncf imported."""
    with _quiet():
        import nncf
        from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters
        from nncf.quantization.range_estimator import RangeEstimatorParametersSet

        nncf.set_log_level(logging.ERROR)
        return nncf.quantize(
            model,
            nncf.Dataset(mels),
            subset_size=len(mels),
            # Activations after ReLU and SiLU keep their sign apart: asymmetric, weights not.
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(names=kept_in_float(model), validate=False),
            advanced_parameters=AdvancedQuantizationParameters(
                activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
                disable_bias_correction=True,
            ),
        )


def kept_in_float(model: Any) -> list[str]:
    """Names of the layers that stay in floats: those of the head.

    They no longer compute on images [B, channels, mels, frames].
    """
    layers = [one for one in model.get_ordered_ops() if one.get_type_name() in _WEIGHTED]
    head = [one for one in layers if len(one.output(0).partial_shape) != _IMAGE_RANK]
    return [one.get_friendly_name() for one in head]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep NNCF from drawing bars on stdout, from warning, and from sending how it is used."""
    os.environ["NNCF_CI"] = "1"
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    with redirect_stdout(StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
