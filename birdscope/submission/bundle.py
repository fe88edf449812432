"""A Kaggle bundle: a dataset to upload and the notebook that predicts with it, offline.

`DIR/dataset/` holds the ensemble with its weights, the settings, wheels, the manifest with the
checksums of all of it, and Kaggle's metadata; `DIR/notebook/` the notebook, the same code as a
script, and Kaggle's metadata. See docs/kaggle.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from birdscope import __version__
from birdscope.core import atomic
from birdscope.core.errors import UsageError, nearest
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.inference.ensemble import EnsembleFile, load_ensemble
from birdscope.submission import wheels
from birdscope.submission.notebook import kaggle_script, notebook_text
from birdscope.submission.portable import (
    ENSEMBLE,
    SETTINGS,
    copy_ensemble,
    settings_for,
    write_config,
)
from birdscope.submission.wheels import BundleError

FORMAT = 1
MANIFEST = "birdscope-bundle.json"
NOTEBOOK, SCRIPT = "birdscope-submission.ipynb", "birdscope_submission.py"
NO_USERNAME = "INSERT_USERNAME_HERE"
# Kaggle stops a CPU notebook of the competition at 90 min; loading, writing and the script's
# own patience with a run that hangs fit into the rest.
MINUTES = 84.0
_TITLE_LENGTH = (6, 50)


@dataclass(frozen=True)
class BundleOptions:
    """What a person chooses.

    Attributes:
        settings: A settings file; None takes the ensemble's own.
        username: On Kaggle; empty leaves a placeholder in the metadata.
        title: Of dataset and notebook; empty makes one of the ensemble's name.
        competition: Its name in the URL.
        minutes: The limit of the notebook's prediction.
        drop_order: Members or checkpoints that are left out first when time is short.
        preview_recordings: Train soundscapes predicted in Kaggle's preview run.
        image: Packages that the notebook's image has.
        pythons: Python versions the image may have.
        classes: Labels of the competition's columns, to check the ensemble against.
    """

    settings: Path | None = None
    username: str = ""
    title: str = ""
    competition: str = "birdclef-2025"
    minutes: float = MINUTES
    drop_order: tuple[str, ...] = ()
    preview_recordings: int = 4
    image: tuple[str, ...] = wheels.KAGGLE_IMAGE
    pythons: tuple[str, ...] = wheels.KAGGLE_PYTHONS
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """A bundle that was built.

    Attributes:
        folder: Where it is.
        title: Of dataset and notebook.
        slug: Its name in Kaggle's URLs.
        checkpoints: Names of the checkpoints inside.
        wheels: Package → version of the wheels inside.
        files: Files of the dataset.
        size_bytes: Of the dataset.
    """

    folder: Path
    title: str
    slug: str
    checkpoints: tuple[str, ...]
    wheels: dict[str, str]
    files: int
    size_bytes: int


def make_bundle(
    ensemble_path: Path,
    out: Path,
    options: BundleOptions | None = None,
    *,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> Bundle:
    """Build a bundle in `out`; a bundle that is there is replaced when the new one is whole.

    Raises:
        BundleError: if `out` holds something else, or a wheel can't be had.
        CheckpointError: if a checkpoint is missing, damaged or unsafe.
        ConfigError: if the ensemble or the settings are wrong.
        UsageError: if title, user name or drop order are.
        Cancelled: if stopped.
    """
    options = options or BundleOptions()
    ensemble = load_ensemble(ensemble_path)
    title = _title(options, ensemble)
    _check_target(out)
    part = out.parent / f".{out.name}.part-{os.getpid()}"
    try:
        bundle = _build(ensemble, part, title, options, emit, stop or Stop())
        _put_in_place(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    emit(Event("artifact", "Kaggle bundle", data={"path": str(out)}))
    return Bundle(out, title, slug_of(title), *bundle)


def _build(
    ensemble: EnsembleFile,
    part: Path,
    title: str,
    options: BundleOptions,
    emit: Emit,
    stop: Stop,
) -> tuple[tuple[str, ...], dict[str, str], int, int]:
    dataset, notebook = part / "dataset", part / "notebook"
    (dataset / "wheels").mkdir(parents=True)
    emit(Event("progress", "copying the ensemble"))
    write_config(settings_for(ensemble, options.settings), dataset / SETTINGS)
    copy = load_ensemble(copy_ensemble(ensemble, dataset))
    checkpoints = _check_checkpoints(copy, options, emit, stop)
    emit(Event("progress", "building birdscope's wheel"))
    wheels.build_own_wheel(dataset / "wheels")
    stop.check()
    lacking = wheels.lacking(options.image)
    fetched = wheels.fetch_wheels(lacking, dataset / "wheels", pythons=options.pythons, emit=emit)
    stop.check()
    brought = {"birdscope": __version__, **fetched}
    _write_manifest(dataset, ensemble, brought, options)
    _write_json(dataset / "dataset-metadata.json", _dataset_metadata(title, options))
    _write_notebook(notebook, title, options)
    files = [path for path in dataset.rglob("*") if path.is_file()]
    return checkpoints, brought, len(files), sum(path.stat().st_size for path in files)


def _check_checkpoints(
    copy: EnsembleFile, options: BundleOptions, emit: Emit, stop: Stop
) -> tuple[str, ...]:
    """Load every checkpoint, so that Kaggle is not the first to find one damaged."""
    from birdscope.inference.members import load_member_checkpoint
    from birdscope.nets.checkpoints import load_checkpoint

    files = [(member, path) for member in copy.members for path in copy.files(member)]
    names = tuple(f"{member.name}/{path.stem}" for member, path in files)
    known = [*(member.name for member in copy.members), *names]
    for name in options.drop_order:
        if name not in known:
            raise UsageError(
                f"--drop-order names {name!r}, which the ensemble doesn't have"
                f"{nearest(name, known)}",
                remedy=f"use names of members or checkpoints: {', '.join(known)}",
            )
    for done, (member, path) in enumerate(files):
        stop.check()
        emit(Event("progress", f"checking {names[done]}", done, len(files), "checkpoint"))
        if options.classes:
            load_member_checkpoint(copy, member, path, options.classes)
        else:
            load_checkpoint(path)
    return names


def _write_manifest(
    dataset: Path, ensemble: EnsembleFile, brought: dict[str, str], options: BundleOptions
) -> None:
    files = sorted(path for path in dataset.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "name": ensemble.name,
        "built": datetime.now(UTC).isoformat(timespec="seconds"),
        "birdscope": __version__,
        "competition": options.competition,
        "ensemble": ENSEMBLE,
        "settings": SETTINGS,
        "minutes": options.minutes,
        "drop_order": list(options.drop_order),
        "preview_recordings": options.preview_recordings,
        "wheels": brought,
        "requirements": wheels.requirements(),
        "image": list(options.image),
        "sha256": {path.relative_to(dataset).as_posix(): sha256(path) for path in files},
    }
    _write_json(dataset / MANIFEST, manifest)


def _write_notebook(notebook: Path, title: str, options: BundleOptions) -> None:
    script = kaggle_script()
    atomic.write_text(notebook / SCRIPT, script)
    atomic.write_text(notebook / NOTEBOOK, notebook_text(script))
    _write_json(notebook / "kernel-metadata.json", _kernel_metadata(title, options))


def _dataset_metadata(title: str, options: BundleOptions) -> dict[str, Any]:
    return {
        "title": title,
        "id": f"{options.username or NO_USERNAME}/{slug_of(title)}",
        "licenses": [{"name": "other"}],
    }


def _kernel_metadata(title: str, options: BundleOptions) -> dict[str, Any]:
    owner = options.username or NO_USERNAME
    return {
        "id": f"{owner}/{slug_of(title)}",
        "title": title,
        "code_file": NOTEBOOK,
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
        "enable_gpu": False,
        "enable_internet": False,
        "dataset_sources": [f"{owner}/{slug_of(title)}"],
        "competition_sources": [options.competition],
        "kernel_sources": [],
        "model_sources": [],
    }


def slug_of(title: str) -> str:
    """A title as Kaggle writes it in a URL."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def sha256(path: Path) -> str:
    """The checksum of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _title(options: BundleOptions, ensemble: EnsembleFile) -> str:
    least, most = _TITLE_LENGTH
    title = options.title or f"birdscope {ensemble.name}"[:most].strip()
    if not least <= len(title) <= most or len(slug_of(title)) < least:
        raise UsageError(
            f"Kaggle wants titles of {least} to {most} characters, {title!r} has {len(title)}",
            remedy="give another --title",
        )
    if options.username and not re.fullmatch(r"[A-Za-z0-9-]+", options.username):
        raise UsageError(
            f"{options.username!r} is no user name on Kaggle",
            remedy="take it from your profile's address: kaggle.com/<username>",
        )
    return title


def _check_target(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise BundleError("is a file, not a folder", path=out, remedy="choose another --out")
    if out.is_dir() and any(out.iterdir()) and not (out / "dataset" / MANIFEST).is_file():
        raise BundleError(
            "holds something that is no bundle", path=out, remedy="choose another --out"
        )


def _put_in_place(part: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in ("dataset", "notebook"):
        shutil.rmtree(out / name, ignore_errors=True)
        (part / name).rename(out / name)


def _write_json(path: Path, body: dict[str, Any]) -> None:
    atomic.write_text(path, json.dumps(body, indent=1, ensure_ascii=False) + "\n")


def upload_commands(bundle: Bundle) -> Sequence[str]:
    """What to type to bring it to Kaggle."""
    return (
        f"kaggle datasets create -p {bundle.folder / 'dataset'} --dir-mode zip",
        f"kaggle kernels push -p {bundle.folder / 'notebook'}",
    )
