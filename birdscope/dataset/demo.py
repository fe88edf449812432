"""Make the demo dataset: a BirdCLEF folder of synthetic species, the same for the same seed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.audio.encode import write_ogg
from birdscope.core.errors import DatasetError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.windows import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from birdscope.dataset.synthetic.mixing import PlacedCall
    from birdscope.dataset.synthetic.plan import PlannedClip, PlannedSoundscape
    from birdscope.dataset.synthetic.sound import Wave
    from birdscope.dataset.synthetic.tables import ClipRow

VERSION = 1
"""Of the sounds; a folder made by another version is made anew."""
MARKER = ".birdscope-demo.json"
_STALE_S = 3600.0
_STEREO_EVERY = 97
"""One clip in so many is stereo, as a few in the real dataset are."""


@dataclass(frozen=True, slots=True)
class DemoCounts:
    """How much of everything.

    Attributes:
        clips: Clips of train_audio; every species has at least one.
        labelled: Soundscapes of train_soundscapes with labels.
        unlabelled: Soundscapes of train_soundscapes without.
        test: Soundscapes of test_soundscapes.
        soundscape_s: Length of each soundscape in seconds.
    """

    clips: int = 320
    labelled: int = 24
    unlabelled: int = 36
    test: int = 4
    soundscape_s: float = 60.0


FULL = DemoCounts()


def make_demo_dataset(
    root: Path,
    *,
    seed: int = 0,
    counts: DemoCounts = FULL,
    force: bool = False,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> bool:
    """Make the dataset at `root`, or leave it alone if it is there and complete.

    It is built in a folder beside `root` and renamed when whole: an interrupted run leaves
    nothing behind.

    Args:
        root: The dataset folder.
        seed: Another seed gives other recordings of the same species.
        counts: How many recordings.
        force: Make it anew even if it is complete.
        emit: Hears of each finished file.
        stop: Ends the work early.

    Returns:
        True if it was made, False if it was there.

    Raises:
        DatasetError: if `root` holds something that is not a demo dataset.
        Cancelled: if `stop` was set.
    """
    root = Path(root)
    if is_complete(root, seed=seed, counts=counts) and not force:
        return False
    _refuse_foreign(root)
    with _built_beside(root) as folder:
        _build(folder, seed, counts, emit, stop)
        marker = {"version": VERSION, "seed": seed, "counts": asdict(counts)}
        (folder / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")
    emit(Event("artifact", "demo dataset", data={"path": str(root)}))
    return True


def is_complete(root: Path, *, seed: int = 0, counts: DemoCounts = FULL) -> bool:
    """Whether `root` holds the whole demo dataset of this version, seed and size."""
    wanted = {"version": VERSION, "seed": seed, "counts": asdict(counts)}
    return _marker(root) == wanted


def is_demo(root: Path) -> bool:
    """Whether `root` holds a demo dataset of any version."""
    return _marker(root) is not None


def _marker(root: Path) -> dict[str, object] | None:
    try:
        found = json.loads((Path(root) / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _refuse_foreign(root: Path) -> None:
    """Never overwrite what this module did not make."""
    if not root.exists() or is_demo(root):
        return
    if not root.is_dir() or any(root.iterdir()):
        raise DatasetError(
            "is not empty and not a demo dataset, so it will not be overwritten",
            path=root,
            remedy="choose another folder with --data",
        )


@contextmanager
def _built_beside(root: Path) -> Iterator[Path]:
    """A temporary folder that takes `root`'s place when all went well."""
    root.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(root)
    folder = Path(tempfile.mkdtemp(prefix=f".{root.name}.", suffix=".part", dir=root.parent))
    folder.chmod(0o755)
    try:
        yield folder
        old = folder.with_suffix(".old")
        if root.exists():
            root.replace(old)
        folder.replace(root)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_stale(root: Path) -> None:
    """Remove what a killed run left beside `root` more than an hour ago."""
    for leftover in root.parent.glob(f".{root.name}.*.part"):
        if time.time() - leftover.stat().st_mtime > _STALE_S:
            shutil.rmtree(leftover, ignore_errors=True)


def _build(folder: Path, seed: int, counts: DemoCounts, emit: Emit, stop: Stop | None) -> None:
    """Every file and table of the dataset, into `folder`."""
    from birdscope.dataset.synthetic import tables
    from birdscope.dataset.synthetic.plan import PlannedSoundscape, clips_of

    clips = clips_of(counts.clips, seed)
    soundscapes = [
        PlannedSoundscape(series, number, counts.soundscape_s, seed)
        for series in ("labelled", "unlabelled", "test")
        for number in range(getattr(counts, series))
    ]
    for split in ("train_soundscapes", "test_soundscapes"):
        (folder / split).mkdir()
    for label in {one.one.label for one in clips}:
        (folder / "train_audio" / label).mkdir(parents=True)
    rows: list[ClipRow] = []
    truth: dict[str, Sequence[PlacedCall]] = {}
    work: list[Callable[[], None]] = [
        partial(_make_soundscape, folder, planned, truth) for planned in soundscapes
    ]
    work += [partial(_make_clip, folder, planned, rows) for planned in clips]
    _do_all(work, emit, stop)
    tables.write_train(folder, rows)
    tables.write_taxonomy(folder)
    tables.write_sample(folder)
    tables.write_soundscape_labels(folder, truth, counts.soundscape_s)
    tables.write_events(folder, truth)
    numbers = {key: int(value) for key, value in asdict(counts).items()}
    tables.write_texts(folder, {**numbers, "seed": seed})


def _do_all(work: Sequence[Callable[[], None]], emit: Emit, stop: Stop | None) -> None:
    """Do everything in a few threads (FFTs and the Vorbis encoder let go of the lock)."""
    with ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        futures: list[Future[None]] = [pool.submit(task) for task in work]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if stop is not None:
                    stop.check()
                emit(Event("progress", done=done, total=len(work), unit="file"))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _make_clip(folder: Path, planned: PlannedClip, rows: list[ClipRow]) -> None:
    """Write it; its row of train.csv joins `rows`."""
    mix, row = planned.make()
    wave = mix.waveform
    if (planned.number + 1) * 13 % _STEREO_EVERY == 0:
        wave = _stereo(wave)
    write_ogg(folder / "train_audio" / planned.filename, wave, SAMPLE_RATE_HZ)
    rows.append(row)


def _make_soundscape(
    folder: Path, planned: PlannedSoundscape, truth: dict[str, Sequence[PlacedCall]]
) -> None:
    """Write it; the truth of a labelled one joins `truth` under the file's name."""
    mix = planned.make()
    write_ogg(folder / planned.split / planned.name, mix.waveform, SAMPLE_RATE_HZ)
    if planned.series == "labelled":
        truth[planned.name] = mix.calls


def _stereo(wave: Wave) -> Wave:
    """Two channels: the second a little quieter and later."""
    import numpy as np

    return np.stack([wave, 0.8 * np.roll(wave, 12)], axis=1).astype(np.float32)
