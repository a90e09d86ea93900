"""Compare textures by Gram matrices of a frozen network's activations."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice


class StyleLoss(nn.Module):
    """Absolute difference of Gram matrices divided by channel·height·width, summed over the layers, Eq. 6.

    Args:
        divisor: "paper" divides the sum over the Gram matrix by channel²; "released" takes its mean (the same), then
            divides by 2, 4, 8, ... for the first, second, third layer, ...
        time_reduction: "mean" over the frames, as in the released program, or "sum", as printed in Eq. 6.

    Source: Chang et al. 2019, Eq. 6.
    Differs: the released program mixes the frames of a batch in one Gram matrix; here each frame has its own.
    """

    def __init__(self, divisor: str = "paper", time_reduction: str = "mean"):
        super().__init__()
        check_choice("divisor", divisor, ("paper", "released"))
        check_choice("time_reduction", time_reduction, ("mean", "sum"))
        self.divisor = divisor
        self.time_reduction = time_reduction

    def forward(self, filled: list[Tensor], true: list[Tensor], num_frames: int) -> Tensor:
        """Return a scalar, the mean over the batch.

        Args:
            filled, true: activations of each layer, (batch·time, channel, height, width).
            num_frames: frames of one clip.
        """
        total: Any = 0.0
        for layer, (a, b) in enumerate(zip(filled, true, strict=True)):
            difference = (gram(a) - gram(b)).abs().mean()
            total = total + (difference / 2 ** (layer + 1) if self.divisor == "released" else difference)
        return total * num_frames if self.time_reduction == "sum" else total


def gram(activations: Tensor) -> Tensor:
    """Return (n, channel, channel): products of channels over the pixels, divided by channel·height·width."""
    flat = activations.float().flatten(2)
    # In full precision: sums over thousands of pixels overflow fp16 and lose digits in bf16.
    with torch.autocast(flat.device.type, enabled=False):
        return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])
