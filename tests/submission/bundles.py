"""What the bundle tests share: a tiny ensemble, wheels without a network, a bare image."""

import os
import subprocess
import venv
import zipfile
from importlib import metadata
from pathlib import Path

from birdscope.dataset.catalog import Catalog
from birdscope.submission import wheels
from tests.commands.conftest import make_ensemble

# Only for packages that are pure Python.
LEFT_OUT_OF_WHEELS = ("INSTALLER", "REQUESTED", "direct_url.json")


def tiny_ensemble_for(data: Path, folder: Path) -> Path:
    """An untrained ensemble of three tiny checkpoints for a dataset's classes."""
    return make_ensemble(folder, Catalog.open(data).taxonomy.labels)


def repack(package: str, folder: Path) -> Path:
    """A wheel of an installed package, so that `pip download` needs no network."""
    folder.mkdir(parents=True, exist_ok=True)
    distribution = metadata.distribution(package)
    path = folder / f"{package}-{distribution.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in distribution.files or ():
            usual = not str(file).startswith("..") and "__pycache__" not in str(file)
            if usual and file.name not in LEFT_OUT_OF_WHEELS:
                wheel.write(str(file.locate()), str(file))
    return path


def bare_image(folder: Path, lacks: tuple[str, ...] = ()) -> Path:
    """A virtual environment that has what a notebook's image has and nothing else; its Python.

    The packages are those of this environment, linked one by one: no birdscope, no textual,
    no sound device, nothing that `birdscope submit` doesn't need.
    """
    venv.create(folder / "venv", with_pip=False)
    packages = folder / "packages"
    packages.mkdir()
    for name in wheels._closure([*wheels.NEEDED, "pip"]) - set(lacks):
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for file in distribution.files or ():
            link = packages / file.parts[0]
            if file.parts[0] not in ("..", "__pycache__") and not link.is_symlink():
                link.symlink_to(Path(str(distribution.locate_file(file.parts[0]))))
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "image.pth").write_text(f"{packages}\n")
    return folder / "venv" / "bin" / "python"


def offline(command: list[str]) -> list[str]:
    """The command in a network namespace of its own, where that is allowed."""
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True)
    return ["unshare", "-n", *command] if probe.returncode == 0 else command


def offline_environment(**more: str) -> dict[str, str]:
    """An environment in which nothing outside can be reached, nor this checkout imported."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    return {**kept, **proxies, "HOME": more.get("BIRDSCOPE_HOME", "/nonexistent"), **more}
