"""`birdscope pseudo-label` and the stages of `birdscope train` on the command line."""

import json

import pytest

from birdscope.cli import main

RECIPE = """\
name = "tiny"
folds = 1
[front_end]
n_mels = 32
n_fft = 1024
hop_length = 1600
[model]
backbone = "test_resnet"
in_channels = 1
hidden = 16
[data]
first_s = 6.0
min_clips_per_class = 0
[augment]
noises = 2
[optim]
epochs = 2
batch_size = 8
[[stages]]
name = "first"
[[stages]]
name = "second"
init = "previous"
"""


@pytest.fixture(scope="module")
def trained(tiny_dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "tiny.toml").write_text(RECIPE)
    arguments = ["train", folder / "tiny.toml", "--data", tiny_dataset, "--out", folder / "run"]
    options = ["--stage", "first", "--set", "optim.batch_size=4", "--epochs", "1", "--quiet"]
    options += ["--threads", "1", "--device", "cpu"]
    assert main([str(one) for one in [*arguments, *options]]) == 0
    return folder


def test_train_ends_with_the_stage_that_was_asked_for(trained):
    assert [one.name for one in (trained / "run/stages").iterdir()] == ["1-first"]
    recipe = (trained / "run/stages/1-first/recipe.toml").read_text()
    assert "batch_size = 4" in recipe
    assert "epochs = 1" in recipe


def test_labels_are_made_listed_dropped_and_kept(trained, tiny_dataset, capsys):
    folder = str(trained / "labels")
    arguments = ["--data", str(tiny_dataset), "--ensemble", str(trained / "run/ensemble.toml")]
    options = ["--keep-above", "0", "--quiet", "--json", "--threads", "1", "--device", "cpu"]
    capsys.readouterr()
    assert main(["pseudo-label", "make", *arguments, "--out", folder, *options]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["windows"] == made["used"] == 14
    assert made["excluded"] == 3
    assert made["config"]["overlap"] == 0.5
    assert main(["pseudo-label", "list", folder, "--limit", "3", "--json"]) == 0
    windows = json.loads(capsys.readouterr().out)["windows"]
    assert [one["probability"] for one in windows] == sorted(
        (one["probability"] for one in windows), reverse=True
    )
    name = f"{windows[0]['recording']}@{windows[0]['start_s']:g}"
    assert main(["pseudo-label", "drop", folder, name]) == 0
    assert main(["pseudo-label", "show", folder]) == 0
    assert "13 of 14 windows can be used, 1 dropped by hand" in capsys.readouterr().out
    assert main(["pseudo-label", "keep", folder, name]) == 0
    assert "0 of 14 windows dropped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["drop", "nothing.ogg"], 2, "no window 'nothing.ogg'"),
        (["drop", "nothing.ogg@soon"], 2, "no number of seconds"),
        (["list", "--label", "bird"], 2, "no class 'bird'"),
    ],
)
def test_what_is_not_there_is_told(trained, tiny_dataset, arguments, code, message, capsys):
    folder = str(trained / "labels")
    action, *rest = arguments
    assert main(["pseudo-label", action, folder, *rest]) == code
    assert message in capsys.readouterr().err


def test_a_folder_without_labels_says_so(tmp_path, capsys):
    assert main(["pseudo-label", "show", str(tmp_path)]) == 9
    assert "pseudo-label make" in capsys.readouterr().err


def test_a_recipe_without_stages_has_none_to_end_with(tiny_dataset, tmp_path, capsys):
    arguments = ["--data", str(tiny_dataset), "--out", str(tmp_path / "run"), "--stage", "x"]
    assert main(["train", "small-cpu", *arguments]) == 2
    assert "has no stages" in capsys.readouterr().err
