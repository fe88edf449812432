import pytest

from birdscope.core.errors import ConfigError, UsageError
from birdscope.training.changes import changed
from tests.training.tiny import tiny_recipe

STAGES = [
    {"name": "round 0"},
    {"name": "round 1", "teacher": "previous", "pseudo": {"power": 2.0}},
]


def test_keys_of_tables_stages_and_texts():
    recipe = tiny_recipe(stages=STAGES)
    texts = [
        "optim.learning_rate=2e-3",
        "note=two words",
        "stages.*.optim.epochs=7",
        "stages.round 1.pseudo.power=3",
    ]
    made = changed(recipe, texts)
    assert (made.optim.learning_rate, made.note) == (2e-3, "two words")
    assert made.optim.batch_size == recipe.optim.batch_size
    assert [stage.recipe.optim.epochs for stage in made.resolved_stages] == [7, 7]
    assert made.resolved_stages[1].pseudo.power == 3
    assert recipe.resolved_stages[1].pseudo.power == 2


def test_what_changed_loses_its_source():
    recipe = tiny_recipe(stages=STAGES, provenance={"optim.epochs": "code: x"})
    assert changed(recipe, ["optim.epochs=9"]).provenance == {}
    assert changed(recipe, ["seed=9"]).provenance == {"optim.epochs": "code: x"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("optim.epochs", UsageError, "not KEY=VALUE"),
        ("stages.round 2.optim.epochs=1", UsageError, "did you mean 'round 1'"),
        ("stages.round 1=1", UsageError, "not one of its keys"),
        ("optim.epoch=1", ConfigError, "did you mean 'epochs'"),
        ("optim.epochs=many", ConfigError, "optim.epochs"),
    ],
)
def test_what_can_not_be_is_told(text, error, message):
    with pytest.raises(error, match=message):
        changed(tiny_recipe(stages=STAGES), [text])
