"""From a checkpoint's outputs to a dataset's columns, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import CheckpointError


@dataclass(frozen=True)
class ClassMap:
    """Where each of the dataset's C columns comes from.

    Attributes:
        outputs: int64 [C], the checkpoint's output for each column; −1 where it has none.
    """

    outputs: npt.NDArray[np.int64]

    @property
    def known(self) -> int:
        """Columns that the checkpoint can score."""
        return int((self.outputs >= 0).sum())

    def apply(self, probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Reorder float32 [W, outputs] to [W, C]; absent classes are 0.0."""
        columns = probabilities[:, np.maximum(self.outputs, 0)]
        columns[:, self.outputs < 0] = 0.0
        return columns


def map_classes(
    path: Path, n_outputs: int, known: Sequence[str] | None, dataset: Sequence[str]
) -> ClassMap:
    """Match a checkpoint's outputs with a dataset's columns.

    Args:
        path: The checkpoint, for errors.
        n_outputs: Its outputs.
        known: Their labels; None means that they are said to follow the dataset's columns.
        dataset: Labels of the dataset's columns.

    Raises:
        CheckpointError: if the counts differ, or no class is common to both.
    """
    if known is None:
        if n_outputs != len(dataset):
            raise CheckpointError(
                f"has {n_outputs} classes and the dataset {len(dataset)}; which is which is "
                'not known (classes = "dataset" needs the same list)',
                path=path,
                remedy="list its classes in their order, one a line, in a file beside the "
                'ensemble file and give the member `classes = "classes.txt"`',
            )
        return ClassMap(np.arange(n_outputs))
    if len(known) != n_outputs:
        raise CheckpointError(
            f"has {n_outputs} classes, but its class list names {len(known)}",
            path=path,
            remedy='give the member the list it was trained with: `classes = "classes.txt"`',
        )
    position = {label: output for output, label in enumerate(known)}
    outputs = np.array([position.get(label, -1) for label in dataset], dtype=np.int64)
    if not (outputs >= 0).any():
        raise CheckpointError(
            f"knows none of the dataset's classes (its own begin with {', '.join(known[:3])})",
            path=path,
            remedy="use an ensemble trained for this dataset",
        )
    return ClassMap(outputs)
