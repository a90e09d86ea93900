"""Bring frames of any size to the size of a clip: resize, crop, flip; the same for all frames of a clip."""

from __future__ import annotations

import cv2
import numpy as np


def resize_and_crop(
    frames: np.ndarray, height: int, width: int, scale: float = 1.0, flip: bool = False, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Resize until the frames cover scale times the wanted size, keeping their aspect, then crop.

    Args:
        frames: uint8 (time, height', width', 3).
        height, width: wanted size, in pixels.
        scale: 1 covers the wanted size just so, 1.2 leaves a fifth to crop from.
        flip: mirror left and right for half of the clips.
        rng: where to crop and whether to flip; None crops the middle and does not flip.

    Returns:
        uint8 (time, height, width, 3), contiguous.

    Source: Chang et al. 2019's released program: scale to 1.2, random crop, horizontal flip.
    """
    own_height, own_width = frames.shape[1:3]
    factor = max(height * scale / own_height, width * scale / own_width)
    new_height, new_width = max(height, round(own_height * factor)), max(width, round(own_width * factor))
    top_room, left_room = new_height - height, new_width - width
    if rng is None:
        top, left, mirror = top_room // 2, left_room // 2, False
    else:
        top, left = int(rng.integers(top_room + 1)), int(rng.integers(left_room + 1))
        mirror = flip and rng.random() < 0.5
    out = np.empty((len(frames), height, width, 3), np.uint8)
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    for t, frame in enumerate(frames):
        if (new_height, new_width) != (own_height, own_width):
            frame = cv2.resize(frame, (new_width, new_height), interpolation=interpolation)
        frame = frame[top : top + height, left : left + width]
        out[t] = frame[:, ::-1] if mirror else frame
    return out
