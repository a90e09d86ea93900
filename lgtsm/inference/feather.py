"""Paste a fill into the hole without a visible edge."""

from __future__ import annotations

import cv2
import numpy as np

from lgtsm.inference.regions import bounding_region


def feather_margin(feather: int) -> int:
    """Return the pixels around the hole that `paste_feathered` reads."""
    return 3 * feather // 2


def paste_feathered(frame: np.ndarray, hole: np.ndarray, fill: np.ndarray, feather: int) -> np.ndarray:
    """Blend `fill` into the hole so that it meets the known pixels smoothly.

    The difference between known pixels and fill around the hole continues into the hole, fading with the distance from
    its edge. Known pixels stay unchanged.

    Args:
        frame: uint8 (height, width, 3).
        hole: uint8 (height, width), 1 = missing.
        fill: uint8 (height, width, 3), a prediction of the whole frame.
        feather: pixels over which the difference fades; 0 pastes the fill unchanged.

    Returns:
        uint8 (height, width, 3).
    """
    missing = hole > 0
    around = bounding_region(missing)
    if around is None:
        return frame
    if feather <= 0 or missing.all():
        return np.where(missing[..., None], fill, frame)
    box = around.grown(3 * feather, 3 * feather, *missing.shape)
    part = np.s_[box.top : box.bottom, box.left : box.right]
    known = (~missing[part]).astype(np.float32)
    difference = (frame[part].astype(np.float32) - fill[part]) * known[..., None]
    size = 2 * feather_margin(feather) + 1
    weight = cv2.GaussianBlur(known, (size, size), feather / 2)
    carried = cv2.GaussianBlur(difference, (size, size), feather / 2) / np.maximum(weight, 1e-4)[..., None]
    depth = cv2.distanceTransform(missing[part].astype(np.uint8), cv2.DIST_L2, 3)
    fade = np.exp(-depth / feather)[..., None] * (weight > 1e-4)[..., None]
    smooth = np.clip(np.rint(fill[part] + fade * carried), 0, 255).astype(np.uint8)
    out = frame.copy()
    out[part][missing[part]] = smooth[missing[part]]
    return out
