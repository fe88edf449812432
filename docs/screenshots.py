"""Screenshots made by pressing keys: `python docs/screenshots.py [NAME …] [--data DIR]`.

Takes ../shared/data/calfrog32 when it is there, else the demo dataset, and writes
docs/screenshots/<name>.png. The pictures of Scope on real recordings need an ensemble that
knows them: `BIRDSCOPE_RUNS=runs python -m benchmarks real_data` trains it, and
`--ensemble runs/calfrog32/run/ensemble.toml` gives it.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Textual reads these once, when it is imported: colours as in a modern terminal.
os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
os.environ.pop("NO_COLOR", None)
# folders opened lately are nobody's business
os.environ["BIRDSCOPE_CACHE"] = tempfile.mkdtemp()

from rich.cells import cell_len
from textual.pilot import Pilot

from birdscope.core import paths
from birdscope.dataset.demo import is_demo, make_demo_dataset
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.widgets.species_list import SpeciesList

OUT = Path(__file__).parent / "screenshots"
REAL = paths.PROJECT.parent / "shared" / "data" / "calfrog32"
SESSION = "docs"
DEMO_ENSEMBLE = paths.models() / "demo.toml"
SMALL, LARGE = (80, 24), (160, 48)
# DejaVu Sans Mono is a little narrower than the grid of Textual's SVG.
_FONT, _FONT_PX = "DejaVu Sans Mono", 20.26
_BRAILLE_FONT, _CELL_PX = "DejaVu Sans", 12.2
_WORDS = re.compile("[\u2800-\u28ff]|[^\\s\u2800-\u28ff]+|\\s+")
_TEXT = re.compile(r'<text([^>]*?)x="([\d.]+)"([^>]*)>([^<]*)</text>')


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        size: Columns and rows.
        keys: Pressed in turn; `wait:SECONDS` lets the app run, `jobs:ended` waits until no job
            runs any more, `theme:NAME` changes colours, `sound:GLOB` plays a file of the dataset
            into the default sink (.ci/sound.sh leads it to the default input).
        dataset: False starts without one.
        ensemble: It shows predictions.
        keep: The session goes on from the picture before.
    """

    size: tuple[int, int]
    keys: Sequence[str] = ()
    dataset: bool = True
    ensemble: bool = False
    keep: bool = False


_SOUNDSCAPE = ("escape", "slash", *"train", "enter", "end", "tab", "wait:1")
# a labelled soundscape of ../shared/data/calfrog32, and its window with the best species
_PREDICTED = ("enter", "wait:6", *["P"] * 4, "wait:2", "r", "wait:8", *["right"] * 4, "wait:1")
_LIVE = ("2", "wait:5", "m", "wait:2", "sound:train_soundscapes/*.ogg", "wait:33")
# a species that the ensemble knows well, and what train_soundscapes_labels.csv says of its best
# windows, best first; the first answer asks for a name
_AUDITIONED = (
    *("slash", *"rooster", "enter", "wait:1", "3", "wait:4"),
    *("R", "wait:5", "jobs:ended", "r", "wait:8"),
)
_JUDGED = ("y", "wait:0.6", "enter", "wait:0.3", *"yyyyyynynnnnynnynnnnnnnnnnyn", "wait:4")
_TUNED = ("4", "wait:3", "P", "wait:5", "jobs:ended", "wait:15", "a", "wait:1", "down", "enter",
          "wait:1", "down", *["right"] * 5)  # fmt: skip
_SET_EPOCHS = ("a", "wait:0.5", *"optim.epochs", "tab", *"8", "enter", "wait:0.5")
_SET_FOLDS = ("a", "wait:0.5", *"folds", "tab", *"2", "enter", "wait:1")
_SET_CLIPS = ("a", "wait:0.5", *"data.min_clips_per_class", "tab", *"0", "enter", "wait:1")
_TRAINED = ("5", "wait:4", *_SET_EPOCHS, *_SET_FOLDS, *_SET_CLIPS, "s", "wait:0.5", "enter")
_SET_RATE = ("a", "wait:0.5", *"optim.learning_rate", "tab", *"0.001", "enter", "wait:0.5")
_TRAINED_ANOTHER = (*_SET_RATE, "s", "wait:0.5", "enter")
_COMPARED = ("home", "space", "down", "space", "wait:1")
SHOTS = {
    "browse": Shot(LARGE, ("down", "down", "down", "enter", "down", "enter", "wait:1.6")),
    "browse-80x24": Shot(SMALL, ("down", "enter", "enter", "wait:1.2")),
    "soundscape": Shot(LARGE, (*_SOUNDSCAPE, "g", "space", "wait:3.2")),
    "filter": Shot((120, 36), ("slash", *"frog", "wait:1")),
    "light": Shot(LARGE, ("down", "down", "theme:paper", "wait:1")),
    "contrast": Shot((120, 36), ("down", "theme:contrast", "p", "p", "p", "wait:1")),
    "help": Shot(SMALL, ("question_mark",)),
    "welcome": Shot((100, 30), dataset=False),
    "scope": Shot(LARGE, (*_SOUNDSCAPE, *_PREDICTED), ensemble=True),
    "scope-80x24": Shot(SMALL, (*_SOUNDSCAPE, *_PREDICTED), ensemble=True),
    # a box around the strongest calls, measured; below, which part of the window triggered
    "scope-part": Shot(
        LARGE,
        (
            *_SOUNDSCAPE,
            *_PREDICTED,
            *["right"] * 5,
            "w",
            "wait:2",
            "x",
            *["shift+right"] * 9,
            *["shift+down"] * 4,
            "wait:1",
        ),
        ensemble=True,
    ),
    # the first labelled soundscape, played into the null sink and heard at its monitor
    "live": Shot(LARGE, _LIVE, ensemble=True),
    "live-80x24": Shot(SMALL, _LIVE, ensemble=True),
    # scores of all labelled soundscapes first; then verdicts on the best windows of a species
    "audition": Shot(LARGE, (*_AUDITIONED, *_JUDGED, "v", "wait:2"), ensemble=True),
    "audition-80x24": Shot(SMALL, (*_AUDITIONED, *_JUDGED, "wait:1"), ensemble=True),
    "audition-none": Shot(SMALL, ("down", "wait:1", "3", "wait:4"), ensemble=True),
    # scores of all labelled soundscapes first; then a smoothing step, turned
    "tune": Shot(LARGE, (*_TUNED, "wait:6"), ensemble=True),
    "tune-80x24": Shot(SMALL, (*_TUNED, "wait:6"), ensemble=True),
    "tune-curves-80x24": Shot(SMALL, (*_TUNED, "wait:4", "n", "v", "wait:2"), ensemble=True),
    # two trainings of an own recipe of a few epochs; the first ends, the second runs
    "train": Shot(LARGE, (*_TRAINED, "wait:90", *_TRAINED_ANOTHER, "wait:25", *_COMPARED)),
    "train-80x24": Shot(SMALL, ("5", "wait:4", "enter", "g", "wait:1")),
    "submit": Shot(LARGE, ("6", "wait:1.5", "b", "wait:12", "e", "wait:12"), ensemble=True),
    # a job outlives the app: started, app closed, found again, exported, its report read
    "story-1-start": Shot(
        (120, 36), (*_SOUNDSCAPE, "enter", "wait:3", "R", "wait:3.2"), ensemble=True
    ),
    "story-2-reopened": Shot((120, 36), ("6", "wait:0.6"), ensemble=True, keep=True),
    "story-3-finished": Shot((120, 36), ("6", "wait:9"), ensemble=True, keep=True),
    "story-4-report": Shot((120, 36), ("6", "wait:1", "e", "wait:12"), ensemble=True, keep=True),
    "submit-80x24": Shot(SMALL, ("6", "wait:1.5", "b", "wait:12", "e", "wait:12"), ensemble=True),
}


async def take(shot: Shot, data: Path, ensemble: Path | None) -> str:
    """Run the app, press the keys, return the SVG."""
    # a session remembers where it was; every picture starts from the beginning
    if not shot.keep:
        shutil.rmtree(paths.sessions() / SESSION, ignore_errors=True)
    sounds: list[subprocess.Popen[bytes]] = []
    app = BirdscopeApp(data if shot.dataset else None, session=SESSION, ensemble=ensemble)
    async with app.run_test(size=shot.size) as pilot:
        if shot.dataset:
            while not app.query_one(SpeciesList).row_total():
                await pilot.pause(0.05)
        await pilot.pause(1.0)
        for key in shot.keys:
            await _press(app, pilot, key, data, sounds)
        await pilot.pause(0.5)
        for sound in sounds:
            sound.terminate()
        return app.export_screenshot(title="birdscope")


async def _press(
    app: BirdscopeApp,
    pilot: Pilot[None],
    key: str,
    data: Path,
    sounds: list[subprocess.Popen[bytes]],
) -> None:
    word, _, value = key.partition(":")
    if word == "wait":
        await asyncio.sleep(float(value))
    elif word == "jobs":
        while app.services.jobs.snapshot.live:
            await asyncio.sleep(0.5)
    elif word == "theme":
        app.theme = value
    elif word == "sound":
        sounds.append(subprocess.Popen(["paplay", next(data.glob(value))]))
    else:
        await pilot.press(key)


def write(name: str, svg: str) -> Path:
    """Save an SVG as PNG, drawn with DejaVu Sans Mono."""
    import cairosvg  # type: ignore[import-untyped]

    OUT.mkdir(parents=True, exist_ok=True)
    svg = svg.replace("Fira Code", _FONT).replace("font-size: 20px", f"font-size: {_FONT_PX}px")
    # CairoSVG adds up rounding errors of textLength over a line
    svg = re.sub(r' textLength="[^"]*"', "", svg)
    svg = _TEXT.sub(_in_cells, svg)
    picture = OUT / f"{name}.png"
    cairosvg.svg2png(bytestring=svg.encode(), write_to=str(picture), output_width=1600)
    return picture


def _in_cells(found: re.Match[str]) -> str:
    """A text word by word, each at its own cell: a long run drifts by a cell.

    Braille is set from another font, sign by sign: DejaVu Sans Mono has none.
    """
    before, x, after, content = found.groups()
    drawn, place = "", float(x)
    for word in _WORDS.findall(html.unescape(content)):
        style = f' style="font-family: {_BRAILLE_FONT}"' if "\u2800" <= word <= "\u28ff" else ""
        if not word.isspace():
            drawn += f'<text{before}x="{place:.1f}"{after}{style}>{html.escape(word)}</text>'
        place += _CELL_PX * cell_len(word)
    return drawn


def main() -> None:
    """Take the named pictures, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHOTS))
    parser.add_argument("--data", type=Path, help="dataset folder")
    parser.add_argument("--ensemble", type=Path, help="ensemble file that knows its species")
    args = parser.parse_args()
    data = args.data or _dataset()
    ensemble = args.ensemble or (DEMO_ENSEMBLE if is_demo(data) else None)
    for name in args.names or SHOTS:
        if name not in SHOTS:
            parser.error(f"there is no picture {name!r}; there are {', '.join(SHOTS)}")
        if SHOTS[name].ensemble and ensemble is None:
            print(f"{name}: not taken, give an ensemble of {data.name} with --ensemble")
            continue
        print(write(name, asyncio.run(take(SHOTS[name], data, ensemble))))


def _dataset() -> Path:
    if REAL.is_dir():
        return REAL
    demo = paths.demo_dataset()
    if not demo.is_dir():
        make_demo_dataset(demo)
    return demo


if __name__ == "__main__":
    main()
