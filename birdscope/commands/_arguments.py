"""Arguments that several commands take, so that they are spelled and explained alike."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

SPLITS = ("train_soundscapes", "test_soundscapes", "train_audio")


def add_data_argument(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add --data."""
    parser.add_argument(
        "--data", type=Path, required=required, metavar="DIR", help="a dataset in BirdCLEF layout"
    )


def add_ensemble_argument(
    parser: argparse.ArgumentParser, what: str = "an ensemble file (TOML)"
) -> None:
    """Add --ensemble."""
    parser.add_argument("--ensemble", type=Path, required=True, metavar="FILE", help=what)


def add_split_argument(
    parser: argparse.ArgumentParser,
    default: str,
    splits: Sequence[str] = SPLITS,
    what: str = "which part of it",
) -> None:
    """Add --split with one of `splits`."""
    parser.add_argument(
        "--split", choices=splits, default=default, help=f"{what} (default: {default})"
    )


def add_choice_arguments(parser: argparse.ArgumentParser, limit: int | None = None) -> None:
    """Add --limit, by default `limit`, and --recordings; for `choose`."""
    some = "only the first N recordings" if limit is None else f"recordings (default: {limit})"
    parser.add_argument("--limit", type=positive, default=limit, metavar="N", help=some)
    parser.add_argument("--recordings", metavar="GLOB", help="only those whose name matches")


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --device, --backend, --precision, --calibration, --threads and --restart."""
    group = parser.add_argument_group("machine")
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    group.add_argument(
        "--backend",
        choices=("auto", "torch", "openvino"),
        default="auto",
        help="what runs the nets; auto takes OpenVINO on a CPU where it is installed",
    )
    group.add_argument(
        "--precision",
        choices=("exact", "fast", "int8"),
        default="exact",
        help="exact: float32; fast: bfloat16, with OpenVINO on a CPU that has it; int8: 8-bit "
        "integers, with OpenVINO, after birdscope quantize",
    )
    group.add_argument(
        "--calibration",
        default="",
        metavar="ID",
        help="which calibration int8 takes (default: the dataset's own, else the newest)",
    )
    group.add_argument("--threads", type=positive, metavar="N", help="CPU threads of the nets")
    group.add_argument(
        "--restart", action="store_true", help="throw away scores that are there, begin anew"
    )
    group.add_argument(
        "--speed", type=Path, metavar="DIR", help="keep the measured speed in this folder"
    )


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number
