"""Fill missing pixels of frames as smoothly as their border allows, on any device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

RELAXATIONS = 4


@torch.no_grad()
def smooth_fill(video: Tensor, hole: Tensor, relaxations: int = RELAXATIONS) -> Tensor:
    """Fill each frame's hole from its border, coarse to fine.

    Args:
        video: (batch, time, 3, height, width) in [0, 1]; the pixels under the hole are never used.
        hole: (batch, time, 1, height, width), 1 = missing.
        relaxations: steps at each size that set a missing pixel to the mean of its four neighbors.

    Returns:
        Like video, with its known pixels bit for bit; a frame without known pixels gets the mean color of its clip, and
        a clip without any gets gray.

    Source: the Laplace equation with the known pixels as border, solved from small sizes upwards.
    """
    missing = hole > 0.5
    frames = video.masked_fill(missing, 0)
    if frames.dtype in (torch.float16, torch.bfloat16):  # the sums below would overflow, or lose too much
        frames = frames.float()
    known = (~missing).to(frames.dtype)
    total, count = frames.sum((1, 3, 4), keepdim=True), known.sum((1, 3, 4), keepdim=True)
    mean = torch.where(count > 0, total / count.clamp(min=1), 0.5)
    blank = (known.sum((3, 4), keepdim=True) == 0).to(frames.dtype)
    frames, known = frames + blank * mean, (known + blank).clamp(max=1)
    filled = _fill(frames.flatten(0, 1), known.flatten(0, 1), relaxations).view_as(video)
    return torch.where(missing, filled.to(video.dtype), video)


def _fill(frames: Tensor, known: Tensor, relaxations: int) -> Tensor:
    """Fill (n, 3, height, width), 0 where `known` (n, 1, height, width) is 0."""
    height, width = frames.shape[-2:]
    if max(height, width) == 1:
        return frames
    odd = (0, width % 2, 0, height % 2)
    weight = F.avg_pool2d(F.pad(known, odd), 2)
    coarse = F.avg_pool2d(F.pad(frames * known, odd), 2) / weight.clamp(min=1e-6)
    coarse = _fill(coarse, (weight > 0).to(frames.dtype), relaxations)
    guess = F.interpolate(coarse, scale_factor=2, mode="bilinear")[..., :height, :width]
    filled = torch.where(known > 0, frames, guess)
    for _ in range(relaxations):
        padded = F.pad(filled, (1, 1, 1, 1), mode="replicate")
        around = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
        filled = torch.where(known > 0, filled, around / 4)
    return filled
