"""Bring a batch of videos to NumPy, one clip at a time, and its filling back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from lgtsm.checks import check_video_and_hole
from lgtsm.ops.compositing import composite


def fill_clips(video: Tensor, hole: Tensor, fill: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> dict[str, Tensor]:
    """Fill each clip by itself with a function on arrays.

    Args:
        video: (batch, time, 3, height, width) in [0, 1].
        hole: (batch, time, 1, height, width), 1 = missing.
        fill: takes float32 (time, height, width, 3) in [0, 1], 0 under the hole, and bool (time, height, width), True =
            missing; returns the filled frames, like the first.

    Returns:
        "filled" and "predicted", like video, on its device; gray where a clip knows nothing at all.

    Raises:
        ValueError: video and hole are not such tensors.
    """
    check_video_and_hole(video, hole)
    missing = hole > 0.5
    # A select, so that nothing under the hole, not even NaN, gets through.
    frames = video.detach().masked_fill(missing, 0).float().permute(0, 1, 3, 4, 2).contiguous().cpu().numpy()
    holes = missing[:, :, 0].cpu().numpy()
    filled = []
    for clip, clip_hole in zip(frames, holes):
        if clip_hole.all():
            clip = np.full_like(clip, 0.5)
        elif clip_hole.any():
            with torch.autocast("cpu", enabled=False):
                clip = fill(clip, clip_hole)
        filled.append(torch.from_numpy(np.ascontiguousarray(clip)))
    predicted = torch.stack(filled).permute(0, 1, 4, 2, 3).to(video.device)
    predicted = composite(video, hole, predicted)
    return {"filled": predicted, "predicted": predicted}
