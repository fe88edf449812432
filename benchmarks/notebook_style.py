"""The public weighted-blend notebook's way of running, as a process to be timed.

`python -m benchmarks.notebook_style MODELS SOUNDSCAPE …` prints one JSON object. Same
arithmetic and structure as the notebook (methods of docs/methods.md), own code: eager torch in
float32; nfnet with all windows of a file in one batch for each of three checkpoints, five files
at once in threads; seresnext window by window with batch 1, four files at once.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import soundfile
import torch
import torchaudio

from benchmarks._claim import peak_mb
from birdscope.nets.birdclef_model import front_end_of_cfg
from birdscope.nets.checkpoints import load_checkpoint
from birdscope.nets.config import SedConfig
from birdscope.nets.loading import load_network

RATE, WINDOW = 32_000, 160_000
WINDOWS = 12
NFNET_THREADS, SERESNEXT_THREADS = 5, 4


class Nfnet:
    """Three checkpoints, each on all windows of a file at once."""

    def __init__(self, folder: Path) -> None:
        model = SedConfig(architecture="timm_sed", backbone="eca_nfnet_l0", n_mels=128)
        checkpoints = [load_checkpoint(path) for path in sorted(folder.glob("*.pth"))]
        self.networks = [load_network(one, model).eval() for one in checkpoints]
        self.mel = torchaudio.transforms.MelSpectrogram(
            sample_rate=RATE, n_fft=1024, win_length=1024, hop_length=512, f_min=40,
            f_max=15000, n_mels=128, power=2.0, norm="slaney", mel_scale="htk",
        )  # fmt: skip

    def predict(self, path: Path) -> np.ndarray:
        """Probabilities [checkpoints, windows, classes]."""
        wave = torch.from_numpy(load(path)).reshape(WINDOWS, WINDOW)
        mel = torch.log(self.mel(wave) + 1e-6)
        mean, std = mel.mean(dim=(1, 2), keepdim=True), mel.std(dim=(1, 2), keepdim=True)
        images = ((mel - mean) / (std + 1e-6))[:, None].repeat(1, 3, 1, 1)
        return np.stack([torch.sigmoid(one(images).clip_logits).numpy() for one in self.networks])


class Seresnext:
    """One checkpoint, window by window, ten seconds for each."""

    def __init__(self, folder: Path) -> None:
        checkpoint = load_checkpoint(next(folder.glob("*.pth")))
        model = SedConfig(
            architecture="birdclef_model",
            backbone="seresnext26t_32x4d",
            in_channels=checkpoint.cfg["in_channels"],
            n_mels=front_end_of_cfg(checkpoint.cfg, checkpoint.path).n_mels,
        )
        self.network = load_network(checkpoint, model, through_half=True).eval()
        cfg = checkpoint.cfg
        self.normal = cfg.get("normal", 80)
        self.mel = torchaudio.transforms.MelSpectrogram(
            sample_rate=RATE, n_fft=cfg["n_fft"], hop_length=cfg["hop_length"],
            n_mels=cfg["n_mels"], f_min=cfg["f_min"], f_max=cfg["f_max"], power=2.0,
            pad_mode="constant", norm="slaney", mel_scale="htk",
        )  # fmt: skip
        self.to_db = torchaudio.transforms.AmplitudeToDB(stype="power", top_db=80)

    def predict(self, path: Path) -> np.ndarray:
        """Probabilities [windows, classes]."""
        wave = load(path)
        margin = WINDOW // 2
        padded = np.pad(wave, (margin, margin))
        rows = [self._window(padded[at : at + 2 * WINDOW]) for at in range(0, len(wave), WINDOW)]
        return np.concatenate(rows)

    def _window(self, sound: np.ndarray) -> np.ndarray:
        image = self.to_db(self.mel(torch.from_numpy(sound)[None]))
        image = (image + 80) / 80 if self.normal == 80 else image / 255
        frames = torch.sigmoid(self.network(image[:, None]).segment_logits)
        total = frames.shape[1]
        start, end = int(total / 4), int(total / 4 + total / 2)
        centre = frames[:, start:end].amax(dim=1)
        earlier = frames[:, max(0, start - 2) : end - 2].amax(dim=1)
        later = frames[:, start + 2 : min(total, end + 2)].amax(dim=1)
        return (0.5 * centre + 0.25 * earlier + 0.25 * later).numpy()


def load(path: Path) -> np.ndarray:
    """The minute of a soundscape, float32 [samples]."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE, path
    return np.ascontiguousarray(
        np.pad(wave[:, 0], (0, max(0, WINDOWS * WINDOW - len(wave))))[: WINDOWS * WINDOW]
    )


def main() -> None:
    """Time decode to member probabilities over the given soundscapes."""
    models, paths = Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]]
    nfnet, seresnext = Nfnet(models / "nfnet"), Seresnext(models / "seresnext")
    with torch.inference_mode():
        nfnet.predict(paths[0])
        seresnext.predict(paths[0])
    first_s = time.time() - psutil.Process().create_time()

    def without_gradients(predict):  # type: ignore[no-untyped-def]
        def run(path: Path) -> np.ndarray:
            with torch.inference_mode():
                return predict(path)

        return run

    begin = time.perf_counter()
    with ThreadPoolExecutor(NFNET_THREADS) as pool:
        first = list(pool.map(without_gradients(nfnet.predict), paths))
    with ThreadPoolExecutor(SERESNEXT_THREADS) as pool:
        second = list(pool.map(without_gradients(seresnext.predict), paths))
    seconds = time.perf_counter() - begin
    checksum = float(np.mean([one.mean() for one in first]) + np.mean([o.mean() for o in second]))
    said = {"seconds": seconds, "peak_mb": peak_mb(), "checksum": checksum, "first_s": first_s}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
