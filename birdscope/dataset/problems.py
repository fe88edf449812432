"""Everything wrong with a dataset, or odd enough to know, one Problem each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from birdscope.core.errors import DatasetError, nearest
from birdscope.core.events import Emit, Stop, silent
from birdscope.core.types import SPLITS, Problem, Recording, Split
from birdscope.core.windows import SOUNDSCAPE_S, WINDOW_S, window_count
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.fields import parse_coordinate, parse_labels, parse_number
from birdscope.dataset.folder import subfolders
from birdscope.dataset.labels import read_labels
from birdscope.dataset.measure import Measured, measure

KNOWN_COLUMNS = (
    "primary_label",
    "secondary_labels",
    "type",
    "filename",
    "collection",
    "rating",
    "url",
    "latitude",
    "longitude",
    "scientific_name",
    "common_name",
    "class_name",
    "inat_taxon_id",
    "author",
    "license",
)
"""Columns of train.csv in 2025 and 2026."""
NEEDED_COLUMNS = ("primary_label", "secondary_labels", "rating", "author")
"""Columns that change what birdscope does; others are only shown."""
_LENGTH_TOLERANCE_S = 0.05


def find_problems(
    catalog: Catalog,
    *,
    durations: bool = False,
    measured: Mapping[str, Measured] | None = None,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> list[Problem]:
    """Check tables, labels and files.

    Args:
        catalog: The dataset.
        durations: Also open each file's header: unreadable ones, soundscapes of odd length.
        measured: Headers that were read already; stands for `durations`.
        emit: Hears of the progress of reading headers.
        stop: Ends the work early.

    Returns:
        Problems, errors first, otherwise in the order of the dataset.

    Raises:
        Cancelled: if `stop` was set.
    """
    found = list(
        chain(
            _table_problems(catalog),
            _row_problems(catalog),
            _file_problems(catalog),
            _label_file_problems(catalog),
        )
    )
    if measured is None and durations:
        measured = measure(present_recordings(catalog), emit=emit, stop=stop)
    if measured is not None:
        found += _sound_problems(catalog, measured)
    return sorted(found, key=lambda one: one.severity != "error")


def recording_problems(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Recording key → what is wrong with its row or file, of those that have a problem.

    Reads tables and lists folders, no sound file; unknown primary labels count as well.
    """
    found: dict[str, list[str]] = {}
    for one in chain(_row_problems(catalog), _file_problems(catalog)):
        found.setdefault(one.subject, []).append(one.text)
    keys = {one.key for split in SPLITS for one in catalog.recordings(split)}
    problems = {key: texts for key, texts in found.items() if key in keys}
    train = catalog.train_rows
    if train is not None:
        for key, label in zip(train.keys, train.labels, strict=True):
            if label and label not in catalog.taxonomy.index:
                problems.setdefault(key, []).append(f"its label {label} is no class")
    return {key: tuple(texts) for key, texts in problems.items()}


def present_recordings(catalog: Catalog) -> list[Recording]:
    """Every recording of the dataset whose file is there, each once."""
    every = chain.from_iterable(catalog.recordings(split) for split in SPLITS)
    return list({one.key: one for one in every if not catalog.is_missing(one)}.values())


def _error(kind: str, subject: str, text: str) -> Problem:
    return Problem(kind, subject, text)


def _note(kind: str, subject: str, text: str) -> Problem:
    return Problem(kind, subject, text, "note")


def _table_problems(catalog: Catalog) -> Iterator[Problem]:
    """Columns of train.csv; whether sample_submission.csv and taxonomy.csv agree."""
    train = catalog.train_rows
    if train is None:
        yield _note("missing-table", "train.csv", "is not there: labels come from folder names")
    else:
        for name in train.header:
            if name not in KNOWN_COLUMNS:
                text = f"unknown column, kept as metadata{nearest(name, KNOWN_COLUMNS)}"
                yield _note("unknown-column", f"train.csv: {name}", text)
        for name in NEEDED_COLUMNS:
            if name not in train.header:
                yield _note("missing-column", f"train.csv: {name}", "there is no such column")
        for line, cells in train.left_out:
            text = f"has {cells} cells, the header has {len(train.header)}: the row is left out"
            yield _error("malformed-row", f"train.csv: line {line}", text)
        for name in _repeated(train.header):
            yield _error("duplicate-column", f"train.csv: {name}", "stands there more than once")
    yield from _class_problems(catalog)


def _class_problems(catalog: Catalog) -> Iterator[Problem]:
    sample, table = catalog.sample_columns, catalog.taxonomy_table
    listed = [table.get(row, "primary_label") for row in table.rows] if table else []
    for where, names in (("sample_submission.csv", sample), ("taxonomy.csv", listed)):
        if not names:
            yield _note("missing-table", where, "is not there, or lists no class")
        for name in _repeated(names):
            yield _error("duplicate-class", f"{where}: {name}", "is listed more than once")
    if sample and listed:
        for label in sorted(set(sample) - set(listed)):
            text = "a column of sample_submission.csv that taxonomy.csv doesn't describe"
            yield _error("not-in-taxonomy", label, text)
        for label in sorted(set(listed) - set(sample)):
            text = "in taxonomy.csv, but no column of sample_submission.csv: not predicted"
            yield _error("not-in-sample", label, text)
    if len(catalog.recordings("train_audio")):
        for label in catalog.taxonomy.labels:
            if not catalog.species_counts[label]:
                yield _note("no-recordings", label, "has no recording in train_audio")


def _row_problems(catalog: Catalog) -> Iterator[Problem]:
    """Cells of train.csv that are empty, unknown or can't be understood."""
    train = catalog.train_rows
    if train is None:
        return
    known = catalog.taxonomy.index
    unknown: Counter[str] = Counter()
    for position, (key, label) in enumerate(zip(train.keys, train.labels, strict=True)):
        if not label:
            yield _error(
                "empty-label", key, f"row {position + 2} of train.csv has no primary_label"
            )
        elif label not in known:
            unknown[label] += 1
        yield from _cell_problems(key, {name: train.cell(position, name) for name in _CELLS})
    for label, count in sorted(unknown.items()):
        text = f"primary label of {count} rows, but no class{nearest(label, known)}"
        yield _error("unknown-label", label, text)
    yield from _secondary_problems(catalog)
    for key, count in sorted(Counter(train.keys).items()):
        if count > 1:
            yield _error("duplicate-row", key, f"stands {count} times in train.csv")


_CELLS = ("secondary_labels", "rating", "latitude", "longitude")


def _cell_problems(key: str, cells: Mapping[str, str]) -> Iterator[Problem]:
    if parse_labels(cells["secondary_labels"]) is None:
        text = f"secondary_labels can't be understood: {cells['secondary_labels'][:60]!r}"
        yield _error("malformed-cell", key, text)
    rating = parse_number(cells["rating"])
    if cells["rating"] and (rating is None or not 0 <= rating <= 5):
        text = f"rating {cells['rating'][:20]!r} is not 0 to 5: taken as unknown"
        yield _note("malformed-cell", key, text)
    for name, limit in (("latitude", 90.0), ("longitude", 180.0)):
        if cells[name] and parse_coordinate(cells[name], limit) is None:
            text = f"{name} {cells[name][:20]!r} is not within ±{limit:.0f}: taken as unknown"
            yield _note("malformed-cell", key, text)


def _secondary_problems(catalog: Catalog) -> Iterator[Problem]:
    unknown: Counter[str] = Counter()
    for one in catalog.recordings("train_audio"):
        unknown.update(set(one.secondary_labels) - catalog.taxonomy.index.keys())
    for label, count in sorted(unknown.items()):
        text = f"secondary label of {count} rows, but no class: ignored"
        yield _note("unknown-secondary-label", label, text)


def _file_problems(catalog: Catalog) -> Iterator[Problem]:
    """Rows without a file, files without a row, soundscapes whose row ids would clash."""
    listed = set()
    for one in catalog.recordings("train_audio"):
        listed.add(one.key)
        if catalog.is_missing(one):
            yield _error("missing-file", one.key, "is in train.csv, but there is no such file")
    for label in subfolders(catalog.root / "train_audio"):
        folder = f"train_audio/{label}"
        for name in sorted(catalog.files_in(folder)):
            if f"{folder}/{name}" not in listed:
                yield _note("unlisted-file", f"{folder}/{name}", "has no row in train.csv")
    for split in ("train_soundscapes", "test_soundscapes"):
        for stem in _repeated(one.stem for one in catalog.recordings(split)):
            text = "several files of that stem: their rows would have the same ids"
            yield _error("duplicate-stem", f"{split}/{stem}", text)


def _label_file_problems(catalog: Catalog) -> Iterator[Problem]:
    """The labels of train_soundscapes: unknown classes, recordings that aren't there."""
    path = catalog.labels_path
    if path is None:
        return
    try:
        labels = read_labels(path, catalog.taxonomy.labels)
    except DatasetError as error:
        yield _error("malformed-labels", path.name, error.what)
        return
    for label, count in sorted(labels.unknown_labels.items()):
        text = f"labels {count} windows, but is no class{nearest(label, catalog.taxonomy.labels)}"
        yield _error("unknown-label", f"{path.name}: {label}", text)
    for column, label in enumerate(labels.classes):
        if not labels.values[:, column].any():
            yield _note("no-positive-window", label, "sounds in no labelled window: has no AUC")
    stems = {one.stem for one in catalog.soundscapes("train_soundscapes")}
    for stem in sorted(set(labels.stems) - stems):
        text = "has labels, but there is no such file in train_soundscapes"
        yield _error("missing-file", f"{path.name}: {stem}", text)


def _sound_problems(catalog: Catalog, measured: Mapping[str, Measured]) -> Iterator[Problem]:
    """Files that can't be opened, end early, or are not a minute where they should be."""
    for key, one in measured.items():
        if one.error:
            yield _error("unreadable-file", key, one.error)
        elif one.cut_off:
            yield _error("cut-off-file", key, "ends before its sound does: downloaded in part?")
    soundscape_splits: tuple[Split, ...] = ("train_soundscapes", "test_soundscapes")
    for split in soundscape_splits:
        for recording in catalog.recordings(split):
            header = measured.get(recording.key)
            if header is not None and not header.error:
                yield from _length_problem(recording.key, header.duration_s)


def _length_problem(key: str, duration_s: float) -> Iterator[Problem]:
    if abs(duration_s - SOUNDSCAPE_S) > _LENGTH_TOLERANCE_S:
        count = window_count(duration_s)
        text = f"lasts {duration_s:.2f} s, not {SOUNDSCAPE_S} s: {count} windows of {WINDOW_S} s"
        yield _note("odd-length", key, text)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
