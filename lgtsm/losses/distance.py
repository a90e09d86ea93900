"""Compare filled frames with the true ones by a frozen network's distance."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgtsm.checks import check_positive


class DistanceLoss(nn.Module):
    """Mean distance of filled and true frames, divided by the share of the hole.

    The division makes clips with small and large holes count alike, as the known pixels add nothing.

    Args:
        network: frozen, frames (n, 3, height, width), true frames -> distances (n,), such as
            `lgtsm.features.stlpips.STLPIPSNetwork`.
        every: compare every N-th frame, beginning with a random one, to save time.
        least_share: hole shares below are taken as this.

    Source: Zhang et al. 2018, distances of features as a loss; Ghildyal and Liu 2022 for ST-LPIPS.
    """

    def __init__(self, network: nn.Module, every: int = 3, least_share: float = 0.05):
        super().__init__()
        check_positive("every", every)
        check_positive("least_share", least_share)
        self.network, self.every, self.least_share = network, every, least_share

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> Tensor:
        """Return a scalar; arguments as of `lgtsm.losses.ReconstructionLoss`."""
        first = int(torch.randint(min(self.every, video.shape[1]), ()))
        filled, true, missing = (part[:, first :: self.every].flatten(0, 1) for part in (output["filled"], video, hole))
        share = (missing > 0.5).float().mean((1, 2, 3)).clamp(min=self.least_share)
        return (self.network(filled, true).float() / share).mean()
