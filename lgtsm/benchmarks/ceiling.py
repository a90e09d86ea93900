"""The fastest that a device computes: one large convolution, and one large matrix product."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

SIDE = 2048  # of the matrices


@torch.inference_mode()
def ceilings(dtype: torch.dtype, device: torch.device) -> dict[str, Callable[[], float]]:
    """Return what to run by name; each returns its number of billions of operations, two for a multiply-add.

    The convolution is that of the paper's inner layers: eight frames of 45x80, 256 channels in and out, 3x3 taps.
    """

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device=device).to(dtype)

    layout = torch.channels_last
    frames, kernel = numbers(8, 256, 45, 80).to(memory_format=layout), numbers(256, 256, 3, 3).to(memory_format=layout)
    left, right = numbers(SIDE, SIDE), numbers(SIDE, SIDE)

    @torch.inference_mode()
    def convolution() -> float:
        F.conv2d(frames, kernel, padding=1)
        return 2 * frames.numel() * kernel[0].numel() / 1e9

    @torch.inference_mode()
    def product() -> float:
        left @ right
        return 2 * SIDE**3 / 1e9

    return {"one convolution": convolution, "one matrix product": product}
