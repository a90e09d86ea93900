"""Correct the coarse shades of a smooth fill with the network that ships with the package."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from lgtsm.classical.diffusion import box_around
from lgtsm.classical.frame_threads import for_each
from lgtsm.classical.patch_search import resize_frames
from lgtsm.models.methods import WEIGHTS
from lgtsm.models.weights import load_model

SHORT_SIDE = 45  # pixels of the frames that the network sees, about those it was trained on


@cache
def completion_network() -> nn.Module:
    """Return the network of `lgtsm/weights/completion.md`, loaded once in a process."""
    return load_model(WEIGHTS / "completion.safetensors")


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
    change = _run_network(small, hole) - small  # 0 outside the hole
    corrected = np.empty_like(smooth)

    def correct(t: int) -> None:
        corrected[t] = smooth[t]
        if missing[t].any():
            part = box_around(missing[t], 0, 0)
            large = cv2.resize(change[t], (width, height), interpolation=cv2.INTER_CUBIC)[part]
            shades = np.clip(smooth[t][part] + large, 0, 1)
            np.copyto(corrected[t][part], shades, where=missing[t][part][..., None])

    for_each(correct, range(len(smooth)))
    return corrected


def _run_network(frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Fill hole, bool (time, height, width, 1), with the frames alone that it depends on."""
    network: Any = completion_network()
    wanted = np.asarray(hole.any((1, 2, 3)))
    # A frame without known pixels depends on all others, as the network starts it with their mean color.
    reach = (len(hole), len(hole)) if hole.all((1, 2, 3)).any() else network.network.temporal_reach
    filled = frames.copy()
    for span in spans_around(wanted, *reach):
        parts = (frames[span], hole[span].astype(np.float32))
        video, video_hole = (torch.from_numpy(part).permute(0, 3, 1, 2)[None] for part in parts)
        with torch.inference_mode():
            filled[span] = network(video, video_hole)["filled"][0].permute(0, 2, 3, 1).numpy()
    return filled


def spans_around(wanted: np.ndarray, behind: int, ahead: int) -> list[slice]:
    """Return the runs of frames on which the wanted ones, bool (time,), depend: so many behind and ahead of each."""
    needed = np.zeros(len(wanted), np.int8)
    for t in np.flatnonzero(wanted):
        needed[max(0, t - behind) : t + ahead + 1] = 1
    edges = np.flatnonzero(np.diff(needed, prepend=0, append=0)).tolist()
    return [slice(first, end) for first, end in zip(edges[::2], edges[1::2])]
