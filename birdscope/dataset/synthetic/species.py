"""The sixteen species of the demo: what they are called, how they sing, how often."""

from __future__ import annotations

from dataclasses import dataclass

from birdscope.core.types import Species
from birdscope.dataset.synthetic import voices
from birdscope.dataset.synthetic.voices import Voice


@dataclass(frozen=True, slots=True)
class SyntheticSpecies:
    """A species that exists only here.

    Attributes:
        species: Its row of taxonomy.csv; codes and names are made up and say so.
        voice: One phrase of its song.
        band_hz: Where its sound lies; signal-to-noise ratios are taken in this band.
        share: Relative number of training clips; the rare ones have few.
        nocturnal: When it sings.
    """

    species: Species
    voice: Voice
    band_hz: tuple[float, float]
    share: float
    nocturnal: bool

    @property
    def label(self) -> str:
        """Its primary_label."""
        return self.species.label


def _one(
    label: str,
    names: str,
    class_name: str,
    voice: Voice,
    band_hz: tuple[float, float],
    share: float = 1.0,
    *,
    nocturnal: bool = False,
) -> SyntheticSpecies:
    common, scientific = names.split(" / ")
    taxon = label if label.isdecimal() else ""
    species = Species(label, scientific, f"Synthetic {common}", class_name, taxon)
    return SyntheticSpecies(species, voice, band_hz, share, nocturnal)


_BIRD, _FROG, _MAMMAL, _INSECT = "Aves", "Amphibia", "Mammalia", "Insecta"

SPECIES: tuple[SyntheticSpecies, ...] = (
    _one("synchi1", "Chirper / Avis synthetica chi", _BIRD, voices.chirper, (1800, 4500)),
    _one(
        "synhoo1",
        "Hooter / Avis synthetica eta",
        _BIRD,
        voices.hooter,
        (400, 560),
        0.8,
        nocturnal=True,
    ),
    _one("synsqu1", "Squawker / Avis synthetica sigma", _BIRD, voices.squawker, (1200, 6500)),
    _one("syntri1", "Triller / Avis synthetica tau", _BIRD, voices.triller, (4300, 5600), 1.3),
    _one(
        "syntri2",
        "Slow Triller / Avis synthetica theta",
        _BIRD,
        voices.slow_triller,
        (4000, 5300),
        0.7,
    ),
    _one("synwar1", "Warbler / Avis synthetica omega", _BIRD, voices.warbler, (3500, 7000), 0.25),
    _one("synwhi1", "Whistler / Avis synthetica alpha", _BIRD, voices.whistler, (2300, 3200), 1.5),
    _one(
        "synwhi2",
        "Lesser Whistler / Avis synthetica beta",
        _BIRD,
        voices.lesser_whistler,
        (2300, 3300),
        0.7,
    ),
    _one(
        "990000101",
        "Pulse Frog / Rana synthetica alpha",
        _FROG,
        voices.pulse_frog,
        (2400, 2800),
        1.2,
        nocturnal=True,
    ),
    _one(
        "990000102",
        "Quick Frog / Rana synthetica beta",
        _FROG,
        voices.quick_frog,
        (2300, 2700),
        0.7,
        nocturnal=True,
    ),
    _one(
        "990000103",
        "Bell Frog / Rana synthetica gamma",
        _FROG,
        voices.bell_frog,
        (3150, 3550),
        0.2,
        nocturnal=True,
    ),
    _one(
        "990000104",
        "Croaker / Rana synthetica delta",
        _FROG,
        voices.croaker,
        (350, 2000),
        nocturnal=True,
    ),
    _one(
        "990000201", "Howler / Mammal syntheticum alpha", _MAMMAL, voices.howler, (220, 1500), 0.8
    ),
    _one(
        "990000202",
        "Squirrel / Mammal syntheticum beta",
        _MAMMAL,
        voices.squirrel,
        (950, 5500),
        0.2,
    ),
    _one(
        "990000301",
        "Cricket / Insectum syntheticum alpha",
        _INSECT,
        voices.cricket,
        (4400, 5100),
        nocturnal=True,
    ),
    _one(
        "990000302",
        "Katydid / Insectum syntheticum beta",
        _INSECT,
        voices.katydid,
        (6800, 12_500),
        0.8,
        nocturnal=True,
    ),
)
"""Two pairs of birds and one of frogs are easily confused; three species are rare."""
