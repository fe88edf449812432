"""TimmSED: member 1 of the weighted blend, module by module as in the public notebook."""

from __future__ import annotations

from torch import Tensor, nn

from birdscope.nets.attention import AttBlockV2, hidden_features, init_layer, init_norm
from birdscope.nets.backbone import trunk, width_of
from birdscope.nets.base import SedNetwork, SedOutput
from birdscope.nets.config import Init


class TimmSED(SedNetwork):
    """A timm trunk, mean over frequency, attention over time.

    `bn0` exists because the public checkpoints hold it, and is not applied, as there.

    Args:
        backbone: A timm model without classifier; its last two children are left out.
        in_channels: Of the backbone; a one-channel mel is repeated to it.
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
        self.bn0 = nn.BatchNorm2d(n_mels).requires_grad_(False)
        children = trunk(backbone)
        self.trunk_names = tuple(name for name, _ in children)
        self.encoder = nn.Sequential(*(child for _, child in children))
        width = width_of(self.encoder, in_channels)
        self.fc1 = nn.Linear(width, hidden or width)
        self.att_block2 = AttBlockV2(hidden or width, n_classes, init)
        init_norm(self.bn0)
        init_layer(self.fc1, init)

    def forward(self, mel: Tensor) -> SedOutput:
        """Score mels [B, 1 or 3, mels, frames]."""
        features = self.encoder(self.match_channels(mel)).mean(dim=2)
        output: SedOutput = self.att_block2(
            hidden_features(features, self.fc1, self.dropout, self.training)
        )
        return output
