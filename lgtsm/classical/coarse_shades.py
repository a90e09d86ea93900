"""Correct the coarse shades of a smooth fill with the network that ships with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from lgtsm.models.weights import load_model

WEIGHTS = Path(__file__).parents[1] / "weights" / "completion.safetensors"
SHORT_SIDE = 45  # pixels of the frames that the network sees, about those it was trained on


@cache
def completion_network() -> nn.Module:
    """Return the network of `lgtsm/weights/completion.md`, loaded once in a process."""
    return load_model(WEIGHTS).eval()


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
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in smooth])
    shares = np.stack([cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA) for part in missing])
    if not (shares > 0.5).any() or (shares > 0.5).all():
        return smooth
    video = torch.from_numpy(small).permute(0, 3, 1, 2)[None]
    hole = torch.from_numpy((shares > 0.5).astype(np.float32))[None, :, None]
    with torch.inference_mode():
        filled = completion_network()(video, hole)["filled"]
    change = (filled[0].permute(0, 2, 3, 1).numpy() - small) * (shares > 0.5)[..., None]
    corrected = smooth.copy()
    for t in np.flatnonzero(missing.any((1, 2))):
        large = cv2.resize(change[t], (width, height), interpolation=cv2.INTER_CUBIC)
        corrected[t][missing[t]] = np.clip(smooth[t] + large, 0, 1)[missing[t]]
    return corrected
