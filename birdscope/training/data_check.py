"""What a recipe would find in a dataset, looked up before anything is trained."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import DatasetError
from birdscope.core.types import Recording, Taxonomy
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.folds import EVERYWHERE, group_names, report_folds
from birdscope.training.clip_choice import choose_clips, well_rated
from birdscope.training.clips import repeat_rare
from birdscope.training.facts import RARE, DataCheck, Finding
from birdscope.training.fold_split import split_folds
from birdscope.training.recipe import Recipe
from birdscope.training.soundscapes import pool_of

_SHOWN = 3
_CODE = re.compile(r"(XC|iNat|CSA)\d+", re.IGNORECASE)


def check_data(recipe: Recipe, catalog: Catalog) -> DataCheck:
    """Look up what a recipe would train on; opens no sound, reads repeated files for a hash.

    Args:
        recipe: Its first stage on the main dataset counts.
        catalog: The dataset.
    """
    first = next((one for one in recipe.resolved_stages if one.dataset == "main"), None)
    used = first.recipe if first is not None else recipe
    known, foreign = _known(catalog)
    taken, unwanted = choose_clips(known, used.data)
    missing = [one for one in taken if catalog.is_missing(one)]
    taken = [one for one in taken if not catalog.is_missing(one)]
    left_out = (*foreign, *unwanted, *(f"{one.key}: there is no such file" for one in missing))
    index = catalog.taxonomy.index
    primary = np.array([index[one.primary_label] for one in taken], np.int64)
    folds, problem = _folds(taken, primary, used)
    counts = Counter(one.primary_label for one in taken)
    training = np.flatnonzero(folds != 0)
    samples = repeat_rare(training, primary, used.data.min_clips_per_class)
    pool, _ = pool_of(catalog)
    findings = [
        *([Finding("error", "there is no clip to train on")] if not taken else []),
        *([Finding("error", problem)] if problem else []),
        *_fold_findings(taken, folds, used, problem, catalog.taxonomy),
        *_leaks(taken, folds, used),
        *_stage_findings(recipe, len(pool)),
        *_balance(counts, catalog, used),
    ]
    held_out = [well_rated(taken, np.flatnonzero(folds == n), 0) for n in range(used.folds)]
    return DataCheck(
        dataset=catalog.name,
        clips=len(taken),
        left_out=left_out,
        classes=len(catalog.taxonomy),
        class_counts=dict(counts.most_common()),
        rare=tuple(label for label, count in counts.items() if count < RARE),
        without_clips=tuple(one for one in catalog.taxonomy.labels if not counts[one]),
        fold_clips=() if used.folds == 1 or problem else tuple(len(one) for one in held_out),
        everywhere=int((folds == EVERYWHERE).sum()),
        epoch_samples=len(samples),
        pool=len(pool),
        findings=tuple(findings),
    )


def _known(catalog: Catalog) -> tuple[list[Recording], tuple[str, ...]]:
    index = catalog.taxonomy.index
    every = catalog.recordings("train_audio")
    foreign = tuple(
        f"{one.key}: {one.primary_label!r} is none of the dataset's classes"
        for one in every
        if one.primary_label not in index
    )
    return [one for one in every if one.primary_label in index], foreign


def _folds(
    recordings: Sequence[Recording], primary: npt.NDArray[np.int64], recipe: Recipe
) -> tuple[npt.NDArray[np.int64], str]:
    """The fold of each clip, or why they can't be split."""
    try:
        return split_folds(recordings, primary, recipe), ""
    except DatasetError as error:
        remedy = f": {error.remedy}" if error.remedy else ""
        return np.full(len(recordings), EVERYWHERE, np.int64), f"{error.what}{remedy}"


def _fold_findings(
    recordings: Sequence[Recording],
    folds: npt.NDArray[np.int64],
    recipe: Recipe,
    problem: str,
    taxonomy: Taxonomy,
) -> Iterable[Finding]:
    if problem or not recordings:
        return
    if recipe.folds == 1:
        yield Finding("note", "one fold: all clips are trained on, nothing is validated")
        return
    report = report_folds(recordings, folds, recipe.folds)
    scored = len(report.counts) - len(report.trained_everywhere)
    yield Finding("ok", f"{scored} of {len(report.counts)} classes are held out and scored")
    if report.trained_everywhere:
        names = _some([taxonomy.get(one).name for one in report.trained_everywhere])
        yield Finding("note", f"one {recipe.data.group} only, so never held out: {names}")
    if report.absent:
        names = _some([taxonomy.get(one).name for one in report.absent])
        yield Finding("note", f"in some folds not held out: {names}")


def _leaks(
    recordings: Sequence[Recording], folds: npt.NDArray[np.int64], recipe: Recipe
) -> Iterable[Finding]:
    """Whether the same author, recording or sound is on both sides of a split."""
    if recipe.folds == 1 or not len(recordings) or (folds == EVERYWHERE).all():
        return
    authors = group_names(recordings, "author")
    for what, groups in (
        ("author", authors),
        ("recording", [_recording_of(one) for one in recordings]),
        ("identical file", same_files(recordings)),
    ):
        shared = _across(groups, folds)
        if shared:
            text = f"leak: {len(shared)} × the same {what} in several folds: {_some(shared)}"
            yield Finding("note", text)
        else:
            unknown = sum(1 for one in recordings if not one.author) if what == "author" else 0
            known = f" ({unknown} clips name none)" if unknown else ""
            yield Finding("ok", f"no {what} is in two folds{known}")


def _across(groups: Sequence[str], folds: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Groups whose clips are held out in more than one fold."""
    seen: dict[str, set[int]] = defaultdict(set)
    for group, fold in zip(groups, folds.tolist(), strict=True):
        if group and fold != EVERYWHERE:
            seen[group].add(fold)
    return tuple(name for name, found in seen.items() if len(found) > 1)


def _recording_of(recording: Recording) -> str:
    """The recording that a clip was cut from: its catalogue number, else its link."""
    found = _CODE.search(recording.stem)
    if found is not None:
        return found.group(0).upper()
    return recording.metadata.get("url", "") or recording.key


def same_files(recordings: Sequence[Recording]) -> list[str]:
    """For each recording a mark that identical files share; empty for the only one of its size."""
    sizes = [_size(one.path) for one in recordings]
    often = Counter(sizes)
    return [
        _digest(one.path) if size and often[size] > 1 else ""
        for one, size in zip(recordings, sizes, strict=True)
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError:
        return ""


def _stage_findings(recipe: Recipe, pool: int) -> Iterable[Finding]:
    stages = recipe.resolved_stages
    if any(one.dataset == "pretraining" for one in stages):
        yield Finding("note", "has a pretraining stage: it needs a dataset of its own")
    if any(one.pseudo is not None for one in stages):
        if pool:
            text = f"{pool} soundscapes without labels can get pseudo labels; scored ones never"
            yield Finding("ok", text)
        else:
            yield Finding("error", "pseudo labels need train_soundscapes without labels: none")


def _balance(counts: Mapping[str, int], catalog: Catalog, recipe: Recipe) -> Iterable[Finding]:
    without = [one for one in catalog.taxonomy.labels if not counts.get(one)]
    if without:
        named = _some([catalog.taxonomy.get(one).name for one in without])
        yield Finding("note", f"{len(without)} classes have no clip: {named}")
    rare = sorted((label for label in counts if counts[label] < RARE), key=lambda one: counts[one])
    if rare:
        least = recipe.data.min_clips_per_class
        repeated = f", repeated up to {least} an epoch" if least else ", not repeated"
        named = _some([f"{catalog.taxonomy.get(one).name} {counts[one]}" for one in rare])
        yield Finding("note", f"{len(rare)} classes have under {RARE} clips{repeated}: {named}")


def _some(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
