"""Grow the masks of real objects, so that no edge or shadow is left beside the hole."""

from __future__ import annotations

import cv2
import numpy as np

from .checks import check_hole, check_whole


def dilate_hole(hole: np.ndarray, pixels: int) -> np.ndarray:
    """Grow the hole of every frame on all sides.

    Args:
        hole: (time, height, width) uint8, 1 = missing.
        pixels: grow by this Euclidean distance; 0 changes nothing.

    Returns:
        a new array of the same shape and type.

    Raises:
        ValueError: `hole` is not a uint8 array of zeros and ones, or `pixels` is not a whole number from 0 up.
    """
    check_hole(hole)
    pixels = check_whole("pixels", pixels, 0)
    across = np.arange(-pixels, pixels + 1)
    kernel = (across[:, None] ** 2 + across**2 <= pixels**2).astype(np.uint8)
    wider = np.empty_like(hole)
    for before, after in zip(hole, wider):
        after[:] = cv2.dilate(before, kernel)
    return wider


def dilate_hole_in_time(hole: np.ndarray, frames: int) -> np.ndarray:
    """Add the holes of neighboring frames to every frame.

    Args:
        hole: (time, height, width) uint8, 1 = missing.
        frames: neighbors before and after; 0 changes nothing.

    Returns:
        a new array of the same shape and type: frame t is the union of frames t - frames to t + frames.

    Raises:
        ValueError: `hole` is not a uint8 array of zeros and ones, or `frames` is not a whole number from 0 up.
    """
    check_hole(hole)
    frames = check_whole("frames", frames, 0)
    wider = hole.copy()
    for away in range(1, min(frames, len(hole) - 1) + 1):
        wider[away:] |= hole[:-away]
        wider[:-away] |= hole[away:]
    return wider
