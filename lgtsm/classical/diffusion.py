"""Fill missing pixels of an image as smoothly as their border allows."""

from __future__ import annotations

import cv2
import numpy as np

from lgtsm.classical.frame_threads import for_each

RELAXATIONS = 24
NEIGHBORS = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)


def diffuse(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill unknown pixels so that each is about the mean of its four neighbors, coarse to fine.

    Args:
        values: float32 (height, width, channel); the values of unknown pixels are never used.
        known: bool (height, width).

    Returns:
        float32 (height, width, channel), equal to values where known; 0 everywhere if nothing is known.

    Source: the Laplace equation with the known pixels as border, solved from half, quarter, ... sizes downwards.
    """
    if known.all():
        return values
    if not known.any():
        return np.zeros_like(values)
    rows, columns = box_around(~known, 1, 1)
    filled = values.copy()
    filled[rows, columns] = _diffuse(values[rows, columns], known[rows, columns])
    return filled


def smooth_frames(frames: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Diffuse frame by frame; a frame without known pixels gets the clip's mean color.

    Args:
        frames: float32 (time, height, width, channel).
        missing: bool (time, height, width); not all True.

    Returns:
        float32 (time, height, width, channel), equal to frames where nothing is missing.
    """
    blank = np.asarray(missing.all((1, 2)))
    mean = frames[~missing].mean(0) if blank.any() else None
    known, filled = ~missing, np.empty(frames.shape, frames.dtype)

    def fill(t: int) -> None:
        filled[t] = mean if blank[t] else diffuse(frames[t], known[t])

    for_each(fill, range(len(frames)))
    return filled


def _diffuse(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    if known.all() or not known.any():  # a cut-out around the unknown pixels may have no known ones
        return values
    height, width = known.shape
    filled = _with_channels(cv2.copyTo(values, known.astype(np.uint8)))  # 0 where unknown
    weight, coarse = _halve(known.astype(np.float32)), _halve(filled)
    coarse = _diffuse(coarse / np.maximum(weight, np.float32(1e-6))[..., None], weight > 0)
    guess = cv2.resize(coarse, (2 * coarse.shape[1], 2 * coarse.shape[0]), interpolation=cv2.INTER_LINEAR)
    unknown = 1 - known.astype(np.uint8)
    cv2.copyTo(_with_channels(guess)[:height, :width], unknown, filled)
    for _ in range(RELAXATIONS):
        mean = cv2.filter2D(filled, -1, NEIGHBORS, borderType=cv2.BORDER_REPLICATE)
        cv2.copyTo(_with_channels(mean), unknown, filled)
    return filled


def _halve(image: np.ndarray) -> np.ndarray:
    """Return the means of 2x2 blocks, with zeros beyond the last row and column."""
    height, width, axes = *image.shape[:2], image.ndim
    if height % 2 or width % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT)
    half = cv2.resize(image, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    return half if axes == 2 else _with_channels(half)


def _with_channels(image: np.ndarray) -> np.ndarray:
    """Restore the axis that OpenCV drops from an image of one channel."""
    return image if image.ndim == 3 else image[..., None]


def box_around(area: np.ndarray, down: int, right: int) -> tuple[slice, slice]:
    """Return rows and columns of the smallest box around `area`, grown by pixels each way, within the image."""
    ys, xs = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    return (
        slice(max(0, int(ys[0]) - down), int(ys[-1]) + 1 + down),
        slice(max(0, int(xs[0]) - right), int(xs[-1]) + 1 + right),
    )
