"""What the demo dataset consists of: every clip and soundscape, before a sound is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from birdscope.core.types import Split
from birdscope.dataset.synthetic.mixing import (
    Mix,
    clip,
    generator,
    soundscape,
)
from birdscope.dataset.synthetic.species import SPECIES, SyntheticSpecies
from birdscope.dataset.synthetic.tables import ClipRow

_SILENCIO = (6.8, -74.2)
_HOURS = (0, 4, 5, 6, 8, 10, 16, 18, 20, 22)
_NIGHT_HOURS = frozenset({0, 4, 18, 20, 22})
_SERIES_START = {"labelled": "20230504", "unlabelled": "20230901", "test": "20240312"}


@dataclass(frozen=True)
class PlannedClip:
    """One clip of train_audio, by species and running number."""

    one: SyntheticSpecies
    number: int
    seed: int

    @property
    def filename(self) -> str:
        """As in train.csv: `<label>/<file>`."""
        return f"{self.one.label}/SYN{SPECIES.index(self.one):02d}{self.number:04d}.ogg"

    def make(self) -> tuple[Mix, ClipRow]:
        """Draw the clip and its row of train.csv."""
        rng = generator(self.seed, "clip", self.one.label, self.number)
        author = _author(self.one, self.number)
        snr_db = float(rng.uniform(6, 34))
        secondary = self._secondary(rng.random(), int(rng.integers(0, len(SPECIES))))
        duration_s = float(min(20.0, 3.0 + rng.gamma(2.0, 2.2)))
        place = ("", "")
        if rng.random() < 0.85:
            north, east = (float(rng.normal(middle, 0.25)) for middle in _SILENCIO)
            place = (f"{north:.4f}", f"{east:.4f}")
        rating = 0.0 if rng.random() < 0.15 else _rating(snr_db + float(rng.normal(0, 4)))
        mix = clip(self.one, secondary, duration_s, snr_db, _author_seed(self.seed, author), rng)
        heard = {call.label for call in mix.calls} - {self.one.label}
        kind = "call" if self.one.species.class_name != "Aves" or rng.random() < 0.3 else "song"
        labels = tuple(sorted(heard))
        return mix, ClipRow(
            self.one.label, labels, self.filename, rating, *place, f"Synthetic {author}", kind
        )

    def _secondary(self, chance: float, number: int) -> tuple[SyntheticSpecies, ...]:
        """A fifth of the clips have somebody else in the background."""
        other = SPECIES[number]
        return (other,) if chance < 0.2 and other is not self.one else ()


@dataclass(frozen=True)
class PlannedSoundscape:
    """One soundscape of a series (labelled, unlabelled, test)."""

    series: str
    number: int
    duration_s: float
    seed: int

    @property
    def split(self) -> Split:
        """The folder it goes to."""
        return "test_soundscapes" if self.series == "test" else "train_soundscapes"

    @property
    def hour(self) -> int:
        """When the recorder woke up."""
        return _HOURS[self.number * 7 % len(_HOURS)]

    @property
    def name(self) -> str:
        """As recorders name files: `H02_20230504_050000.ogg`."""
        start = datetime.strptime(_SERIES_START[self.series], "%Y%m%d")
        day = start + timedelta(days=self.number)
        return f"H{self.number * 5 % 12 + 1:02d}_{day:%Y%m%d}_{self.hour:02d}0000.ogg"

    def make(self) -> Mix:
        """Draw the soundscape."""
        rng = generator(self.seed, self.series, self.number)
        first = SPECIES[self.number % len(SPECIES)]
        second = SPECIES[(self.number * 5 + 3) % len(SPECIES)]
        guests = (first,) if first is second else (first, second)
        return soundscape(guests, self.duration_s, rng, night=self.hour in _NIGHT_HOURS)


def clips_of(total: int, seed: int) -> list[PlannedClip]:
    """`total` clips shared out to the species by their shares, at least one each."""
    shares = sum(one.share for one in SPECIES)
    spare = max(0, total - len(SPECIES))
    exact = [1 + spare * one.share / shares for one in SPECIES]
    counts = [int(count) for count in exact]
    order = sorted(range(len(SPECIES)), key=lambda n: counts[n] - exact[n])
    for number in order[: max(0, total - sum(counts))]:
        counts[number] += 1
    return [
        PlannedClip(one, number, seed)
        for one, count in zip(SPECIES, counts, strict=True)
        for number in range(count)
    ]


def _author(one: SyntheticSpecies, number: int) -> str:
    """Species share authors; the rare ones have only two, the others six."""
    names = (
        "Ada",
        "Ben",
        "Caro",
        "Dov",
        "Eva",
        "Finn",
        "Gala",
        "Hugo",
        "Inés",
        "Juan",
        "Kim",
        "Lía",
    )
    circle = 2 if one.share < 0.3 else 6
    return names[(SPECIES.index(one) * 3 + number % circle) % len(names)]


def _author_seed(seed: int, author: str) -> int:
    return int(generator(seed, "author", author).integers(0, 2**31))


def _rating(snr_db: float) -> float:
    """Half stars from 0.5 to 5, better the clearer the recording."""
    return min(5.0, max(0.5, round(snr_db / 6.5 * 2) / 2))
