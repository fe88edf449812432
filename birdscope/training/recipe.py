"""Recipes: everything that decides how a model is trained, as typed TOML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from birdscope.core import config
from birdscope.core.config import Config
from birdscope.core.errors import ConfigError
from birdscope.core.settings import AnyStep
from birdscope.features.config import FrontEnd
from birdscope.features.presets import resolve
from birdscope.nets.config import Pooling, SedConfig
from birdscope.training.config_augment import AugmentConfig
from birdscope.training.config_data import DataConfig, ValidationConfig
from birdscope.training.config_loss import LossConfig, LossKind, OptimConfig
from birdscope.training.config_stages import DistillConfig, PseudoConfig, StageConfig
from birdscope.training.provenance import check_provenance
from birdscope.training.recipe_files import FOLDER, built_in, find, merged, read_chain

__all__ = [
    "FOLDER",
    "AugmentConfig",
    "DataConfig",
    "DistillConfig",
    "LossConfig",
    "LossKind",
    "MemberSettings",
    "OptimConfig",
    "PseudoConfig",
    "Recipe",
    "Stage",
    "StageConfig",
    "ValidationConfig",
    "built_in",
    "load_recipe",
]


class MemberSettings(Config):
    """How the run's ensemble.toml asks the trained model.

    Attributes:
        pooling: "attention" takes clip logits; "max" the central frames' maximum with
            delta-shift, as the public seresnext member does; "mean" their mean; "sliding"
            the frames of overlapping windows, averaged.
        context_s: Sound around each 5 s window; None is the length trained on.
    """

    pooling: Pooling = "attention"
    context_s: float | None = Field(default=None, ge=5)


@dataclass(frozen=True)
class Stage:
    """A stage with all that it needs.

    Attributes:
        name: Of the stage and its folder.
        dataset: The main dataset, or the one for pretraining.
        init: "scratch", "previous", "best of previous", or a file of weights.
        teacher: "none", "previous" or "all previous".
        pseudo: How the teacher labels soundscapes; None: not.
        distill: How the student follows the teacher; None: not.
        recipe: The recipe as this stage changes it; it has no stages.
    """

    name: str
    dataset: Literal["main", "pretraining"]
    init: str
    teacher: Literal["none", "previous", "all previous"]
    pseudo: PseudoConfig | None
    distill: DistillConfig | None
    recipe: Recipe


class Recipe(Config):
    """A whole training run, but for the data.

    Attributes:
        name: Of the run and of its member in the ensemble.
        note: What it is for and where its numbers come from.
        seed: Decides folds, initial weights and every augmentation.
        folds: Folds the clips are split into; 1 trains on everything and validates nothing.
        seeds: Models trained on each fold, from different random numbers.
        init: Where the weights start: "scratch", or a file of weights. A recipe with
            stages says it in each.
        ensemble: With stages: the ensemble file holds the "last stage", or "all stages" on
            the main dataset with equal weights.
        front_end: A preset's name, or a table.
        model: The net.
        data: What a sample is cut from.
        augment: How it is changed.
        loss: What is minimised.
        optim: How.
        validation: What is scored after each epoch.
        member: How the model is used afterwards.
        steps: Post-processing that the ensemble file gets.
        stages: Trained one after the other; none is one stage of the recipe as it is.
        provenance: Dotted key → where its value comes from, see `provenance`.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9._-]+$")
    note: str = ""
    seed: int = Field(default=0, ge=0)
    folds: int = Field(default=5, ge=1)
    seeds: int = Field(default=1, ge=1)
    init: str = "scratch"
    ensemble: Literal["last stage", "all stages"] = "last stage"
    front_end: str | FrontEnd = "small"
    model: SedConfig = SedConfig()
    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    optim: OptimConfig = OptimConfig()
    validation: ValidationConfig = ValidationConfig()
    member: MemberSettings = MemberSettings()
    steps: tuple[AnyStep, ...] = ()
    stages: tuple[StageConfig, ...] = ()
    provenance: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _front_end_fits(self) -> Recipe:
        bands = self.resolved_front_end.n_mels
        # the default is what a saved recipe says that never set it
        if self.model.n_mels not in (bands, SedConfig.model_fields["n_mels"].default):
            raise ValueError(
                f"'model.n_mels' is {self.model.n_mels} but the front end makes {bands} bands"
            )
        return self

    @model_validator(mode="after")
    def _stages_make_sense(self) -> Recipe:
        names = [stage.name for stage in self.stages]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"there are two stages named {name!r}")
        for number, stage in enumerate(self.stages):
            if not number and (stage.teacher != "none" or stage.init.endswith("previous")):
                raise ValueError(f"stage {stage.name!r} is the first: there is no previous one")
            changed = self._changed(stage)
            if stage.distill is not None and changed.augment.mel_mixup > 0:
                raise ValueError(
                    f"stage {stage.name!r}: 'augment.mel_mixup' can't be used with 'distill': "
                    "the teacher hears the waveform; use 'augment.mixup'"
                )
        check_provenance(self.provenance)
        return self

    @property
    def resolved_front_end(self) -> FrontEnd:
        """The front end with every parameter."""
        return resolve(self.front_end)

    @property
    def network(self) -> SedConfig:
        """The net, sized for the front end."""
        return self.model.model_copy(update={"n_mels": self.resolved_front_end.n_mels})

    @property
    def resolved_stages(self) -> tuple[Stage, ...]:
        """Every stage with the recipe it trains by, at least one."""
        if not self.stages:
            return (Stage("all", "main", self.init, "none", None, None, self),)
        return tuple(
            Stage(
                name=stage.name,
                dataset=stage.dataset,
                init=stage.init,
                teacher=stage.teacher,
                pseudo=stage.pseudo,
                distill=stage.distill,
                recipe=self._changed(stage),
            )
            for stage in self.stages
        )

    @property
    def deciding(self) -> dict[str, Any]:
        """All that decides what is trained, for JSON: without notes and provenance."""
        return self.model_dump(mode="json", exclude={"note", "provenance"})

    def _changed(self, stage: StageConfig) -> Recipe:
        """The recipe as a stage changes it.

        Raises:
            ConfigError: if a change names a key that doesn't exist, or a value is wrong.
        """
        body = self.model_dump(mode="json", exclude={"stages", "provenance"})
        try:
            return config.parse(Recipe, merged(body, stage.changes | {"init": stage.init}))
        except ConfigError as error:
            what = f"stage {stage.name!r}: {error.what}"
            raise ConfigError(what, remedy=error.remedy) from None


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read a recipe file with those it is based on, or a built-in one by its name.

    Raises:
        ConfigError: if there is none, its bases go in a circle, or it is not valid; names
            file, key and remedy.
    """
    path = find(name_or_path)
    body: dict[str, Any] = {}
    for file in read_chain(path):
        body = merged(body, file.data)
    try:
        return config.parse(Recipe, body, path)
    except ConfigError as error:
        raise ConfigError(error.what, path=path, remedy=error.remedy) from None
