"""The wheels of a bundle: birdscope's own, and those that a Kaggle image lacks.

Wheels are installed there with `--no-deps`, so what is listed here is all there will be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterable, Sequence
from importlib import metadata
from pathlib import Path

from birdscope.core.errors import SubmissionError
from birdscope.core.events import Emit, Event, silent
from birdscope.core.paths import PROJECT

# What `birdscope submit` imports of birdscope's dependencies (a test holds this).
NEEDED = (
    "numpy",
    "pyarrow",
    "pydantic",
    "rich",
    "safetensors",
    "soundfile",
    "soxr",
    "timm",
    "tomlkit",
    "torch",
    "torchaudio",
)
# What Kaggle's Python image surely has: it is built on Colab's image, whose list of packages
# (github.com/googlecolab/backend-info) names all but timm; public notebooks of the competition
# import that offline.
KAGGLE_IMAGE = (
    "numpy",
    "pandas",
    "psutil",
    "pyarrow",
    "pydantic",
    "rich",
    "safetensors",
    "scikit-learn",
    "scipy",
    "soundfile",
    "soxr",
    "timm",
    "torch",
    "torchaudio",
    "torchvision",
)
KAGGLE_PYTHONS = ("3.11", "3.12")
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")
_SOURCES = ("birdscope", "pyproject.toml", "README.md", "LICENSE")
_SETUPTOOLS = 77


class BundleError(SubmissionError):
    """A bundle can't be built."""


def requirements(project: Path = PROJECT) -> dict[str, str]:
    """What `birdscope submit` needs: package → version bounds, as pyproject.toml has them.

    Raises:
        BundleError: if birdscope doesn't run from a checkout.
    """
    from packaging.requirements import Requirement

    path = _checkout(project) / "pyproject.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
    bounds = {one.name: str(one.specifier) for one in map(Requirement, listed)}
    return {name: bounds[name] for name in NEEDED}


def lacking(image: Collection[str]) -> tuple[str, ...]:
    """Packages to bring along: what is needed, with its dependencies, less what the image has.

    Dependencies are those of the versions installed here.
    """
    there = _closure(name for name in image)
    return tuple(sorted(_closure(name for name in NEEDED if _plain(name) not in there) - there))


def build_own_wheel(folder: Path, project: Path = PROJECT) -> Path:
    """Build birdscope's wheel from the checkout into `folder`, without a network.

    The same sources give the same bytes.

    Raises:
        BundleError: if there is no checkout, setuptools is too old, or the build fails.
    """
    project = _checkout(project)
    _check_setuptools()
    with tempfile.TemporaryDirectory(prefix="birdscope-wheel-") as scratch:
        # A build in the checkout would leave build/ behind and pack what it finds there.
        for name in _SOURCES:
            _copy_source(project / name, Path(scratch) / name)
        options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder))
        _pip("wheel", *options, scratch, why="birdscope's own wheel can't be built")
    return next(folder.glob("birdscope-*.whl"))


def fetch_wheels(
    packages: Sequence[str],
    folder: Path,
    *,
    pythons: Sequence[str] = KAGGLE_PYTHONS,
    emit: Emit = silent,
) -> dict[str, str]:
    """Download wheels of the versions installed here for each Python; package → version.

    Raises:
        BundleError: if a wheel can't be had.
    """
    versions = {name: metadata.version(name) for name in packages}
    for name, version in versions.items():
        emit(Event("progress", f"fetching {name} {version}", unit="wheel"))
        for python in pythons:
            platforms = [part for one in PLATFORMS for part in ("--platform", one)]
            _pip(
                *("download", "--no-deps", "--only-binary", ":all:", "--implementation", "cp"),
                *("--python-version", python, *platforms, "--dest", str(folder)),
                f"{name}=={version}",
                why=f"no wheel of {name} {version} for Python {python}",
            )
    return versions


def _closure(names: Iterable[str]) -> set[str]:
    """Packages with all that they need, by their normalised names, as installed here."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    waiting = [_plain(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            listed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        needs = (Requirement(line) for line in listed)
        waiting += [
            _plain(one.name)
            for one in needs
            if one.marker is None or one.marker.evaluate({"extra": ""})
        ]
    return found


def _plain(name: str) -> str:
    """A package's name as pip compares them."""
    return name.lower().replace("_", "-").replace(".", "-")


def _checkout(project: Path) -> Path:
    if not (project / "pyproject.toml").is_file():
        raise BundleError(
            "birdscope's sources are not here: it was installed, not checked out",
            path=project,
            remedy="run `birdscope bundle` from a checkout (git clone, make install)",
        )
    return project


def _check_setuptools() -> None:
    try:
        version = metadata.version("setuptools")
    except metadata.PackageNotFoundError:
        version = "0"
    if int(version.split(".")[0]) < _SETUPTOOLS:
        raise BundleError(
            f"building birdscope's wheel needs setuptools {_SETUPTOOLS} or newer, not {version}",
            remedy=f"pip install 'setuptools>={_SETUPTOOLS},<82' (newer ones don't suit torch)",
        )


def _copy_source(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copy2(source, target)


def _pip(*arguments: str, why: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    # A wheel is a zip: a fixed time in it makes equal sources equal bytes.
    environment = {"SOURCE_DATE_EPOCH": "1735689600", **os.environ}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BundleError(
            f"{why}: {said[-1] if said else 'pip failed'}",
            remedy="see what `pip " + " ".join(arguments[:4]) + " …` says; behind a proxy or "
            "offline, fetch the wheels elsewhere and set PIP_FIND_LINKS to their folder, or say "
            "what the image has with --image-has",
        )
