"""BirdCLEFModel: member 2 of the weighted blend, and the front end in its checkpoint's cfg."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor, nn

from birdscope.core.errors import CheckpointError
from birdscope.core.windows import WINDOW_S
from birdscope.features.front_end import FrontEnd
from birdscope.nets.attention import AttBlockV2, hidden_features, init_layer, init_norm
from birdscope.nets.backbone import trunk, width_of
from birdscope.nets.base import SedNetwork, SedOutput
from birdscope.nets.config import Init

_CFG_KEYS = ("SR", "n_fft", "hop_length", "n_mels", "f_min", "f_max", "normal", "in_channels")


class BirdCLEFModel(SedNetwork):
    """Batch norm over mel bands, a timm trunk, mean over frequency, attention over time.

    The public checkpoint holds the trunk twice (`backbone.*` and `encoder.*`) and the mel
    buffers; here it is kept once, and the front end is a module of its own, shared by all
    checkpoints that have the same (see `nets.public_keys`).

    Args:
        backbone: A timm model without classifier; its last two children take no part.
        in_channels: Of the mel and the backbone.
        n_mels: Mel bands, the size of bn0.
        n_classes: C.
        hidden: Width of the Linear layer; None means the trunk's own.
        dropout: Before and after the Linear layer, in training.
        init: How the Linear layer and the head start.
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        in_channels: int,
        n_mels: int,
        n_classes: int,
        hidden: int | None = None,
        dropout: float = 0.5,
        init: Init = "xavier",
    ) -> None:
        super().__init__()
        self.n_classes, self.in_channels, self.dropout = n_classes, in_channels, dropout
        self.bn0 = nn.BatchNorm2d(n_mels)
        self.backbone = nn.ModuleDict(dict(trunk(backbone)))
        width = width_of(nn.Sequential(*self.backbone.values()), in_channels)
        self.fc1 = nn.Linear(width, hidden or width)
        self.att_block = AttBlockV2(hidden or width, n_classes, init)
        init_norm(self.bn0)
        init_layer(self.fc1, init)

    def forward(self, mel: Tensor) -> SedOutput:
        """Score mels [B, channels, mels, frames]."""
        features = self.bn0(self.match_channels(mel).transpose(1, 2)).transpose(1, 2)
        for child in self.backbone.values():
            features = child(features)
        output: SedOutput = self.att_block(
            hidden_features(features.mean(dim=2), self.fc1, self.dropout, self.training)
        )
        return output


def front_end_of_cfg(cfg: Mapping[str, Any], path: Path) -> FrontEnd:
    """The front end that a public checkpoint's `cfg` describes.

    Raises:
        CheckpointError: if a parameter is missing or has a value that makes no sense.
    """
    missing = [key for key in _CFG_KEYS if key not in cfg]
    if missing:
        raise CheckpointError(
            f"its 'cfg' lacks {', '.join(map(repr, missing))}",
            path=path,
            remedy="give the member a `front_end` in the ensemble file",
        )
    if cfg["normal"] not in (80, 255):
        raise CheckpointError(
            f"its cfg says normal = {cfg['normal']!r}; 80 and 255 are known",
            path=path,
            remedy="give the member a `front_end` in the ensemble file",
        )
    try:
        return FrontEnd(
            sample_rate_hz=cfg["SR"],
            n_fft=cfg["n_fft"],
            hop_length=cfg["hop_length"],
            n_mels=cfg["n_mels"],
            f_min_hz=cfg["f_min"],
            f_max_hz=cfg["f_max"],
            pad_mode="constant",
            compression="db",
            normalisation="80" if cfg["normal"] == 80 else "255",
            channels=cfg["in_channels"],
            channel_mode="deltas",
        )
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'cfg'}: {one['msg']}" for one in error.errors()
        )
        raise CheckpointError(
            f"its 'cfg' describes no front end: {reasons}",
            path=path,
            remedy="give the member a `front_end` in the ensemble file",
        ) from None


def context_of_cfg(cfg: Mapping[str, Any]) -> float:
    """Seconds of sound a window is shown with: the length it was trained on."""
    return float(cfg.get("duration_train", WINDOW_S))
