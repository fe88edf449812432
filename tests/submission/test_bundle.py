"""What a bundle holds, what it refuses, and that a copy of an ensemble is the same ensemble."""

import ast
import json
import zipfile

import pytest
import tomlkit

from birdscope.cli import main
from birdscope.core.config import load
from birdscope.core.errors import CheckpointError, ConfigError, UsageError
from birdscope.core.settings import Gaussian, Settings
from birdscope.inference.ensemble import load_ensemble
from birdscope.submission import bundle as bundles
from birdscope.submission import wheels
from birdscope.submission.bundle import BundleOptions, make_bundle, slug_of
from birdscope.submission.notebook import cells_of, kaggle_script, notebook_of
from birdscope.submission.portable import copy_ensemble, write_config
from birdscope.submission.wheels import BundleError
from tests.submission.bundles import repack, tiny_ensemble_for

HAS_ALL = BundleOptions(image=(*wheels.KAGGLE_IMAGE, "tomlkit"), username="someone")


@pytest.fixture(scope="module")
def ensemble(tiny_dataset, tmp_path_factory):
    return tiny_ensemble_for(tiny_dataset, tmp_path_factory.mktemp("ensemble"))


@pytest.fixture(scope="module")
def built(ensemble, tmp_path_factory):
    return make_bundle(ensemble, tmp_path_factory.mktemp("bundle") / "out", HAS_ALL)


def test_the_manifest_has_the_checksum_of_every_file(built):
    dataset = built.folder / "dataset"
    manifest = json.loads((dataset / bundles.MANIFEST).read_text())
    files = {one.relative_to(dataset).as_posix() for one in dataset.rglob("*") if one.is_file()}
    about_it = {bundles.MANIFEST, "dataset-metadata.json"}
    assert set(manifest["sha256"]) == files - about_it
    for name, digest in manifest["sha256"].items():
        assert bundles.sha256(dataset / name) == digest
    assert manifest["wheels"] == {"birdscope": manifest["birdscope"]} == built.wheels
    assert set(manifest["requirements"]) == set(wheels.NEEDED)
    assert built.files == len(files) and built.size_bytes > 100_000


def test_kaggle_metadata_says_offline_cpu_and_belongs_together(built):
    dataset = json.loads((built.folder / "dataset" / "dataset-metadata.json").read_text())
    kernel = json.loads((built.folder / "notebook" / "kernel-metadata.json").read_text())
    assert dataset["id"] == "someone/birdscope-tiny" == f"someone/{slug_of(dataset['title'])}"
    assert kernel["enable_internet"] is False and kernel["enable_gpu"] is False
    assert kernel["dataset_sources"] == [dataset["id"]]
    assert kernel["competition_sources"] == ["birdclef-2025"]
    assert kernel["id"] == f"someone/{slug_of(kernel['title'])}"
    assert (built.folder / "notebook" / kernel["code_file"]).is_file()
    assert kernel["kernel_type"] == "notebook" and len(dataset["licenses"]) == 1


def test_the_wheel_holds_the_package_and_its_data(built):
    (path,) = (built.folder / "dataset" / "wheels").glob("*.whl")
    names = set(zipfile.ZipFile(path).namelist())
    assert {"birdscope/cli.py", "birdscope/submission/kaggle_script.py"} <= names
    assert any(name.endswith(".tcss") for name in names)
    assert not any(name.startswith(("tests/", "models/")) or ".pyc" in name for name in names)


def test_equal_sources_give_an_equal_wheel(tmp_path):
    checkout = tmp_path / "checkout"
    for name in wheels._SOURCES:
        wheels._copy_source(wheels.PROJECT / name, checkout / name)
    first, second = (wheels.build_own_wheel(tmp_path / n, checkout) for n in ("1", "2"))
    assert first.read_bytes() == second.read_bytes()
    assert {one.name for one in checkout.iterdir()} == set(wheels._SOURCES)


def test_script_and_notebook_are_the_same_code(built):
    script = (built.folder / "notebook" / bundles.SCRIPT).read_text()
    notebook = json.loads((built.folder / "notebook" / bundles.NOTEBOOK).read_text())
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    joined = "\n".join("".join(cell["source"]) for cell in code)
    assert ast.dump(ast.parse(joined)) == ast.dump(ast.Module(ast.parse(script).body[1:], []))
    assert script == kaggle_script()


def test_the_notebook_has_what_nbformat_asks_for():
    notebook = notebook_of(kaggle_script())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["language"] == "python"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids) > 8 and all(0 < len(one) <= 64 for one in ids)
    for cell in notebook["cells"]:
        extra = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | extra
        assert isinstance(cell["source"], list) and "".join(cell["source"]).strip()


def test_cells_are_cut_at_their_marks():
    script = '"""Title.\n\nMore."""\n\n# %%\na = 1\n\n\n# %% [markdown]\n# ## Words\n# two\n'
    kinds = [(cell.kind, cell.source) for cell in cells_of(script)]
    assert kinds == [
        ("markdown", "# Title.\n\nMore."),
        ("code", "a = 1"),
        ("markdown", "## Words\ntwo"),
    ]


def test_the_script_needs_only_the_standard_library():
    import sys

    tree = ast.parse(kaggle_script())
    names = {
        (one.module if isinstance(one, ast.ImportFrom) else one.names[0].name).split(".")[0]
        for one in ast.walk(tree)
        if isinstance(one, ast.Import | ast.ImportFrom)
    }
    assert names <= set(sys.stdlib_module_names)


def test_a_copied_ensemble_is_the_same_but_for_its_paths(ensemble, tmp_path):
    original = load_ensemble(ensemble)
    copy = load_ensemble(copy_ensemble(original, tmp_path))
    assert copy.settings == original.settings and copy.weights == original.weights
    for ours, theirs in zip(copy.members, original.members, strict=True):
        assert ours.model_copy(update={"checkpoints": theirs.checkpoints}) == theirs
        for one, other in zip(copy.files(ours), original.files(theirs), strict=True):
            assert one.read_bytes() == other.read_bytes() and tmp_path in one.parents
            assert one.with_suffix(".toml").read_bytes() == other.with_suffix(".toml").read_bytes()


def test_checkpoints_of_one_name_and_class_lists_are_copied_apart(ensemble, tmp_path):
    source = tmp_path / "from"
    for fold in ("fold0", "fold1"):
        (source / fold).mkdir(parents=True)
        (source / fold / "best.safetensors").write_bytes(fold.encode())
    (source / "labels.txt").write_text("a\nb\n")
    body = {
        "classes": "labels.txt",
        "members": [
            {"name": "m", "checkpoints": [f"fold{n}/best.safetensors" for n in (1, 0)]},
        ],
    }
    (source / "e.toml").write_text(tomlkit.dumps(body))
    copy = load_ensemble(copy_ensemble(load_ensemble(source / "e.toml"), tmp_path / "to"))
    (member,) = copy.members
    assert [path.read_text() for path in copy.files(member)] == ["fold1", "fold0"]
    assert copy.classes_of(member) == ("a", "b")


def test_given_settings_are_written_and_must_fit(ensemble, tmp_path):
    good = Settings(name="mine", weights={"one": 1.0}, steps=(Gaussian(at="member", sigma=2.0),))
    write_config(good, tmp_path / "good.toml")
    options = BundleOptions(settings=tmp_path / "good.toml", image=HAS_ALL.image)
    made = make_bundle(ensemble, tmp_path / "out", options)
    assert load(Settings, made.folder / "dataset" / "settings.toml") == good
    write_config(Settings(weights={"on": 1.0}), tmp_path / "bad.toml")
    with pytest.raises(ConfigError, match=r"'on'.*did you mean 'one'"):
        make_bundle(ensemble, tmp_path / "no", BundleOptions(settings=tmp_path / "bad.toml"))
    assert not (tmp_path / "no").exists()


def test_a_damaged_checkpoint_is_found_before_kaggle_finds_it(ensemble, tmp_path):
    copy = copy_ensemble(load_ensemble(ensemble), tmp_path / "from")
    weights = tmp_path / "from" / "weights" / "one" / "b.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="truncated"):
        make_bundle(copy, tmp_path / "out", HAS_ALL)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["from"]


def test_classes_of_another_competition_are_refused(ensemble, tmp_path):
    options = BundleOptions(image=HAS_ALL.image, classes=("x", "y"))
    with pytest.raises(CheckpointError, match="knows none"):
        make_bundle(ensemble, tmp_path / "out", options)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "short"}, "6 to 50"),
        ({"title": "x" * 51}, "6 to 50"),
        ({"username": "not a name"}, "user name"),
        ({"drop_order": ("tow",)}, "did you mean 'two'"),
    ],
)
def test_what_kaggle_would_refuse_is_refused_here(ensemble, tmp_path, change, words):
    with pytest.raises(UsageError, match=words):
        make_bundle(ensemble, tmp_path / "out", BundleOptions(**change))


def test_only_a_bundle_is_ever_replaced(ensemble, built, tmp_path):
    old = built.folder / "dataset" / "weights" / "old.pth"
    old.touch()
    make_bundle(ensemble, built.folder, HAS_ALL)
    assert (built.folder / "dataset" / bundles.MANIFEST).is_file() and not old.exists()
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="no bundle"):
        make_bundle(ensemble, tmp_path, HAS_ALL)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_only_what_the_image_lacks_is_brought_along():
    assert wheels.lacking(wheels.KAGGLE_IMAGE) == ("tomlkit",)
    assert wheels.lacking((*wheels.KAGGLE_IMAGE, "tomlkit")) == ()
    without = [name for name in wheels.KAGGLE_IMAGE if name != "soundfile"]
    assert "soundfile" in wheels.lacking(without) and "cffi" in wheels.lacking(without)
    assert "numpy" not in wheels.lacking(without)


def test_wheels_are_fetched_at_the_installed_version(tmp_path, monkeypatch):
    wheel = repack("tomlkit", tmp_path / "links")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    versions = wheels.fetch_wheels(("tomlkit",), tmp_path / "got")
    assert [one.name for one in (tmp_path / "got").iterdir()] == [wheel.name]
    assert versions["tomlkit"] in wheel.name
    with pytest.raises(BundleError, match=r"no wheel of soundfile .* for Python 3.11"):
        wheels.fetch_wheels(("soundfile",), tmp_path / "got")


def test_without_a_checkout_it_says_so(tmp_path):
    with pytest.raises(BundleError, match="not checked out"):
        wheels.build_own_wheel(tmp_path / "wheels", project=tmp_path)


def test_the_command_prints_what_to_do_next(ensemble, tiny_dataset, tmp_path, capsys):
    arguments = ["bundle", "--ensemble", str(ensemble), "--out", str(tmp_path / "b"), "--quiet"]
    assert main([*arguments, "--data", str(tiny_dataset), "--image-has", "tomlkit"]) == 0
    text = capsys.readouterr().out
    assert "kaggle datasets create" in text and "kaggle kernels push" in text
    assert bundles.NO_USERNAME in text and "one/a, one/b, two/a" in text
    assert main([*arguments, "--image-has", "tomlkit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["wheels"].keys() == {"birdscope"}
