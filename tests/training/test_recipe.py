import tomllib

import pytest
import tomlkit

from birdscope.core.errors import ConfigError
from birdscope.training.provenance import source_of
from birdscope.training.recipe import FOLDER, Recipe, built_in, load_recipe
from birdscope.training.recipe_files import find, flat, read_chain


@pytest.mark.parametrize("name", built_in())
def test_built_in_recipes_are_valid_and_carry_their_name(name):
    assert load_recipe(name).name == name


@pytest.mark.parametrize("name", built_in())
def test_every_number_of_a_built_in_recipe_is_spelled_out_for_the_optimiser(name):
    given = load_recipe(name).optim.model_fields_set
    assert {"epochs", "batch_size", "learning_rate", "weight_decay"} <= given


def test_unknown_key_names_the_nearest(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\n[optim]\nlearning_rat = 1.0\n')
    with pytest.raises(ConfigError, match=r"learning_rat.*did you mean 'learning_rate'"):
        load_recipe(path)


def test_wrong_value_names_key_and_value(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\n[augment]\nmixup = 1.5\n')
    with pytest.raises(ConfigError, match=r"augment\.mixup.*1\.5"):
        load_recipe(path)


def test_unknown_built_in_name_lists_the_known():
    with pytest.raises(ConfigError, match="small-cpu"):
        load_recipe("smal-cpu")


def test_range_in_wrong_order_is_refused(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\n[augment]\nbackground_snr_db = [10.0, 3.0]\n')
    with pytest.raises(ConfigError, match="background_snr_db"):
        load_recipe(path)


def test_the_net_gets_the_front_ends_bands(tmp_path):
    recipe = Recipe.model_validate({"name": "x", "front_end": {"n_mels": 48}})
    assert recipe.network.n_mels == 48


def test_contradicting_bands_are_refused(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\n[front_end]\nn_mels = 48\n[model]\nn_mels = 64\n')
    with pytest.raises(ConfigError, match="n_mels"):
        load_recipe(path)


def test_recipes_folder_is_shipped():
    assert (FOLDER / "small-cpu.toml").is_file()


def _write(folder, name, text):
    path = folder / f"{name}.toml"
    path.write_text(f'name = "{name}"\n{text}')
    return path


def test_a_recipe_inherits_key_by_key(tmp_path):
    _write(tmp_path, "below", 'note = "n"\n[optim]\nepochs = 3\nbatch_size = 4\n')
    path = _write(tmp_path, "above", 'base = "below.toml"\n[optim]\nepochs = 5\n')
    recipe = load_recipe(path)
    assert (recipe.name, recipe.note) == ("above", "")
    assert (recipe.optim.epochs, recipe.optim.batch_size) == (5, 4)


def test_a_recipe_inherits_from_a_built_in_one(tmp_path):
    recipe = load_recipe(_write(tmp_path, "mine", 'base = "small-cpu"\nseed = 9\n'))
    assert recipe.seed == 9
    assert recipe.optim == load_recipe("small-cpu").optim


def test_bases_in_a_circle_are_named(tmp_path):
    _write(tmp_path, "a", 'base = "b.toml"\n')
    path = _write(tmp_path, "b", 'base = "a.toml"\n')
    with pytest.raises(ConfigError, match=r"based on itself: b\.toml → a\.toml → b\.toml"):
        load_recipe(path)


def test_none_unsets_what_a_base_sets(tmp_path):
    _write(tmp_path, "below", "[optim]\nema = 0.9\n")
    path = _write(tmp_path, "above", 'base = "below.toml"\n[optim]\nema = "none"\n')
    assert load_recipe(path).optim.ema is None


@pytest.mark.parametrize("name", built_in())
def test_a_recipe_survives_being_written_down(name):
    recipe = load_recipe(name)
    lines = tomlkit.dumps(recipe.model_dump(mode="json", exclude_none=True))
    assert Recipe.model_validate(tomllib.loads(lines)) == recipe


def test_a_changed_value_loses_its_bases_provenance(tmp_path):
    sources = '[provenance]\n"optim.epochs" = "mission text"\noptim.batch_size = "code: x"\n'
    _write(tmp_path, "below", f"[optim]\nepochs = 3\nbatch_size = 4\n{sources}")
    path = _write(tmp_path, "above", 'base = "below.toml"\n[optim]\nepochs = 5\n')
    assert load_recipe(path).provenance == {"optim.batch_size": "code: x"}


def test_provenance_of_no_known_kind_is_refused(tmp_path):
    path = _write(tmp_path, "x", '[provenance]\n"optim.epochs" = "heard it"\n')
    with pytest.raises(ConfigError, match=r"optim\.epochs.*heard it"):
        load_recipe(path)


STAGES = """
[optim]
epochs = 7
[[stages]]
name = "one"
[[stages]]
name = "two"
init = "best of previous"
teacher = "previous"
pseudo.power = 1.5
optim.learning_rate = 1e-4
[[stages]]
name = "three"
base = "two"
pseudo.power = 2.0
"""


def test_stages_change_tables_and_build_on_each_other(tmp_path):
    one, two, three = load_recipe(_write(tmp_path, "x", STAGES)).resolved_stages
    assert one.pseudo is None
    assert one.recipe.optim.learning_rate == 1e-3
    assert two.pseudo.power == 1.5
    assert (two.recipe.optim.epochs, two.recipe.optim.learning_rate) == (7, 1e-4)
    assert (three.init, three.teacher, three.pseudo.power) == ("best of previous", "previous", 2.0)
    assert three.recipe.stages == ()


def test_a_recipe_without_stages_is_one_stage():
    (stage,) = load_recipe("small-cpu").resolved_stages
    assert (stage.teacher, stage.pseudo, stage.distill) == ("none", None, None)
    assert stage.recipe == load_recipe("small-cpu")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('name = "one"\noptim.epoch = 3', r"x\.toml.*stage 'one'.*epoch.*did you mean 'epochs'"),
        ('name = "one"\nteacher = "previous"', "is the first"),
        ('name = "one"\n[[stages]]\nname = "one"', "two stages named 'one'"),
        ('name = "one"\npseudo.power = 2', "need a 'teacher'"),
        ('name = "one"\nbase = "zero"', "no earlier stage"),
    ],
)
def test_stages_that_make_no_sense_are_refused(tmp_path, change, words):
    with pytest.raises(ConfigError, match=words):
        load_recipe(_write(tmp_path, "x", f"[[stages]]\n{change}\n"))


def _numbers(value) -> bool:
    if isinstance(value, list):
        return any(_numbers(one) for one in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


@pytest.mark.parametrize("name", built_in())
def test_every_number_of_a_built_in_recipe_has_a_provenance(name):
    file = read_chain(find(name))[-1]
    sources = file.data.get("provenance", {})
    missing = [
        key
        for key, value in flat(file.data).items()
        if _numbers(value) and source_of(key, sources) is None
    ]
    assert missing == []


@pytest.mark.parametrize("name", built_in())
def test_every_provenance_is_of_something_that_is_set(name):
    file = read_chain(find(name))[-1]
    keys = set(flat(file.data))
    any_stage = {".".join(["stages", "*", *key.split(".")[2:]]) for key in keys}
    assert set(file.data.get("provenance", {})) <= keys | any_stage


def test_provenance_of_any_stage_and_of_a_table():
    sources = {"stages.*.optim.epochs": "mission text", "augment": "own guess: all"}
    assert source_of("stages.one.optim.epochs", sources) == "mission text"
    assert source_of("augment.mixup", sources) == "own guess: all"
    assert source_of("stages.one.augment.mixup", sources) is None
    assert source_of("optim.epochs", sources) is None


def _stages(name: str) -> dict:
    return {stage.name: stage for stage in load_recipe(name).resolved_stages}


def test_first_2025_has_the_missions_numbers():
    recipe, stages = load_recipe("first-2025"), _stages("first-2025")
    assert list(stages) == ["round 0", "round 1", "round 2", "round 3", "round 4"]
    optim = stages["round 1"].recipe.optim
    assert (optim.epochs, optim.learning_rate, optim.final_learning_rate) == (30, 1e-3, 1e-6)
    assert recipe.loss.kind == "bce"
    assert (recipe.augment.mixup, recipe.augment.mixup_labels) == (0.5, "max")
    assert [step.kind for step in recipe.steps] == ["gaussian", "neighbour_mean"]
    assert recipe.ensemble == "all stages"
    powers = [stage.pseudo.power for stage in stages.values() if stage.pseudo]
    assert powers == pytest.approx([1, 1 / 0.65, 1 / 0.55, 1 / 0.6], rel=1e-12)
    assert stages["round 0"].recipe.model.drop_path == 0
    assert stages["round 4"].recipe.model.drop_path == 0.15
    assert all(stage.pseudo.share == 0.5 for stage in stages.values() if stage.pseudo)


def test_second_2025_has_the_missions_numbers():
    pretraining, tuning = load_recipe("second-2025").resolved_stages
    assert (pretraining.dataset, tuning.dataset) == ("pretraining", "main")
    optim = [stage.recipe.optim for stage in (pretraining, tuning)]
    assert [(one.epochs, one.learning_rate, one.final_learning_rate) for one in optim] == [
        (50, 1e-3, 1e-6),
        (30, 1e-4, 1e-7),
    ]
    data = pretraining.recipe.data
    assert (data.min_rating, data.min_s, data.min_snr_db, data.max_peak) == (3, 5, 10, 0.99)
    assert data.without_main_classes
    assert tuning.recipe.data.min_s == 0
    assert tuning.init == "best of previous"


def test_fourth_2025_has_the_missions_numbers():
    stage = _stages("fourth-2025")["semi-supervised"]
    loss = stage.recipe.loss
    assert (loss.kind, loss.pseudo_kind, loss.auc_margin) == ("bce", "soft_auc_logistic", 1)
    assert 0.1 <= stage.pseudo.drop_lowest <= 0.2
    assert load_recipe("fourth-2025").steps[0].weight == 0.15


def test_fifth_2025_has_the_missions_numbers():
    stages = load_recipe("fifth-2025").resolved_stages
    assert [stage.recipe.optim.epochs for stage in stages] == [30, 20, 20]
    assert [stage.recipe.optim.learning_rate for stage in stages] == [1e-3, 5e-4, 3e-4]
    assert [stage.distill and stage.distill.alpha for stage in stages] == [None, 0.7, 0.5]
    assert [stage.distill.temperature for stage in stages[1:]] == [3, 3]
    assert [stage.pseudo and stage.pseudo.share for stage in stages] == [None, None, 0.5]
    data = stages[0].recipe.data
    assert (data.first_s, data.first_cleaned_s, data.min_clips_per_class) == (30, 60, 20)


def test_the_members_of_the_blend_have_the_public_front_ends_and_steps():
    nfnet, seresnext = load_recipe("nfnet-sed"), load_recipe("seresnext-final")
    assert (nfnet.resolved_front_end.f_max_hz, nfnet.data.context_s) == (15_000, 5)
    assert [(step.kind, step.at) for step in nfnet.steps] == [
        ("low_rank_power", "checkpoint"),
        ("smooth", "member"),
    ]
    assert seresnext.resolved_front_end.normalisation == "80"
    assert (seresnext.data.context_s, seresnext.member.pooling) == (10, "max")
    assert (seresnext.loss.kind, seresnext.optim.keep) == ("bce_focal", "every epoch")


def test_mel_mixup_and_a_teacher_exclude_each_other(tmp_path):
    text = '[augment]\nmel_mixup = 0.5\n[[stages]]\nname = "a"\n[[stages]]\nname = "b"\n'
    path = _write(tmp_path, "x", f'{text}teacher = "previous"\ndistill.alpha = 0.5\n')
    with pytest.raises(ConfigError, match="mel_mixup"):
        load_recipe(path)
