"""The settings to compare with fit any ensemble, and the notebook's are the notebook's."""

import numpy as np
import pytest

from birdscope.core import paths
from birdscope.core.config import load
from birdscope.core.settings import Settings
from birdscope.inference.ensemble import EnsembleFile
from birdscope.postprocess.baselines import NAMES, NOTEBOOK, baselines, notebook, raw_mean
from birdscope.postprocess.stack import apply_settings
from tests.postprocess.test_stack import make_scores


def test_the_notebook_is_the_tracked_ensemble_file():
    ensemble = load(EnsembleFile, paths.PROJECT / "models" / "weighted-blend.toml")
    assert notebook(("nfnet", "seresnext")).steps == ensemble.settings.steps


@pytest.mark.parametrize("members", [("a",), ("a", "b"), ("a", "b", "c")])
def test_they_apply_to_any_members(members):
    values = np.random.default_rng(0).random((len(members), 6, 3))
    scores = make_scores(values, [3, 3], members)
    found = baselines(members)
    assert [one.name for one in found] == list(NAMES[: 2 if len(members) == 1 else 3])
    for settings in found:
        assert apply_settings(scores, settings).shape == (6, 3)


def test_the_raw_mean_heeds_no_weights():
    values = np.random.default_rng(0).random((2, 4, 3)).astype(np.float32)
    scores = make_scores(values, [4], ("a", "b"), {"a": 0.9, "b": 0.1})
    expected = values.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(apply_settings(scores, raw_mean(("a", "b"))), expected)
    assert isinstance(notebook(("a",)), Settings) and notebook(("a",)).name == NOTEBOOK
