"""Why a teacher's labels help or don't: the demo dataset's unlabelled pool, with its truth known.

`python -m benchmarks.pool_truth DIR [--seeds 2]` goes on from `python -m benchmarks.recipes DIR`.
The pool's soundscapes were drawn, so that what calls in them is known, though no training is
told. It prints how well the first round's teacher orders the pool's windows, what it gives to
what calls and to what doesn't, and trains the round once more with the truth in place of the
teacher's labels: what is lost beside that is the teacher's fault; what is still missing isn't.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from benchmarks.recipe_rows import ROWS, Row, result_path
from benchmarks.recipe_table import table
from benchmarks.recipes import dataset, measure

TEACHER = "noisy student, each round going on"
_HEARD_S = 0.1


def main() -> int:
    """Print what the teacher said, then the table with and without its labels."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pool_truth", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="of the study of recipes")
    parser.add_argument("--seeds", type=int, default=2, metavar="N")
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    data = dataset("demo", args.folder)
    taught = next(row for row in ROWS if row.name == TEACHER)
    for seed in range(args.seeds):
        pool = result_path(args.folder, "demo", taught, seed).with_suffix("")
        pool = pool / "stages" / "2-round-1" / "pseudo"
        _tell(seed, pool)
        with patch("birdscope.training.stages.make_pseudo_labels", _Truth(pool)):
            measure(oracle(taught), seed, "demo", data, args.folder)
    rows = [row for row in ROWS if row.name in ("+ mixup (max labels)", TEACHER, taught.against)]
    print("\n".join(table("demo", [*rows, oracle(taught)], args.folder)))
    return 0


def oracle(taught: Row) -> Row:
    """The first round with the truth in place of the teacher's labels."""
    stages = taught.changes["stages"][:2]
    return Row(
        "round 1 with the pool's true labels",
        {**taught.changes, "stages": stages},
        taught.against,
        ("round 1",),
    )


def truth_of(labels: Any) -> npt.NDArray[np.float32]:
    """What calls in each window of the pool for a tenth of a second or more, [W, C]."""
    from birdscope.dataset.demo import FULL
    from birdscope.dataset.synthetic.plan import PlannedSoundscape

    calls = {}
    for number in range(FULL.unlabelled):
        planned = PlannedSoundscape("unlabelled", number, FULL.soundscape_s, 0)
        calls[planned.name] = planned.make().calls
    column = {label: at for at, label in enumerate(labels.meta.classes)}
    truth = np.zeros(labels.probabilities.shape, np.float32)
    for row, (key, start_s) in enumerate(labels.keys):
        for call in calls[Path(key).name]:
            heard_s = min(call.end_s, start_s + 5.0) - max(call.start_s, start_s)
            if heard_s >= _HEARD_S:
                truth[row, column[call.label]] = 1.0
    return truth


def _tell(seed: int, pool: Path) -> None:
    from birdscope.metrics.roc_auc import macro_roc_auc
    from birdscope.training.pseudo_store import PseudoLabels

    labels = PseudoLabels.open(pool)
    truth, said = truth_of(labels), labels.probabilities
    calling = truth > 0
    top = np.take_along_axis(calling, said.argmax(axis=1)[:, None], axis=1).mean()
    auc = macro_roc_auc(truth.astype(np.int8), said).macro
    print(
        f"seed {seed}: {len(truth)} windows of the pool, {calling.sum(axis=1).mean():.2f} species "
        f"in each; the teacher's macro ROC-AUC on them {auc:.3f}; its first choice calls in "
        f"{top:.0%}; it gives {said[calling].mean():.3f} to what calls and "
        f"{said[~calling].mean():.3f} to what doesn't: {said.sum(axis=1).mean():.2f} in all"
    )


class _Truth:
    """Stands for the teacher: the same windows, with the truth."""

    def __init__(self, pool: Path) -> None:
        self.pool = pool

    def __call__(self, folder: Path, *_: Any, **__: Any) -> Any:
        from birdscope.training.pseudo_store import PseudoLabels, write_labels

        labels = PseudoLabels.open(self.pool)
        shutil.copytree(self.pool, folder, dirs_exist_ok=True)
        write_labels(folder, labels.meta, labels.keys, truth_of(labels))
        return PseudoLabels.open(folder)


if __name__ == "__main__":
    sys.exit(main())
