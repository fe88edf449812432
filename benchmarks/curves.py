"""Cost curves of prediction: time and memory against soundscapes, length, classes and members.

`python -m benchmarks.curves [--quick] [--backend B]` prints a table for docs/performance.md and a
plot. The nets are small and their weights random, so that what is not a net shows: decoding,
mels, the store. Each point is a process of its own; time is processor time from the first
recording on, memory the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from benchmarks._claim import Claim, output, peak_mb

RATE_HZ = 32_000
# Ten times the work in at most 1.3 times ten times the time; what is shared makes it less.
LINEAR = 1.3


@dataclass(frozen=True)
class Point:
    """What is predicted, and what it cost.

    Attributes:
        soundscapes: How many.
        minutes: Length of each.
        classes: C.
        members: Of one checkpoint each.
        backend: "torch" or "openvino".
        cpu_s: Processor seconds.
        wall_s: Seconds by the clock.
        peak_mb: Of the process.
        base_mb: Of the process before the first recording.
    """

    soundscapes: int = 20
    minutes: int = 1
    classes: int = 32
    members: int = 1
    backend: str = "torch"
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    base_mb: float = 0.0


CURVES: dict[str, tuple[int, ...]] = {
    "soundscapes": (10, 100, 1_000),
    "minutes": (1, 10, 60),
    "classes": (32, 206),
    "members": (1, 2, 4),
}
QUICK: dict[str, tuple[int, ...]] = CURVES | {"soundscapes": (10, 30, 100), "minutes": (1, 3, 10)}


def claims() -> Iterator[Claim]:
    """The quick curves, as ratios of cost to work."""
    for name, points in measured(QUICK, "torch").items():
        yield _claim(name, points)


def measured(curves: dict[str, tuple[int, ...]], backend: str) -> dict[str, list[Point]]:
    """Every point of every curve, one after the other."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, values in curves.items():
            base = Point(soundscapes=2 if name == "minutes" else 20, backend=backend)
            wanted = [replace(base, **{name: value}) for value in values]
            found[name] = [_measured(one, Path(folder)) for one in wanted]
    return found


def _measured(point: Point, folder: Path) -> Point:
    said = output(["-m", "benchmarks.curves", "--point", json.dumps(asdict(point)), str(folder)])
    return Point(**json.loads(said.splitlines()[-1]))


def _claim(name: str, points: Sequence[Point]) -> Claim:
    first, last = points[-2], points[-1]
    work = getattr(last, name) / getattr(first, name)
    cost = last.cpu_s / first.cpu_s
    grown = f"{last.peak_mb - last.base_mb:.0f} MB above the start"
    text = f"{cost:.1f} × the processor time for {work:.1f} × the {name}; {grown}"
    return Claim(f"cost of {name}", text, "in proportion, + 30 %", cost <= LINEAR * work)


def run_point(point: Point, folder: Path) -> Point:
    """Predict in this process."""
    from birdscope.core.types import Recording
    from birdscope.inference.decoding import plan_rows
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.runner import predict_recordings
    from birdscope.inference.store import ScoresMeta, ScoresStore

    classes = tuple(f"species{column:03d}" for column in range(point.classes))
    predictor = Predictor.load(
        make_ensemble(folder, classes, point.members), classes, device="cpu", threads=1,
        backend=point.backend,  # type: ignore[arg-type]
    )  # fmt: skip
    predictor.predict(np.zeros(5 * RATE_HZ, np.float32), 1)
    sound = make_sound(folder, point.minutes)
    recordings = [
        Recording(key=f"{number}.ogg", path=sound, split="train_soundscapes")
        for number in range(point.soundscapes)
    ]
    meta = ScoresMeta(classes, predictor.checkpoints, dict(predictor.weights))
    keys = [one.key for one in recordings]
    base_mb = peak_mb()
    with tempfile.TemporaryDirectory(dir=folder) as scores:
        wall, cpu = perf_counter(), process_time()
        with ScoresStore.open_or_resume(
            Path(scores) / "scores", meta, keys, lambda: plan_rows(recordings)
        ) as store:
            predict_recordings(predictor, recordings, store)
        cpu_s, wall_s = process_time() - cpu, perf_counter() - wall
    return replace(point, cpu_s=cpu_s, wall_s=wall_s, peak_mb=peak_mb(), base_mb=base_mb)


def make_ensemble(folder: Path, classes: tuple[str, ...], members: int) -> Path:
    """Members of a small net with weights by chance."""
    import torch

    from birdscope.features.presets import preset
    from birdscope.nets.checkpoints import CheckpointMeta, save_checkpoint
    from birdscope.nets.config import SedConfig
    from birdscope.nets.sed import build_model

    root = folder / f"models-{len(classes)}-{members}"
    model = SedConfig(backbone="test_resnet", in_channels=1, n_mels=64, hidden=64)
    meta = CheckpointMeta(model=model, front_end=preset("small"), classes=classes, context_s=5)
    lines = ['classes = "dataset"']
    for number in range(members):
        torch.manual_seed(number)
        save_checkpoint(root / f"{number}.safetensors", build_model(model, len(classes)), meta)
        lines.append(f'[[members]]\nname = "m{number}"\ncheckpoints = "{number}.safetensors"')
    path = root / "ensemble.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def make_sound(folder: Path, minutes: int) -> Path:
    """Faint noise of so many minutes as Ogg Vorbis; made once."""
    import soundfile

    path = folder / f"noise-{minutes}.ogg"
    if not path.exists():
        generator = np.random.default_rng(0)
        making = folder / f"noise-{minutes}.{os.getpid()}.ogg"
        with soundfile.SoundFile(making, "w", RATE_HZ, 1, format="OGG") as file:
            for _ in range(minutes * 6):
                file.write(0.01 * generator.standard_normal(10 * RATE_HZ).astype(np.float32))
        making.rename(path)
    return path


def table(found: dict[str, list[Point]]) -> str:
    """The points as Markdown."""
    lines = [
        "| soundscapes | minutes each | classes | members | processor s | clock s | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.soundscapes:,} | {one.minutes} | {one.classes} | {one.members} "
        f"| {one.cpu_s:.2f} | {one.wall_s:.2f} | {one.peak_mb:.0f} |"
        for points in found.values()
        for one in points
    ]
    return "\n".join(lines)


def plot(found: dict[str, list[Point]], name: str) -> str:
    """Processor seconds of one curve, in characters."""
    import plotext

    points = found[name]
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    signal = figure.signal([getattr(one, name) for one in points], [one.cpu_s for one in points])
    signal.lines(True)
    figure.draw(signal)
    figure.plot_size(72, 14)
    return f"processor seconds against {name}\n{plotext.uncolorize(figure.build().string())}"


def main() -> None:
    """Measure all curves, or one point of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 100 soundscapes, 10 minutes")
    parser.add_argument("--backend", choices=("torch", "openvino"), default="torch")
    parser.add_argument("--point", nargs=2, metavar=("JSON", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.point:
        point = run_point(Point(**json.loads(args.point[0])), Path(args.point[1]))
        print(json.dumps(asdict(point)))
        return
    found = measured(QUICK if args.quick else CURVES, args.backend)
    print(table(found))
    for name in found:
        print(plot(found, name))
    for name, points in found.items():
        claim = _claim(name, points)
        print(f"{claim.text}: {claim.measured} ({claim.bar})")


if __name__ == "__main__":
    sys.exit(main())
