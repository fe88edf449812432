import pytest

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
