"""Convert a batch of samples from bytes to floats, on the device.

torch's default collation stacks samples {"video": uint8 (time, 3, height, width), "hole": uint8 (time, 1, height,
width), "name": str, "skipped": str}; see `lgtsm.data.clips`. Some have "candidates": uint8 (time, 16, height, width);
see `lgtsm.data.candidates`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def as_floats(batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Return video (batch, time, 3, height, width) in [0, 1] and hole (batch, time, 1, height, width) in {0, 1}."""
    return batch["video"].to(torch.float32) / 255, batch["hole"].to(torch.float32)


def given_candidates(batch: dict[str, Any]) -> dict[str, Tensor]:
    """Return {"candidates": (batch, time, 16, height, width) in [0, 1]}, or {} if the batch has none."""
    return {"candidates": batch["candidates"].to(torch.float32) / 255} if "candidates" in batch else {}
