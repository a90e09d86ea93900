"""Put predicted pixels into the hole and leave the known ones as they are."""

from __future__ import annotations

import torch
from torch import Tensor


def composite(video: Tensor, hole: Tensor, predicted: Tensor) -> Tensor:
    """Return `video` with the pixels of the hole taken from `predicted`.

    Known pixels stay bit for bit, even if `predicted` is not finite or has a lower precision.

    Args:
        video: (batch, time, 3, height, width), in [0, 1].
        hole: (batch, time, 1, height, width), 1 = missing; values above 0.5 count as missing.
        predicted: like video.

    Returns:
        (batch, time, 3, height, width), in the type of video.
    """
    return torch.where(hole > 0.5, predicted.to(video.dtype), video)
