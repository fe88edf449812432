"""train.csv and taxonomy.csv of fetched recordings, with author and licence of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from birdscope.core.atomic import write_text
from birdscope.dataset.xeno_canto.choose import short_name
from birdscope.dataset.xeno_canto.records import XenoRecord
from birdscope.dataset.xeno_canto.state import Fetched

TRAIN_COLUMNS = (
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
    "author",
    "license",
)
TAXON_COLUMNS = (
    "primary_label",
    "inat_taxon_id",
    "scientific_name",
    "common_name",
    "class_name",
)


def train_row(record: XenoRecord, label: str) -> dict[str, str]:
    """The cells of a recording; background species as scientific names until written."""
    return {
        "primary_label": label,
        "secondary_labels": json.dumps(list(record.background), ensure_ascii=False),
        "type": repr(list(record.types) or [""]),
        "filename": f"{label}/XC{record.number}.ogg",
        "collection": "XC",
        "rating": f"{record.rating:.1f}",
        "url": record.page_url,
        "latitude": "" if record.latitude is None else f"{record.latitude:.4f}",
        "longitude": "" if record.longitude is None else f"{record.longitude:.4f}",
        "scientific_name": record.scientific_name,
        "common_name": record.common_name,
        "author": record.author,
        "license": record.license,
    }


def taxon_row(record: XenoRecord, label: str) -> dict[str, str]:
    """The cells of its species."""
    return {
        "primary_label": label,
        "inat_taxon_id": "",
        "scientific_name": record.scientific_name,
        "common_name": record.common_name,
        "class_name": record.class_name,
    }


def write_tables(root: Path, kept: Sequence[Fetched]) -> None:
    """Write both tables; background species become labels where the dataset has them."""
    taxa = {one.taxon["primary_label"]: one.taxon for one in kept}
    labels = {short_name(taxon["scientific_name"]): label for label, taxon in taxa.items()}
    rows = sorted((_labelled(one.row, labels) for one in kept), key=lambda row: row["filename"])
    _write(root / "train.csv", TRAIN_COLUMNS, rows)
    _write(root / "taxonomy.csv", TAXON_COLUMNS, (taxa[label] for label in sorted(taxa)))


def _labelled(row: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    names = [short_name(name) for name in json.loads(row["secondary_labels"])]
    found = {labels[name] for name in names if name in labels} - {row["primary_label"]}
    return {**row, "secondary_labels": repr(sorted(found) or [""])}


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
