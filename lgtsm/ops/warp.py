"""Move frames along optical flow, and find where flow cannot be trusted."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def warp(frames: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """Fetch each pixel from the target of its flow, bilinearly.

    Args:
        frames: (n, channel, height, width).
        flow: (n, 2, height, width), in pixels: x (to the right), then y (down). Pixel (x, y) of the result is
            frames at (x + flow_x, y + flow_y).

    Returns:
        (n, channel, height, width), and bool (n, 1, height, width), True where the target is inside the frame.

    Raises:
        ValueError: the shapes do not fit together.
    """
    n, _, height, width = frames.shape
    if tuple(flow.shape) != (n, 2, height, width):
        raise ValueError(
            f"flow must be (n, 2, height, width) for frames {tuple(frames.shape)}; got {tuple(flow.shape)}."
        )
    x = torch.arange(width, device=flow.device, dtype=flow.dtype) + flow[:, 0]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None] + flow[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], dim=-1)
    warped = F.grid_sample(frames, grid.to(frames.dtype), mode="bilinear", padding_mode="border", align_corners=True)
    return warped, inside[:, None]


def flow_is_consistent(forward: Tensor, backward: Tensor) -> Tensor:
    """Tell where the forward flow and then the backward flow lead back to the start.

    Args:
        forward: (n, 2, height, width), flow from a frame to the other, in pixels, x then y.
        backward: the same from the other frame to the first.

    Returns:
        bool (n, 1, height, width): False at occlusions, at edges of motion, and where the flow leaves the frame.

    Source: Ruder et al. 2016, Artistic style transfer for videos, Section 3 (after Sundaram et al. 2010):
    |w + w'|² > 0.01 (|w|² + |w'|²) + 0.5 is occluded, |∇u|² + |∇v|² > 0.01 |w|² + 0.002 is an edge of motion.
    """
    back, inside = warp(backward, forward)
    length = forward.square().sum(1, keepdim=True)
    gap = (forward + back).square().sum(1, keepdim=True)
    occluded = gap > 0.01 * (length + back.square().sum(1, keepdim=True)) + 0.5
    along_x = F.pad(forward.diff(dim=3), (0, 1)).square().sum(1, keepdim=True)
    along_y = F.pad(forward.diff(dim=2), (0, 0, 0, 1)).square().sum(1, keepdim=True)
    edge = along_x + along_y > 0.01 * length + 0.002
    return inside & ~occluded & ~edge
