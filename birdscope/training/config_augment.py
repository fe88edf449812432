"""How training samples are made unlike the clips they come from, in words."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from birdscope.core.config import Config
from birdscope.training.config_data import Probability

Range = tuple[float, float]


class AugmentConfig(Config):
    """How training samples are made unlike the clips they come from.

    A share is the probability that a sample is changed so; 0 switches it off.

    Attributes:
        empty: Share of samples that are background only, all labels 0.
        mixup: Share of samples that get a second clip on top (Sumix).
        mixup_kind: "level" puts the second clip `mixup_attenuation_db` below the first,
            "fixed" adds both with `mixup_weight` and its complement, "beta" draws that
            weight from Beta(`mixup_alpha`, `mixup_alpha`).
        mixup_attenuation_db: The second clip is this much below the first.
        mixup_weight: Of the first clip, with "fixed".
        mixup_alpha: Of the Beta distribution.
        mixup_labels: "max" takes the larger target, "sum" adds them up to 1, "soft" weighs
            them like the sound.
        background: Share of samples laid over background noise.
        background_snr_db: Level of the clip above the background.
        soundscapes: Share of backgrounds cut from soundscapes without labels; the others
            are synthetic noise.
        noises: How many different synthetic noises there are.
        scatter: Share of clips shorter than a sample that are put at a random place in
            silence (under background); the others are repeated.
        level_db: Level of the loud parts of a clip, dB re full scale.
        filter: Share of samples whose frequency bands are made louder or softer at random.
        filter_bands: Bands of equal width on the mel scale.
        filter_db: Gain of each band.
        pitch: Share of samples shifted in pitch.
        pitch_semitones: How far.
        shift: Share of samples rolled in time.
        shift_share: How far, as a share of the sample.
        gain: Share of samples with another level.
        gain_db: How much.
        noise: Share of samples with coloured noise added.
        noise_snr_db: Level of the sample above it.
        noise_decay: Amplitude falls with frequency to this power: 0 is white, 0.5 pink,
            1 brown.
        time_flip: Share of samples played backwards.
        time_masks: SpecAugment masks over time.
        time_mask_share: Longest mask as a share of the frames.
        mel_masks: SpecAugment masks over mel bands.
        mel_mask_share: Widest mask as a share of the bands.
        xy_masks: Rectangles masked in time and mel at once.
        xy_mask_share: Longest side of a rectangle, as a share of that axis.
        mel_mixup: Share of mels mixed with another of the batch.
        mel_mixup_alpha: Of the Beta distribution of the weight.
        mel_mixup_labels: "soft" mixes targets like the mels, "hard" takes the larger.
    """

    empty: Probability = 0.0
    mixup: Probability = 0.5
    mixup_kind: Literal["level", "fixed", "beta"] = "level"
    mixup_attenuation_db: Range = (0.0, 10.0)
    mixup_weight: Probability = 0.5
    mixup_alpha: float = Field(default=0.5, gt=0)
    mixup_labels: Literal["max", "sum", "soft"] = "max"
    background: Probability = 0.5
    background_snr_db: Range = (3.0, 30.0)
    soundscapes: Probability = 0.4
    noises: int = Field(default=64, ge=1)
    scatter: Probability = 0.5
    level_db: Range = (-30.0, -20.0)
    filter: Probability = 0.0
    filter_bands: int = Field(default=4, ge=2, le=32)
    filter_db: Range = (-20.0, 0.0)
    pitch: Probability = 0.0
    pitch_semitones: Range = (-2.0, 2.0)
    shift: Probability = 0.0
    shift_share: Range = (-0.5, 0.5)
    gain: Probability = 0.0
    gain_db: Range = (-6.0, 6.0)
    noise: Probability = 0.0
    noise_snr_db: Range = (3.0, 30.0)
    noise_decay: Range = (0.0, 0.5)
    time_flip: Probability = 0.0
    time_masks: int = Field(default=2, ge=0)
    time_mask_share: Probability = 0.125
    mel_masks: int = Field(default=2, ge=0)
    mel_mask_share: Probability = 0.166
    xy_masks: int = Field(default=0, ge=0)
    xy_mask_share: Probability = 0.25
    mel_mixup: Probability = 0.0
    mel_mixup_alpha: float = Field(default=0.5, gt=0)
    mel_mixup_labels: Literal["soft", "hard"] = "soft"

    @property
    def for_validation(self) -> AugmentConfig:
        """The same without what would only make held-out sound worse, and with plain labels."""
        off = dict.fromkeys(("filter", "pitch", "shift", "gain", "noise", "time_flip"), 0.0)
        return self.model_copy(update={**off, "mixup_labels": "max"})

    @model_validator(mode="after")
    def _ranges_in_order(self) -> AugmentConfig:
        for key in RANGES:
            low, high = getattr(self, key)
            if low > high:
                raise ValueError(f"{key!r} needs low <= high")
        return self


RANGES = tuple(
    key for key, info in AugmentConfig.model_fields.items() if isinstance(info.default, tuple)
)
"""Keys that hold a lowest and a highest value."""
