"""Make frame sizes fit networks that halve them."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(frames: Tensor, multiple: int, value: float | None = None) -> Tensor:
    """Extend the last two dimensions at the bottom and right to multiples of `multiple`.

    Args:
        frames: (n, channel, height, width).
        multiple: the least common step of the sizes, in pixels.
        value: a constant to extend with; without one the last row and column repeat.

    Returns:
        (n, channel, height', width'); the same tensor where nothing has to be added.
    """
    height, width = frames.shape[-2:]
    extra = (0, -width % multiple, 0, -height % multiple)
    if not any(extra):
        return frames
    if value is None:
        return F.pad(frames, extra, mode="replicate")
    return F.pad(frames, extra, value=value)
