"""What may be submitted of a dataset, and the post-processing there is. Pure, but for a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.types import Split

if TYPE_CHECKING:
    from birdscope.core.settings import Settings

DEBUG_FIRST = 50


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a dataset: a split, or its first recordings.

    Attributes:
        split: Its name.
        count: Recordings that are predicted.
        of: Recordings of the split.
    """

    split: Split
    count: int
    of: int

    @property
    def name(self) -> str:
        """For a folder: `train_soundscapes-first-50`."""
        return self.split if self.count == self.of else f"{self.split}-first-{self.count}"

    @property
    def text(self) -> str:
        """For people."""
        some = f"all {self.of:,}" if self.of > DEBUG_FIRST else f"{self.of:,}"
        files = f"{some} files" if self.count == self.of else f"the first {self.count:,}"
        more = "" if self.count == self.of else f" of {self.of:,}"
        return f"{self.split} · {files}{more}"


@dataclass(frozen=True, slots=True)
class Stack:
    """The post-processing to use.

    Attributes:
        name: For people.
        path: Its TOML file.
        settings: What it is, where it has no file; without either the ensemble's own is used.
    """

    name: str = "the ensemble's own"
    path: Path | None = None
    settings: Settings | None = None


def parts_of(counts: Mapping[Split, int]) -> tuple[Part, ...]:
    """What may be submitted: the test soundscapes, or train soundscapes for debugging."""
    test, train = counts.get("test_soundscapes", 0), counts.get("train_soundscapes", 0)
    parts = [Part("test_soundscapes", test, test)] if test else []
    if train > DEBUG_FIRST:
        parts.append(Part("train_soundscapes", DEBUG_FIRST, train))
    if train:
        parts.append(Part("train_soundscapes", train, train))
    return tuple(parts)


def stacks_of(folder: Path) -> list[tuple[Stack, str]]:
    """The settings saved in a folder, each with what is wrong with it."""
    from birdscope.core.config import load
    from birdscope.core.errors import ConfigError
    from birdscope.core.settings import Settings

    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            load(Settings, path)
        except ConfigError as error:
            found.append((Stack(path.stem, path), error.what))
        else:
            found.append((Stack(path.stem, path), ""))
    return found
