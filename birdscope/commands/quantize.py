"""`birdscope quantize`: 8-bit nets of an ensemble, calibrated on the user's soundscapes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import (
    add_choice_arguments,
    add_data_argument,
    add_ensemble_argument,
    add_split_argument,
    positive,
)
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import choose, heeding, usable_threads

if TYPE_CHECKING:
    from birdscope.core.events import Emit, Stop
    from birdscope.core.int8 import CalibratedEnsemble, Int8Calibration
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.calibration_windows import CalibrationSet
    from birdscope.inference.members import LoadedCheckpoint

RECORDINGS, WINDOWS = 100, 300
_EPILOG = """\
Windows are drawn by chance, spread over the recordings; labels are not looked at. The nets are
kept in the cache, beside the float32 ones: another ensemble, other recordings or other versions
of the libraries need their own. Predict with --precision int8; birdscope parity says what it
costs on your recordings.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add_data_argument(parser)
    add_ensemble_argument(parser)
    add_split_argument(parser, "train_soundscapes")
    add_choice_arguments(parser, RECORDINGS)
    parser.add_argument(
        "--windows",
        type=positive,
        default=WINDOWS,
        metavar="N",
        help=f"in all (default: {WINDOWS})",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    parser.add_argument("--threads", type=positive, metavar="N", help="CPU threads of the mels")
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Calibrate every checkpoint that isn't yet, and say what for.

    Raises:
        ConfigError: if OpenVINO or NNCF is not installed, or the ensemble file is wrong.
        CheckpointError: if a checkpoint can't be used.
        DatasetError: if no recording can be read.
    """
    import torch

    from birdscope.dataset.catalog import Catalog
    from birdscope.inference.openvino_backend import usable_precision
    from birdscope.inference.quantise import require_nncf

    with reporter(args) as emit, stopping() as stop:
        usable_precision("int8", emit)
        require_nncf()
        torch.set_num_threads(args.threads or usable_threads())
        catalog = Catalog.open(args.data)
        calibrated = calibrate_ensemble(
            args.ensemble,
            catalog.taxonomy.labels,
            catalog,
            choose(catalog.recordings(args.split), args.recordings),
            limit=args.limit,
            windows=args.windows,
            seed=args.seed,
            emit=emit,
            stop=stop,
        )
    if args.json:
        print_json(as_json(calibrated))
    else:
        print("\n".join(describe(calibrated)))
    return 0


def calibrate_ensemble(
    ensemble: Path,
    classes: Sequence[str],
    catalog: Catalog,
    recordings: Sequence[Recording],
    *,
    limit: int = RECORDINGS,
    windows: int = WINDOWS,
    seed: int = 0,
    emit: Emit,
    stop: Stop | None = None,
) -> CalibratedEnsemble:
    """Make the 8-bit nets of an ensemble that aren't there yet, and note what they are of.

    Args:
        ensemble: Its file.
        classes: Labels of the dataset's columns.
        catalog: The dataset.
        recordings: Of it, to draw from.
        limit: Recordings at most.
        windows: Windows in all.
        seed: Of the draw.
        emit: Hears progress.
        stop: Heeded between windows.

    Raises:
        BirdscopeError: of the ensemble, its checkpoints or the recordings; see `run`.
        Cancelled: if stopped; the nets that are whole are kept.
    """
    from birdscope.core.int8 import keep_calibrated
    from birdscope.engine.fingerprint import ensemble_fingerprint
    from birdscope.inference.calibration_windows import draw_windows

    loaded = _loaded(ensemble, classes)
    chosen = draw_windows(recordings, limit=limit, windows=windows, seed=seed, emit=emit, stop=stop)
    calibration = _described(chosen, catalog)
    calibrated = _calibrate(chosen, calibration, loaded, emit, stop)
    keep_calibrated(ensemble_fingerprint(ensemble), calibrated)
    return calibrated


def describe(calibrated: CalibratedEnsemble) -> list[str]:
    """What there is now, in plain words."""
    one = calibrated.calibration
    size_mb = sum(_size(net) for net in calibrated.nets) / 1e6
    nets = f"{len(calibrated.nets)} checkpoints in 8 bits ({size_mb:.1f} MB)"
    return [
        f"{nets}, calibrated on {one.text}",
        f"calibration {one.id}, seed {one.seed}, NNCF {one.nncf}",
        "predict with --precision int8; birdscope parity says what it costs",
    ]


def as_json(calibrated: CalibratedEnsemble) -> dict[str, object]:
    """The same for a program."""
    from dataclasses import asdict

    return asdict(calibrated)


def _size(net: Path) -> int:
    return sum(one.stat().st_size for one in net.iterdir())


def _loaded(path: Path, classes: Sequence[str]) -> list[LoadedCheckpoint]:
    """The checkpoints; their weights are read where a net has to be converted."""
    from birdscope.inference.ensemble import load_ensemble
    from birdscope.inference.members import load_member_checkpoint

    ensemble = load_ensemble(path)
    return [
        load_member_checkpoint(ensemble, member, file, classes, weights=False)
        for member in ensemble.members
        for file in ensemble.files(member)
    ]


def _described(chosen: CalibrationSet, catalog: Catalog) -> Int8Calibration:
    from importlib.metadata import version

    from birdscope.core.int8 import Int8Calibration

    return Int8Calibration(
        id=chosen.id,
        dataset=catalog.name,
        dataset_fingerprint=catalog.fingerprint(),
        split=chosen.windows[0][0].split,
        recordings=len(chosen.windows),
        windows=chosen.count,
        seed=chosen.seed,
        nncf=version("nncf"),
    )


def _calibrate(
    chosen: CalibrationSet,
    calibration: Int8Calibration,
    loaded: list[LoadedCheckpoint],
    emit: Emit,
    stop: Stop | None,
) -> CalibratedEnsemble:
    """Every checkpoint, one after the other; the mels are made once."""
    from functools import cache

    from birdscope.core.events import Event
    from birdscope.core.int8 import CalibratedEnsemble, converter_versions
    from birdscope.inference.calibration_windows import mels_of
    from birdscope.inference.quantise import quantised
    from birdscope.inference.quantised_cache import fingerprint_of

    heeded = heeding(emit, stop) if stop is not None else emit
    mels = cache(lambda: mels_of(chosen, loaded, emit, stop))
    nets = []
    for layer, one in enumerate(loaded):
        text = f"quantising {one.name} ({layer + 1} of {len(loaded)})"
        heeded(Event("progress", text, layer, len(loaded), "checkpoint"))
        nets.append(quantised(one, calibration, lambda: mels()[layer], heeded, stop))  # noqa: B023
    folders = tuple(one.model.parent for one in nets)
    return CalibratedEnsemble(calibration, fingerprint_of(nets), folders, converter_versions())
