"""Which clips of a dataset are trained on, by rating, length, noise and clipping."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.types import Recording
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.dataset.cleaning.quality import frame_power, signal_to_noise_db
from birdscope.dataset.cut_lists import Spans, cuts_folder, load_cuts
from birdscope.training.config_data import DataConfig
from birdscope.training.noise import Wave


def choose_clips(
    recordings: Sequence[Recording], config: DataConfig, main_classes: Collection[str] = ()
) -> tuple[list[Recording], tuple[str, ...]]:
    """Clips that a recipe takes by their metadata, and why the others are left out.

    Args:
        recordings: What there is.
        config: `min_rating`, `unrated`, `without_main_classes`.
        main_classes: Labels that `without_main_classes` leaves out, primary or secondary.
    """
    taken: list[Recording] = []
    left_out: list[str] = []
    barred = frozenset(main_classes) if config.without_main_classes else frozenset[str]()
    for one in recordings:
        reason = _against(one, config, barred)
        if reason is None:
            taken.append(one)
        else:
            left_out.append(f"{one.key}: {reason}")
    return taken, tuple(left_out)


def _against(recording: Recording, config: DataConfig, barred: frozenset[str]) -> str | None:
    heard = barred.intersection((recording.primary_label, *recording.secondary_labels))
    if heard:
        return f"{min(heard)!r} is a class of the main dataset"
    if config.min_rating > 0 and recording.rating == 0 and config.unrated == "drop":
        return "it has no rating"
    if 0 < recording.rating < config.min_rating:
        return f"its rating is {recording.rating:g}, under {config.min_rating:g}"
    return None


def against_sound(wave: Wave, config: DataConfig) -> str | None:
    """Why a whole clip's sound [S] at 32 kHz is not good enough; None where it is."""
    seconds = len(wave) / SAMPLE_RATE_HZ
    if seconds < config.min_s:
        return f"it lasts {seconds:.1f} s, under {config.min_s:g} s"
    if not len(wave):
        return None
    peak = float(np.abs(wave).max())
    if config.max_peak is not None and peak > config.max_peak:
        return f"its peak is {peak:.3f}, over {config.max_peak:g}"
    if config.min_snr_db is not None:
        snr_db = signal_to_noise_db(frame_power(wave, SAMPLE_RATE_HZ))
        if snr_db < config.min_snr_db:
            return f"its calls stand {snr_db:.0f} dB above the noise, under {config.min_snr_db:g}"
    return None


def cuts_of(root: Path, config: DataConfig) -> Mapping[str, Spans]:
    """What the cut list beside a dataset leaves out; empty where the recipe ignores it.

    Raises:
        DatasetError: if the list can't be understood.
    """
    if config.cuts == "ignore":
        return {}
    return load_cuts(cuts_folder(root), proposed=config.cuts == "proposed")


def with_cuts(fingerprint: str, cuts: Mapping[str, Spans]) -> str:
    """A dataset's fingerprint, with a mark of what is cut out of it."""
    if not cuts:
        return fingerprint
    text = json.dumps(dict(sorted(cuts.items())))
    return f"{fingerprint} cuts {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def hears_sound(config: DataConfig) -> bool:
    """Whether clips must be decoded whole to decide on them."""
    return config.min_snr_db is not None or config.max_peak is not None


def well_rated(
    recordings: Sequence[Recording], members: npt.NDArray[np.int64], min_rating: float
) -> npt.NDArray[np.int64]:
    """Those of the members whose rating is unknown or not under `min_rating`."""
    ratings = np.array([recordings[number].rating for number in members.tolist()])
    good: npt.NDArray[np.int64] = members[(ratings == 0) | (ratings >= min_rating)]
    return good
