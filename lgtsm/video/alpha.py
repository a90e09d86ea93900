"""Transparency of what was filled."""

from __future__ import annotations

import cv2
import numpy as np


def continue_alpha(alpha: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """Carry the alpha around changed pixels into them, so that what was removed leaves no outline.

    Args:
        alpha: (height, width), uint8 or uint16.
        changed: bool (height, width).

    Returns:
        Like alpha; opaque if all pixels changed.
    """
    if changed.all():
        return np.full_like(alpha, np.iinfo(alpha.dtype).max)
    if alpha.min() == alpha.max():
        return alpha
    return cv2.inpaint(np.ascontiguousarray(alpha), changed.astype(np.uint8), 3, cv2.INPAINT_TELEA)
