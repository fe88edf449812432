"""A bundle run as on Kaggle: a bare image, no network, nothing of this checkout."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from birdscope.cli import main
from birdscope.submission.bundle import NOTEBOOK, SCRIPT, BundleOptions, make_bundle
from birdscope.submission.wheels import KAGGLE_PYTHONS
from tests.submission.bundles import (
    bare_image,
    offline,
    offline_environment,
    repack,
    tiny_ensemble_for,
)

pytestmark = [pytest.mark.slow, pytest.mark.real]

EXECUTE = """
import json, sys
space = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), space)
"""


def read(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, [row[0] for row in rows], np.array([row[1:] for row in rows], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kaggle")


@pytest.fixture(scope="module")
def ensemble(calfrog32, folder):
    return tiny_ensemble_for(calfrog32, folder / "ensemble")


@pytest.fixture(scope="module")
def bundle(ensemble, folder):
    """Built as by default: tomlkit is not in the image, so its wheel is brought along."""
    repack("tomlkit", folder / "links")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder / "links"))
        made = make_bundle(ensemble, folder / "bundle", BundleOptions(pythons=KAGGLE_PYTHONS))
    assert set(made.wheels) == {"birdscope", "tomlkit"}
    return made.folder


@pytest.fixture(scope="module")
def python(folder):
    return bare_image(folder / "image", lacks=("tomlkit",))


def run(command, bundle, data, out):
    environment = offline_environment(
        BIRDSCOPE_BUNDLE=str(bundle / "dataset"),
        BIRDSCOPE_DATA=str(data),
        BIRDSCOPE_OUT=str(out),
        BIRDSCOPE_HOME=str(out.parent),
    )
    done = subprocess.run(
        offline([str(one) for one in command]),
        env=environment,
        cwd=out.parent,
        capture_output=True,
        text=True,
        timeout=240,
    )
    print(done.stdout[-4000:], done.stderr[-4000:])
    return done


@pytest.fixture(scope="module")
def expected(ensemble, calfrog32, folder):
    out = folder / "expected.csv"
    arguments = ["submit", "--data", str(calfrog32), "--ensemble", str(ensemble), "--quiet"]
    assert main([*arguments, "--out", str(out)]) == 0
    return read(out)


def test_the_script_gives_the_same_file_as_submit(bundle, python, calfrog32, expected, tmp_path):
    out = tmp_path / "submission.csv"
    done = run([python, bundle / "notebook" / SCRIPT], bundle, calfrog32, out)
    assert done.returncode == 0
    header, names, values = read(out)
    assert (header, names) == expected[:2] and len(names) == 72
    np.testing.assert_array_equal(values, expected[2])
    report = json.loads((tmp_path / "birdscope-report.json").read_text())
    assert report["how"] == "predicted at attempt 1" and not report["fallback"]
    assert "installing birdscope==" in done.stdout and "tomlkit==" in done.stdout
    assert "nothing was left out" in done.stdout


def test_the_notebook_runs_cell_by_cell_in_a_preview(bundle, python, calfrog32, tmp_path):
    """Kaggle's first run has no test soundscapes: a few train soundscapes stand in."""
    data = tmp_path / "input" / "competitions" / "birdclef-2025"
    (data / "train_soundscapes").mkdir(parents=True)
    (data / "test_soundscapes").mkdir()
    shutil.copy(calfrog32 / "sample_submission.csv", data)
    first, *_ = sorted((calfrog32 / "train_soundscapes").glob("*.ogg"))
    shutil.copy(first, data / "train_soundscapes")
    out = tmp_path / "submission.csv"
    done = run([python, "-c", EXECUTE, bundle / "notebook" / NOTEBOOK], bundle, data, out)
    assert done.returncode == 0
    header, names, values = read(out)
    assert header == read(calfrog32 / "sample_submission.csv")[0]
    assert names[-1] == f"{first.stem}_60" and values.std() > 0
    assert not json.loads((tmp_path / "birdscope-report.json").read_text())["fallback"]


def test_the_image_has_nothing_of_the_interface(python):
    code = "import importlib.util as u; print([n for n in {0!r} if u.find_spec(n)])"
    names = ("birdscope", "textual", "sounddevice", "lightning_fabric", "sklearn", "plotext")
    done = subprocess.run(
        [str(python), "-c", code.format(names)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in ("[]", "['birdscope']") and sys.executable != str(python)
