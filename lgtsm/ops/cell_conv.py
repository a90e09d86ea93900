"""Convolve cells of pixels without gathering them first."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def convolve_cells(frames: Tensor, conv: nn.Conv2d, cell: int) -> Tensor:
    """Return `conv(pixel_unshuffle(frames, cell))`: the same sums as a larger kernel with a stride of a cell.

    Args:
        frames: (n, channel, height, width), sizes multiples of `cell`.
        conv: of stride 1 and dilation 1, on channel·cell·cell channels.
        cell: pixels each way.
    """
    out_channels, _, height, width = conv.weight.shape
    # (out, channel, row in cell, column in cell, cells down, cells right)
    apart = conv.weight.unflatten(1, (-1, cell, cell))
    kernel = apart.permute(0, 1, 4, 2, 5, 3).reshape(out_channels, -1, height * cell, width * cell)
    padding = [int(pad) * cell for pad in conv.padding]
    return F.conv2d(frames, kernel, conv.bias, cell, padding)
