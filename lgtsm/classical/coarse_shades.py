"""Correct the coarse shades of a smooth fill with the network that ships with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from lgtsm.classical.patch_search import resize_frames
from lgtsm.models.weights import load_model

WEIGHTS = Path(__file__).parents[1] / "weights" / "completion.safetensors"
SHORT_SIDE = 45  # pixels of the frames that the network sees, about those it was trained on


@cache
def completion_network() -> nn.Module:
    """Return the network of `lgtsm/weights/completion.md`, loaded once in a process."""
    return load_model(WEIGHTS)


def correct_shades(smooth: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return frames whose missing pixels have the coarse shades that the network expects there.

    Args:
        smooth: float32 (time, height, width, 3) in [0, 1], missing pixels filled smoothly.
        missing: bool (time, height, width).

    Returns:
        float32, like smooth and equal to it where nothing is missing, within [0, 1].
    """
    height, width = smooth.shape[1:3]
    scale = min(1.0, SHORT_SIDE / min(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = resize_frames(smooth, *size)
    hole = resize_frames(missing[..., None].astype(np.float32), *size) > 0.5
    if not hole.any() or hole.all():
        return smooth
    video, video_hole = (torch.from_numpy(part).permute(0, 3, 1, 2)[None] for part in (small, hole.astype(np.float32)))
    with torch.no_grad():
        filled = completion_network()(video, video_hole)["filled"]
    change = filled[0].permute(0, 2, 3, 1).numpy() - small  # 0 outside the hole
    corrected = smooth.copy()
    for t in np.flatnonzero(missing.any((1, 2))):
        large = cv2.resize(change[t], (width, height), interpolation=cv2.INTER_CUBIC)
        corrected[t][missing[t]] = np.clip(smooth[t] + large, 0, 1)[missing[t]]
    return corrected
