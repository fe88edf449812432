"""Recipes: everything that decides how a model is trained, as typed TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from birdscope.core import config
from birdscope.core.config import Config
from birdscope.core.errors import ConfigError, nearest
from birdscope.features.config import FrontEnd
from birdscope.features.presets import resolve
from birdscope.nets.config import SedConfig

FOLDER = Path(__file__).parent / "recipes"

Probability = Annotated[float, Field(ge=0, le=1)]
RangeDb = tuple[float, float]


class DataConfig(Config):
    """Which sound a sample is cut from, and what its labels are.

    Attributes:
        context_s: Length of a training sample in seconds.
        first_s: Only this much of the beginning of a file is used; None uses all.
        group: Column of train.csv that must not be split over folds.
        secondary: Secondary labels become a soft target, are masked from the loss, or ignored.
        secondary_target: The soft target.
        rating_weight: Weigh a clip's loss by rating / 5; a rating of 0 is unknown: weight 1.
        min_clips_per_class: Rarer classes are repeated up to so many clips an epoch.
        cache_mb: Waveforms kept in memory (16 bit); past it, samples are cut from the files.
    """

    context_s: float = Field(default=5.0, gt=0)
    first_s: float | None = Field(default=60.0, gt=0)
    group: str = "author"
    secondary: Literal["soft", "mask", "ignore"] = "soft"
    secondary_target: Probability = 0.9
    rating_weight: bool = False
    min_clips_per_class: int = Field(default=20, ge=0)
    cache_mb: int = Field(default=2000, ge=0)


class AugmentConfig(Config):
    """How training samples are made unlike the clips they come from.

    Attributes:
        empty: Share of samples that are background only, all labels 0.
        mixup: Share of samples that get a second clip on top; labels by maximum (Sumix).
        mixup_attenuation_db: The second clip is this much below the first.
        background: Share of samples laid over background noise.
        background_snr_db: Level of the clip above the background.
        soundscapes: Share of backgrounds cut from soundscapes without labels; the others
            are synthetic noise.
        noises: How many different synthetic noises there are.
        scatter: Share of clips shorter than a sample that are put at a random place in
            silence (under background); the others are repeated.
        level_db: Level of the loud parts of a clip, dB re full scale.
        time_masks: SpecAugment masks over time.
        time_mask_share: Longest mask as a share of the frames.
        mel_masks: SpecAugment masks over mel bands.
        mel_mask_share: Widest mask as a share of the bands.
    """

    empty: Probability = 0.0
    mixup: Probability = 0.5
    mixup_attenuation_db: RangeDb = (0.0, 10.0)
    background: Probability = 0.5
    background_snr_db: RangeDb = (3.0, 30.0)
    soundscapes: Probability = 0.4
    noises: int = Field(default=64, ge=1)
    scatter: Probability = 0.5
    level_db: RangeDb = (-30.0, -20.0)
    time_masks: int = Field(default=2, ge=0)
    time_mask_share: Probability = 0.125
    mel_masks: int = Field(default=2, ge=0)
    mel_mask_share: Probability = 0.166

    @model_validator(mode="after")
    def _ranges_in_order(self) -> AugmentConfig:
        for key in ("mixup_attenuation_db", "background_snr_db", "level_db"):
            low, high = getattr(self, key)
            if low > high:
                raise ValueError(f"{key!r} needs low <= high")
        return self


class LossConfig(Config):
    """The loss.

    Attributes:
        kind: "bce", "focal", or "bce_focal": their mean.
        segment_weight: Weight of the same loss on the maximum over segments.
        label_smoothing: Targets move this far towards 0.5.
        focal_alpha: Weight of positives in the focal part.
        focal_gamma: How strongly easy entries are discounted.
    """

    kind: Literal["bce", "focal", "bce_focal"] = "bce_focal"
    segment_weight: float = Field(default=0.5, ge=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    focal_alpha: Probability = 0.25
    focal_gamma: float = Field(default=2.0, ge=0)


class OptimConfig(Config):
    """The optimiser (AdamW) and its schedule (linear warm-up, then cosine).

    Attributes:
        epochs: Passes over the data.
        batch_size: Samples a step.
        learning_rate: At the end of the warm-up.
        final_learning_rate: At the last step.
        warmup: Share of all steps.
        weight_decay: On weights, not on biases and norms.
        clip_norm: Gradients are scaled down to this norm; None leaves them.
        ema: Decay of an average over weights that is validated and saved; None has none.
        precision: Lightning Fabric's name; mixed precision only makes sense on a GPU.
        workers: Processes that prepare samples; 0 prepares them in this one.
    """

    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    final_learning_rate: float = Field(default=1e-6, ge=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip_norm: float | None = Field(default=5.0, gt=0)
    ema: float | None = Field(default=None, gt=0, lt=1)
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    workers: int = Field(default=0, ge=0)


class ValidationConfig(Config):
    """What a fold's held-out clips are made into before they are scored.

    Attributes:
        kind: "clips" scores each clip as it is; "mixtures" lays it over background and
            other held-out clips as in training, which is nearer to a soundscape.
        repeats: Mixtures made of each clip.
    """

    kind: Literal["clips", "mixtures"] = "clips"
    repeats: int = Field(default=1, ge=1)


class MemberSettings(Config):
    """How the run's ensemble.toml asks the trained model.

    Attributes:
        pooling: "attention" takes clip logits; "max" the central frames' maximum with
            delta-shift, as the public seresnext member does.
        context_s: Sound around each 5 s window; None is the length trained on.
    """

    pooling: Literal["attention", "max"] = "attention"
    context_s: float | None = Field(default=None, ge=5)


class Recipe(Config):
    """A whole training run, but for the data.

    Attributes:
        name: Of the run and of its member in the ensemble.
        note: What it is for and where its numbers come from.
        seed: Decides folds, initial weights and every augmentation.
        folds: Folds the clips are split into; 1 trains on everything and validates nothing.
        seeds: Models trained on each fold, from different random numbers.
        front_end: A preset's name, or a table.
        model: The net.
        data: What a sample is cut from.
        augment: How it is changed.
        loss: What is minimised.
        optim: How.
        validation: What is scored after each epoch.
        member: How the model is used afterwards.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9._-]+$")
    note: str = ""
    seed: int = Field(default=0, ge=0)
    folds: int = Field(default=5, ge=1)
    seeds: int = Field(default=1, ge=1)
    front_end: str | FrontEnd = "small"
    model: SedConfig = SedConfig()
    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    optim: OptimConfig = OptimConfig()
    validation: ValidationConfig = ValidationConfig()
    member: MemberSettings = MemberSettings()

    @model_validator(mode="after")
    def _front_end_fits(self) -> Recipe:
        bands = self.resolved_front_end.n_mels
        if "n_mels" in self.model.model_fields_set and self.model.n_mels != bands:
            raise ValueError(
                f"'model.n_mels' is {self.model.n_mels} but the front end makes {bands} bands"
            )
        return self

    @property
    def resolved_front_end(self) -> FrontEnd:
        """The front end with every parameter."""
        return resolve(self.front_end)

    @property
    def network(self) -> SedConfig:
        """The net, sized for the front end."""
        return self.model.model_copy(update={"n_mels": self.resolved_front_end.n_mels})


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read a recipe file, or one of those that come with birdscope by its name.

    Raises:
        ConfigError: if there is none, or it is not valid; names file, key and remedy.
    """
    path = Path(name_or_path)
    if not path.is_file() and path.suffix != ".toml" and path.name == str(name_or_path):
        path = FOLDER / f"{path.name}.toml"
        if not path.is_file():
            known = built_in()
            raise ConfigError(
                f"there is no recipe {str(name_or_path)!r}{nearest(path.stem, known)}",
                remedy=f"give a TOML file, or one of {', '.join(known)}",
            )
    return config.load(Recipe, path)


def built_in() -> tuple[str, ...]:
    """Names of the recipes that come with birdscope."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
