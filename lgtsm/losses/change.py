"""Compare how the pixels of the hole change from frame to frame."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class ChangeLoss(nn.Module):
    """Mean absolute difference between the filled and the true change from frame to frame, in the hole.

    0 where the fill is wrong by the same amount in both frames: it punishes flicker, not color. Ours; it is what
    `lgtsm.metrics.TemporalFlicker` measures.
    """

    def forward(self, output: dict[str, Tensor], video: Tensor, hole: Tensor) -> Tensor:
        """Return a scalar, 0 for single frames; arguments as of `lgtsm.losses.ReconstructionLoss`."""
        missing = (hole > 0.5).float()
        error = output["predicted"].float().sub(video.float()) * missing
        change: Any = error.diff(dim=1).abs().sum((1, 2, 3, 4))
        return (change / (missing.sum((1, 2, 3, 4)) * video.shape[2]).clamp(min=1)).mean()
