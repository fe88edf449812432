import tomllib

import pytest
import tomlkit

from birdscope.core.errors import ConfigError
from birdscope.training.recipe import FOLDER, Recipe, built_in, load_recipe


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
