import pytest

from birdscope.core.errors import BirdscopeError
from birdscope.training.recipe import load_recipe
from birdscope.training.recipe_form import form_of, save_own, with_changes, write_recipe


def row(rows, key):
    return next(one for one in rows if one.key == key)


def test_every_key_says_what_is_allowed_and_who_sets_it():
    rows = form_of("first-2025", {"optim.epochs": "3"})
    epochs = row(rows, "optim.epochs")
    assert (epochs.text, epochs.before, epochs.set_by) == ("3", "30", "changed here")
    assert epochs.allowed == "whole number ≥ 1" and epochs.about == "Passes over the data."
    assert row(rows, "data.crop").choices == ("random", "energy", "hop")
    assert row(rows, "loss.label_smoothing").source == "mission text"
    assert row(rows, "stages.round 1.pseudo.power").allowed == "number > 0"
    assert row(rows, "steps.0.sigma").is_fixed


@pytest.mark.parametrize(("key", "text"), [("optim.epochs", "0"), ("optim.epocs", "3")])
def test_a_wrong_value_names_its_key(key, text):
    with pytest.raises(BirdscopeError, match=key):
        form_of("small-cpu", {key: text})


def test_one_key_of_a_preset_keeps_the_others():
    before = load_recipe("first-2025")
    after = with_changes(before, {"front_end.n_fft": "1024"}).resolved_front_end
    assert after.n_fft == 1024
    assert after.hop_length == before.resolved_front_end.hop_length


def test_what_is_written_is_the_same_recipe(tmp_path):
    changes = {"optim.clip_norm": "none", "front_end.n_fft": "1024", "seed": "7"}
    wanted = with_changes(load_recipe("first-2025"), changes)
    write_recipe(wanted, tmp_path / "whole.toml")
    assert load_recipe(tmp_path / "whole.toml").deciding == wanted.deciding
    save_own("first-2025", changes, tmp_path / "own.toml", "own")
    own = load_recipe(tmp_path / "own.toml")
    assert own.optim.clip_norm is None and own.seed == 7
    assert own.resolved_front_end == wanted.resolved_front_end
    with pytest.raises(BirdscopeError, match="there already"):
        save_own("first-2025", changes, tmp_path / "own.toml", "own")
