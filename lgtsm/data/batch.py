"""From samples of bytes to a batch of numbers.

A sample is {"video": uint8 (time, 3, height, width), "hole": uint8 (time, 1, height, width), "name": str,
"skipped": str}, the last saying which videos could not be used; torch's default collation stacks it. Bytes travel
between processes and to the device, floats are made there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def as_floats(batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Return video (batch, time, 3, height, width) in [0, 1] and hole (batch, time, 1, height, width) in {0, 1}.

    Args:
        batch: collated samples.
    """
    return batch["video"].to(torch.float32) / 255, batch["hole"].to(torch.float32)
