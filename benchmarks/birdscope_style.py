"""birdscope's way of running the same ensemble, as a process to be timed.

`python -m benchmarks.birdscope_style ENSEMBLE BACKEND PRECISION SOUNDSCAPE …` prints one JSON
object, timed like `benchmarks.notebook_style`: decode to member probabilities, nets loaded.
`first_s` is from the start of the process to the first window's probabilities.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks._claim import peak_mb


def main() -> None:
    """Time decode to member probabilities over the given soundscapes."""
    from birdscope.core.types import Recording
    from birdscope.inference.decoding import plan_rows
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.runner import predict_recordings
    from birdscope.inference.store import ScoresMeta, ScoresStore

    ensemble, backend, precision = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    classes = tuple(f"class{column}" for column in range(206))
    predictor = Predictor.load(ensemble, classes, backend=backend, precision=precision)  # type: ignore[arg-type]
    recordings = [
        Recording(key=f"{number}.ogg", path=Path(path), split="test_soundscapes")
        for number, path in enumerate(sys.argv[4:])
    ]
    meta = ScoresMeta(
        classes=classes,
        checkpoints=predictor.checkpoints,
        weights=dict(predictor.weights),
        settings={},
        split="test_soundscapes",
        dataset="benchmark",
        ensemble=predictor.ensemble.name,
    )
    predictor.predict_window(np.zeros(60 * 32_000, np.float32), 0, 12)
    first_s = time.time() - psutil.Process().create_time()
    predictor.predict(np.zeros(60 * 32_000, np.float32), 12)
    with tempfile.TemporaryDirectory() as folder:
        keys = [one.key for one in recordings]
        store = ScoresStore.open_or_resume(
            Path(folder) / "scores", meta, keys, lambda: plan_rows(recordings)
        )
        with store:
            begin = time.perf_counter()
            predict_recordings(predictor, recordings, store)
            seconds = time.perf_counter() - begin
            values = store.scores().values
            checksum = float(values[:3].mean() + values[3].mean())
    said = {"seconds": seconds, "peak_mb": peak_mb(), "checksum": checksum, "first_s": first_s}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
