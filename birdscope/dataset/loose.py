"""Sound files by path, inside a dataset or anywhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

from birdscope.core.errors import DatasetError
from birdscope.core.types import Recording
from birdscope.dataset.catalog import Catalog

LOOSE = "files"


def recording_of(path: Path, catalog: Catalog | None) -> Recording:
    """The recording that a path means.

    Args:
        path: Of a sound file.
        catalog: The open dataset, whose own recordings keep what is known of them.

    Raises:
        DatasetError: there is no such file.
    """
    whole = path.expanduser().resolve()
    if not whole.is_file():
        raise DatasetError(
            "there is no such sound file", path=path, remedy="check the path; folders need --data"
        )
    if catalog is not None and whole.is_relative_to(catalog.root.resolve()):
        try:
            return catalog.find(whole.relative_to(catalog.root.resolve()).as_posix())
        except DatasetError:
            pass
    # files of one name in two folders are two recordings
    folder = hashlib.sha256(str(whole.parent).encode()).hexdigest()[:12]
    return Recording(f"{LOOSE}/{folder}/{whole.name}", whole, "test_soundscapes")
