from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from birdscope.core.config import parse
from birdscope.core.errors import CheckpointError, ConfigError
from birdscope.inference.ensemble import EnsembleFile, load_ensemble, read_classes

PROJECT = Path(__file__).resolve().parents[2]
TWO = """
name = "two"
[[members]]
name = "nfnet"
checkpoints = "nfnet"
weight = 1
[[members]]
name = "other"
checkpoints = ["a.pth", "b.safetensors"]
weight = 3
"""


def ensemble(tmp_path: Path, text: str = TWO) -> EnsembleFile:
    path = tmp_path / "two.toml"
    path.write_text(text)
    return load_ensemble(path)


def test_the_weighted_blend_is_the_missions() -> None:
    blend = load_ensemble(PROJECT / "models" / "weighted-blend.toml")
    assert blend.weights == pytest.approx({"nfnet": 0.247, "seresnext": 0.753})
    nfnet, seresnext = blend.members
    assert (nfnet.context_s, nfnet.pooling, nfnet.through_half) == (5, "attention", False)
    assert (seresnext.context_s, seresnext.pooling, seresnext.through_half) == (10, "max", True)
    assert [(s.kind, s.at, s.members) for s in blend.settings.steps] == [
        ("low_rank_power", "checkpoint", ("nfnet",)),
        ("smooth", "member", None),
    ]
    assert blend.folder == PROJECT / "models"


def test_a_folder_gives_every_checkpoint_in_order(tmp_path: Path) -> None:
    file = ensemble(tmp_path)
    (tmp_path / "nfnet").mkdir()
    for name in ("sed2.pth", "sed0.pth", "mine.safetensors", "mine.toml", ".sed9.pth", "a.txt"):
        (tmp_path / "nfnet" / name).touch()
    found = [path.name for path in file.files(file.members[0])]
    assert found == ["mine.safetensors", "sed0.pth", "sed2.pth"]


def test_listed_files_keep_their_order(tmp_path: Path) -> None:
    file = ensemble(tmp_path)
    for name in ("b.safetensors", "a.pth"):
        (tmp_path / name).touch()
    assert [path.name for path in file.files(file.members[1])] == ["a.pth", "b.safetensors"]


def test_missing_checkpoints_name_member_file_and_remedy(tmp_path: Path) -> None:
    file = ensemble(tmp_path)
    (tmp_path / "nfnets").mkdir()
    with pytest.raises(CheckpointError, match="member 'nfnet' are missing; did you mean") as caught:
        file.files(file.members[0])
    assert caught.value.path == tmp_path / "nfnet"
    assert "two.toml" in str(caught.value.remedy)
    (tmp_path / "nfnet").mkdir()
    with pytest.raises(CheckpointError, match=r"holds no \.pth or \.safetensors"):
        file.files(file.members[0])
    (tmp_path / "a.pth").touch()
    with pytest.raises(CheckpointError) as caught:
        file.files(file.members[1])
    assert caught.value.path == tmp_path / "b.safetensors"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("weight = 1\n", "wieght = 1\n"), "unknown key 'members.0.wieght'; did you mean 'weight'"),
        (('"other"', '"nfnet"'), "two members are named 'nfnet'"),
        (("weight = 3", "weight = -3"), "members.1.weight"),
        (("weight = 3", "weight = 3\ncontext_s = 2"), "members.1.context_s"),
        (
            ("weight = 3", 'weight = 3\npooling = "maximum"'),
            "'attention', 'max', 'mean' or 'sliding'",
        ),
        (("weight = 3", "weight = 3\nfront_end = {n_melz = 3}"), "did you mean 'n_mels'"),
        (
            ("weight = 3", "weight = 3\n[settings]\nweights = {nfnett = 1}"),
            "unknown member 'nfnett'; did you mean 'nfnet'",
        ),
        (
            (
                "weight = 3",
                'weight = 3\n[[settings.steps]]\nkind = "smooth"\nat = "member"\nmembers = ["x"]',
            ),
            "unknown member 'x'",
        ),
    ],
)
def test_mistakes_are_named(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ensemble(tmp_path, TWO.replace(*change))
    assert named in caught.value.what
    assert caught.value.path == tmp_path / "two.toml"


def test_weights_that_sum_to_nothing_are_refused() -> None:
    member = {"name": "a", "checkpoints": "a", "weight": 0}
    with pytest.raises(ConfigError, match="positive sum"):
        parse(EnsembleFile, {"members": [member]})
    with pytest.raises(ConfigError, match="members"):
        parse(EnsembleFile, {"members": []})


def test_class_lists_come_from_lists_and_files(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("b\n\na\n")
    (tmp_path / "sample_submission.csv").write_text("row_id,x,y\n")
    (tmp_path / "taxonomy.csv").write_text("primary_label,common_name\nm,M\nn,N\n")
    assert read_classes(tmp_path / "taxonomy.csv") == ("m", "n")
    text = 'classes = "classes.txt"' + TWO.replace(
        "weight = 1\n", 'weight = 1\nclasses = "sample_submission.csv"\n'
    )
    file = ensemble(tmp_path, text)
    assert file.classes_of(file.members[0]) == ("x", "y")
    assert file.classes_of(file.members[1]) == ("b", "a")
    plain = ensemble(tmp_path)
    assert plain.classes_of(plain.members[0]) is None
    listed = ensemble(tmp_path, 'classes = ["p", "q"]' + TWO)
    assert listed.classes_of(listed.members[0]) == ("p", "q")


def test_bad_class_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        read_classes(tmp_path / "nowhere.txt")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(ConfigError, match="lists no classes"):
        read_classes(tmp_path / "empty.txt")
    (tmp_path / "twice.txt").write_text("a\nb\na\n")
    with pytest.raises(ConfigError, match="twice"):
        read_classes(tmp_path / "twice.txt")


def test_reading_an_ensemble_file_imports_no_torch() -> None:
    code = (
        "import sys, birdscope.inference.ensemble as e; "
        f"e.load_ensemble({str(PROJECT / 'models' / 'weighted-blend.toml')!r}); "
        "sys.exit('torch' in sys.modules or 'timm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0
