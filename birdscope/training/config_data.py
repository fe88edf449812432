"""Which sound a training sample is cut from, and what its labels are, in words."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer

from birdscope.core.config import Config

Probability = Annotated[float, Field(ge=0, le=1)]


Number = TypeVar("Number")


def _read(value: object) -> object:
    return None if value == "none" else value


def _written(value: object) -> object:
    return "none" if value is None else value


Unset = Annotated[
    Number | None, BeforeValidator(_read), PlainSerializer(_written, object, when_used="json")
]
"""None in TOML, which has no null, is "none": it unsets a key that a base recipe sets."""


class DataConfig(Config):
    """Which sound a sample is cut from, and what its labels are.

    Attributes:
        context_s: Length of a training sample in seconds.
        first_s: Only this much of the beginning of a file is used; "none" uses all.
        first_cleaned_s: The same for files that have a cut list; "none" is `first_s`.
        cuts: Spans of a cut list beside the dataset that are left out: "accepted" ones,
            "proposed" too, or "ignore" all.
        crop: Where samples of longer clips begin: "random", "energy" (the more sound a
            place has, the more often), or "hop" (at multiples of `hop_s`).
        hop_s: Seconds between the places of "hop".
        group: Column of train.csv that must not be split over folds.
        min_rating: Clips rated lower are left out; a rating of 0 is unknown, see `unrated`.
        unrated: What becomes of clips of unknown rating where `min_rating` is set.
        min_s: Shorter clips are left out.
        min_snr_db: Clips whose loud parts stand less above their quiet ones are left out.
        max_peak: Clips with a larger absolute sample are left out: they may be clipped.
        without_main_classes: Leave out clips of the main dataset's classes; for
            pretraining, against leakage.
        secondary: Secondary labels become a soft target, are masked from the loss, or ignored.
        secondary_target: The soft target.
        rating_weight: Weigh a clip's loss by rating / 5; a rating of 0 is unknown: weight 1.
        min_clips_per_class: Rarer classes are repeated up to so many clips an epoch.
        cache_mb: Waveforms kept in memory (16 bit); past it, samples are cut from the files.
    """

    context_s: float = Field(default=5.0, gt=0)
    first_s: Unset[float] = Field(default=60.0, gt=0)
    first_cleaned_s: Unset[float] = Field(default=None, gt=0)
    cuts: Literal["accepted", "proposed", "ignore"] = "accepted"
    crop: Literal["random", "energy", "hop"] = "random"
    hop_s: float = Field(default=2.5, gt=0)
    group: str = "author"
    min_rating: float = Field(default=0.0, ge=0, le=5)
    unrated: Literal["keep", "drop"] = "keep"
    min_s: float = Field(default=0.0, ge=0)
    min_snr_db: Unset[float] = None
    max_peak: Unset[float] = Field(default=None, gt=0)
    without_main_classes: bool = False
    secondary: Literal["soft", "mask", "ignore"] = "soft"
    secondary_target: Probability = 0.9
    rating_weight: bool = False
    min_clips_per_class: int = Field(default=20, ge=0)
    cache_mb: int = Field(default=2000, ge=0)


class ValidationConfig(Config):
    """What a fold's held-out clips are made into before they are scored.

    Attributes:
        kind: "clips" scores each clip as it is; "mixtures" lays it over background and
            other held-out clips as in training, which is nearer to a soundscape.
        repeats: Mixtures made of each clip.
        min_rating: Held-out clips with a known, lower rating are not scored.
    """

    kind: Literal["clips", "mixtures"] = "clips"
    repeats: int = Field(default=1, ge=1)
    min_rating: float = Field(default=0.0, ge=0, le=5)
