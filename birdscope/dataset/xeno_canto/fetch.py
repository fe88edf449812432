"""Fetch a dataset from Xeno-Canto: list, choose, download, check, convert, write tables."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Protocol

from birdscope.core.atomic import write_text
from birdscope.core.errors import AudioError, DatasetError, NetworkError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.dataset.xeno_canto.choose import Wanted, by_species, label_of, refusal
from birdscope.dataset.xeno_canto.convert import Checks, convert
from birdscope.dataset.xeno_canto.records import Page, XenoRecord, narrowed
from birdscope.dataset.xeno_canto.state import WORK, Fetched, Outcomes
from birdscope.dataset.xeno_canto.tables import taxon_row, train_row, write_tables

_LISTING_AGE_S = 7 * 24 * 3600.0
_DECODE_TRIES = 3
_SHORT_BY_S = 3.0


class Source(Protocol):
    """Where recordings come from; `birdscope.dataset.xeno_canto.client.Client`."""

    def page(self, query: str, number: int = 1) -> Page:
        """One page of results."""

    def download(self, url: str, target: Path) -> None:
        """Fetch a file, whole or not at all."""


@dataclass(frozen=True)
class Order:
    """What to fetch.

    Attributes:
        queries: In the API's language of tags, such as `grp:birds cnt:colombia`.
        wanted: What recordings have to be like.
        checks: What their sound has to be like.
        limit: At most so many recordings in all.
    """

    queries: tuple[str, ...]
    wanted: Wanted = field(default_factory=Wanted)
    checks: Checks = field(default_factory=Checks)
    limit: int | None = None


@dataclass(frozen=True)
class Result:
    """What a fetch did.

    Attributes:
        root: The dataset.
        kept: Recordings in it, also from earlier runs.
        species: Classes in it.
        left_out: Reason → how many of the listed recordings are not in it.
        failed: Catalogue number → why it could not be had; a later run tries again.
    """

    root: Path
    kept: int
    species: int
    left_out: dict[str, int]
    failed: dict[str, str]


def fetch(
    root: Path,
    order: Order,
    source: Source,
    *,
    label: Callable[[str], str] = label_of,
    emit: Emit = silent,
    stop: Stop | None = None,
    now: Callable[[], float] = time.time,
) -> Result:
    """Fetch into `root`, going on where an earlier fetch ended.

    The tables are written however it ends, so that what is there can be opened.

    Args:
        root: The dataset; new, or made by an earlier fetch.
        order: What to fetch.
        source: The client.
        label: Scientific name → class label.
        emit: Hears of progress and of what fails.
        stop: Ends the work early.
        now: Unix seconds.

    Raises:
        DatasetError: the folder holds something else, or can't be written.
        UsageError: the key is refused.
        NetworkError: the listing can't be had.
        Cancelled: if `stop` was set; what is finished is kept.
    """
    _refuse_foreign(root)
    with _disk_trouble(root):
        return _fetch(root, order, _Parts(source, label, emit, stop, now))


@dataclass(frozen=True)
class _Parts:
    """What a fetch works with."""

    source: Source
    label: Callable[[str], str]
    emit: Emit
    stop: Stop | None
    now: Callable[[], float]


def _fetch(root: Path, order: Order, parts: _Parts) -> Result:
    (root / WORK).mkdir(parents=True, exist_ok=True)
    listing = _Listing(root / WORK / "listing", parts.source, parts.now)
    records = list(_listed(listing, order, parts.emit, parts.stop))
    reasons = Counter(reason for one in records if (reason := refusal(one, order.wanted)))
    species = by_species(one for one in records if not refusal(one, order.wanted))
    outcomes = Outcomes(root)
    run = _Run(root, order, outcomes, parts)
    try:
        run.all(species)
    finally:
        kept = [one for one in outcomes.kept() if not _apart(one, order.wanted)]
        write_tables(root, kept)
    return _result(root, kept, outcomes, records, reasons, species)


def _apart(one: Fetched, wanted: Wanted) -> str:
    """Why a recording of an earlier fetch is no longer part of the dataset."""
    return wanted.apart.reason(one.number, one.row["scientific_name"])


@contextmanager
def _disk_trouble(root: Path) -> Iterator[None]:
    """Say what the disk says.

    Raises:
        DatasetError: for an OSError inside.
    """
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"can't be written: {error.strerror or error}",
            path=root,
            remedy="make room or name another folder; the fetch goes on where it was",
        ) from error


def _result(
    root: Path,
    kept: Sequence[Fetched],
    outcomes: Outcomes,
    records: Sequence[XenoRecord],
    reasons: Counter[str],
    species: dict[str, list[XenoRecord]],
) -> Result:
    eligible = [one for each in species.values() for one in each]
    known = [outcomes.known.get(one.number) for one in eligible]
    reasons.update(one.reason for one in known if one is not None and one.outcome == "left out")
    reasons["enough of the species"] += sum(one is None for one in known)
    listed = {one.number for one in records}
    failed = {
        number: one.reason
        for number, one in outcomes.known.items()
        if one.outcome == "failed" and number in listed
    }
    return Result(
        root=root,
        kept=len(kept),
        species=len({one.row["primary_label"] for one in kept}),
        left_out={reason: count for reason, count in reasons.most_common() if count},
        failed=failed,
    )


@dataclass
class _Run:
    """One run of a fetch over all species."""

    root: Path
    order: Order
    outcomes: Outcomes
    parts: _Parts

    def all(self, species: dict[str, list[XenoRecord]]) -> None:
        """Fetch the best of each species up to the cap; what fails makes room for the next."""
        cap = self.order.wanted.per_species
        total = sum(min(len(records), cap) for records in species.values())
        total = min(total, self.order.limit or total)
        done = 0
        with self.outcomes.writing() as file:
            for name, records in species.items():
                here = 0
                for record in records:
                    if here >= cap or done >= total:
                        break
                    if self.parts.stop is not None:
                        self.parts.stop.check()
                    if self._have(file, record):
                        here, done = here + 1, done + 1
                    self.parts.emit(
                        Event("progress", name, done=done, total=total, unit="recording")
                    )

    def _have(self, file: IO[str], record: XenoRecord) -> bool:
        """Whether a recording is in the dataset now."""
        before = self.outcomes.known.get(record.number)
        if before is not None and before.outcome == "kept":
            if (self.root / "train_audio" / before.row["filename"]).is_file():
                return True
        elif before is not None and before.checks == str(self.order.checks):
            return False
        found = self._get(record)
        self.outcomes.add(file, found)
        if found.outcome == "failed":
            self.parts.emit(Event("warning", f"XC{record.number}: {found.reason}"))
        return found.outcome == "kept"

    def _get(self, record: XenoRecord) -> Fetched:
        """Download and convert; a file that can't be decoded is fetched again."""
        label = self.parts.label(record.scientific_name)
        row = train_row(record, label)
        target = self.root / "train_audio" / row["filename"]
        download = self.root / WORK / f"XC{record.number}"
        problem = ""
        try:
            for _ in range(_DECODE_TRIES):
                self.parts.source.download(record.file_url, download)
                try:
                    quality, reason = convert(download, target, self.order.checks)
                except AudioError as error:
                    problem = error.what
                    continue
                declared = record.length_s or 0.0
                if quality.duration_s < declared - _SHORT_BY_S:
                    target.unlink(missing_ok=True)
                    problem = f"only {quality.duration_s:.0f} s of {declared:.0f} s came"
                    continue
                if reason:
                    return Fetched(record.number, "left out", reason, checks=str(self.order.checks))
                return Fetched(record.number, "kept", row=row, taxon=taxon_row(record, label))
        except NetworkError as error:
            problem = error.what
        finally:
            download.unlink(missing_ok=True)
        return Fetched(record.number, "failed", problem)


@dataclass(frozen=True)
class _Listing:
    """Pages of results, kept for a week so that a resumed fetch doesn't ask again."""

    folder: Path
    source: Source
    now: Callable[[], float]

    def page(self, query: str, number: int) -> Page:
        """One page, from disk where it is there and young."""
        name = hashlib.sha256(f"{query}\n{number}".encode()).hexdigest()[:32]
        path = self.folder / f"{name}.json"
        with suppress(OSError, ValueError, KeyError, TypeError):
            if self.now() - path.stat().st_mtime < _LISTING_AGE_S:
                body = json.loads(path.read_text(encoding="utf-8"))
                body["recordings"] = tuple(_restored(one) for one in body["recordings"])
                return Page(**body)
        page = self.source.page(query, number)
        write_text(path, json.dumps(asdict(page), ensure_ascii=False))
        return page


def _restored(cells: dict[str, object]) -> XenoRecord:
    """A record as it was kept: JSON has lists where it has tuples."""
    values = {key: tuple(one) if isinstance(one, list) else one for key, one in cells.items()}
    return XenoRecord(**values)  # type: ignore[arg-type]


def _listed(listing: _Listing, order: Order, emit: Emit, stop: Stop | None) -> Iterator[XenoRecord]:
    """Every recording that the queries find."""
    for query in order.queries:
        asked = narrowed(query, order.wanted.min_rating, order.wanted.min_length_s)
        number, pages = 1, 1
        while number <= pages:
            if stop is not None:
                stop.check()
            page = listing.page(asked, number)
            pages = page.pages
            if page.unreadable:
                emit(Event("warning", f"{asked}: {page.unreadable} entries make no sense"))
            emit(Event("progress", f"listing {query}", done=number, total=pages, unit="page"))
            yield from page.recordings
            number += 1


def _refuse_foreign(root: Path) -> None:
    """Never write into a dataset that a fetch did not make."""
    if not root.exists() or (root / WORK).is_dir():
        return
    if not root.is_dir() or any(root.iterdir()):
        raise DatasetError(
            "is not empty and was not made by xeno-canto fetch, so nothing is written there",
            path=root,
            remedy="name a new folder with --out",
        )
