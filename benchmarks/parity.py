"""The public blend, matched: largest difference to the golden values of the reference.

The golden values were computed with the public notebook's arithmetic (PyTorch, fp32, CPU)
for two real soundscapes; see docs/methods.md. Each backend is held to them, and OpenVINO's exact
precision to torch besides.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks._claim import PROJECT, Claim, output, require, shared

PROBABILITY_BAR = 1e-4
BACKEND_BAR = 1e-5
WINDOWS = 12
CLASSES = tuple(f"class{column}" for column in range(206))


def claims() -> Iterator[Claim]:
    """Compare members and blend with the golden arrays, and the backends with each other."""
    from birdscope.audio.decode import read
    from birdscope.inference.openvino_backend import installed

    golden = np.load(require(shared("reference", "golden.npz")))
    soundscapes = require(shared("data", "calfrog32", "train_soundscapes"))
    stems = sorted({key.split("/")[0] for key in golden.files})
    waveforms = {stem: read(soundscapes / f"{stem}.ogg") for stem in stems}
    raw: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as folder:
        ensemble = make_public_ensemble(Path(folder))
        for backend in ("torch", *(("openvino",) if installed() else ())):
            raw[backend], blends = _predicted(ensemble, backend, waveforms)
            yield from _against_golden(backend, raw[backend], blends, golden)
    if "openvino" not in raw:
        yield Claim("openvino exact equals torch", "not run: OpenVINO is not installed")
        return
    worst = max(_difference(raw["openvino"][stem], raw["torch"][stem]) for stem in stems)
    yield Claim(
        "openvino exact equals torch (largest difference in raw probability)",
        f"{worst:.1e}",
        f"≤ {BACKEND_BAR:.0e}",
        worst <= BACKEND_BAR,
    )


def _predicted(
    ensemble: Path, backend: str, waveforms: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Raw probabilities and blend of each soundscape, in float32."""
    from birdscope.core.scores import Scores
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.rows import lay_out
    from birdscope.postprocess.stack import apply_settings

    predictor = Predictor.load(ensemble, CLASSES, device="cpu", backend=backend)  # type: ignore[arg-type]
    raw, blends = {}, {}
    for stem, waveform in waveforms.items():
        raw[stem] = predictor.predict(waveform, WINDOWS)
        scores = Scores(
            predictor.classes,
            predictor.checkpoints,
            lay_out([stem], [WINDOWS]),
            raw[stem],
            predictor.weights,
        )
        blends[stem] = apply_settings(scores, predictor.settings)
    return raw, blends


def _against_golden(
    backend: str,
    raw: Mapping[str, np.ndarray],
    blends: Mapping[str, np.ndarray],
    golden: Mapping[str, np.ndarray],
) -> Iterator[Claim]:
    found = {
        "nfnet": [_difference(one[:3], golden[f"{stem}/nfnet"]) for stem, one in raw.items()],
        "seresnext": [
            _difference(one[3], golden[f"{stem}/seresnext"]) for stem, one in raw.items()
        ],
        "blend": [_difference(one, golden[f"{stem}/blend"]) for stem, one in blends.items()],
    }
    for name, differences in found.items():
        worst = max(differences)
        yield Claim(
            f"{backend}: {name} equals the public notebook (largest difference in probability)",
            f"{worst:.1e}",
            f"≤ {PROBABILITY_BAR:.0e}",
            worst <= PROBABILITY_BAR,
        )


def make_public_ensemble(folder: Path) -> Path:
    """Checkpoints with the public keys beside a copy of models/weighted-blend.toml."""
    output([str(require(shared("reference", "make_checkpoints.py"))), str(folder)])
    path = folder / "weighted-blend.toml"
    shutil.copy(PROJECT / "models" / "weighted-blend.toml", path)
    return path


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(np.asarray(ours, np.float64) - theirs).max())
