"""What became of each recording, in a file that a killed fetch goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Literal

WORK = ".birdscope-xeno-canto"
"""The folder of downloads and of this file, inside the fetched dataset."""
_FILE = "outcomes.jsonl"

Outcome = Literal["kept", "left out", "failed"]


@dataclass(frozen=True)
class Fetched:
    """What became of one recording.

    Attributes:
        number: Its catalogue number.
        outcome: `kept`: in the dataset; `left out`: would be again; `failed`: try again.
        reason: Why it is not kept.
        row: Its cells in train.csv, where kept.
        taxon: Its cells in taxonomy.csv, where kept.
        checks: What its sound was checked for, where it was left out.
    """

    number: str
    outcome: Outcome
    reason: str = ""
    row: Mapping[str, str] = field(default_factory=dict)
    taxon: Mapping[str, str] = field(default_factory=dict)
    checks: str = ""


class Outcomes:
    """Every outcome so far, each kept on disk at once.

    Args:
        root: The fetched dataset.
    """

    def __init__(self, root: Path) -> None:
        self._path = Path(root) / WORK / _FILE
        self.known: dict[str, Fetched] = {}
        for line in self._lines():
            with suppress(ValueError, TypeError):
                one = Fetched(**json.loads(line))
                self.known[one.number] = one

    def kept(self) -> list[Fetched]:
        """What is in the dataset, by number."""
        kept = (one for one in self.known.values() if one.outcome == "kept")
        return sorted(kept, key=lambda one: int(one.number))

    @contextmanager
    def writing(self) -> Iterator[IO[str]]:
        """The file to `add` to."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a", encoding="utf-8") as file:
            # a line that a kill has torn ends here
            file.write("\n")
            yield file

    def add(self, file: IO[str], one: Fetched) -> None:
        """Remember an outcome."""
        file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
        file.flush()
        self.known[one.number] = one

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return []
