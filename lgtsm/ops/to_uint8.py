"""Turn floats in [0, 1] into bytes."""

from __future__ import annotations

import numpy as np
from torch import Tensor


def to_uint8(values: Tensor) -> np.ndarray:
    """Return images as bytes, rounded to the nearest, with channels last.

    Args:
        values: (..., channel, height, width) of any float type and device; clipped to [0, 1], with 0 for NaN.

    Returns:
        uint8 (..., height, width, channel), contiguous.
    """
    rounded = values.float().nan_to_num().clamp_(0, 1).mul_(255).round_().byte()
    return np.ascontiguousarray(rounded.movedim(-3, -1).cpu().numpy())
