"""Compare frames by the activations of a frozen network."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from lgtsm.checks import check_choice


class PerceptualLoss(nn.Module):
    """Mean absolute difference of activations, summed over the layers, Eq. 5.

    Args:
        time_reduction: "mean" over the frames, as in the released program, or "sum", as printed in Eq. 5.

    Source: Chang et al. 2019, Eq. 5.
    """

    def __init__(self, time_reduction: str = "mean"):
        super().__init__()
        check_choice("time_reduction", time_reduction, ("mean", "sum"))
        self.time_reduction = time_reduction

    def forward(self, filled: list[Tensor], true: list[Tensor], num_frames: int) -> Tensor:
        """Return a scalar, the mean over the batch.

        Args:
            filled, true: activations of each layer, (batch·time, channel, height, width).
            num_frames: frames of one clip.
        """
        total: Any = sum((a.float() - b.float()).abs().mean() for a, b in zip(filled, true, strict=True))
        return total * num_frames if self.time_reduction == "sum" else total
