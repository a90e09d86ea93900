"""Make frame sizes fit networks that halve them."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(frames: Tensor, multiple: int, value: float | None = None) -> Tensor:
    """Extend the last two dimensions at the bottom and right to multiples of `multiple`.

    Args:
        frames: (n, channel, height, width).
        multiple: step of the sizes, in pixels.
        value: a constant to extend with; None repeats the last row and column.

    Returns:
        (n, channel, height', width'); the same tensor if its size fits.
    """
    height, width = frames.shape[-2:]
    extra = (0, -width % multiple, 0, -height % multiple)
    if not any(extra):
        return frames
    return F.pad(frames, extra, mode="replicate" if value is None else "constant", value=value)
