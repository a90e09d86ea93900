"""Complete one frame with patches that the scene shows elsewhere."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from lgtsm.classical.diffusion import box_around, diffuse
from lgtsm.classical.patch_matching import RADIUS, SQUARE, describe, enlarge, improve, match_all, vote
from lgtsm.classical.patch_search import pyramid_sizes, resize_frames, shrink, texture_of

SMALLEST_TURNS = 4  # turns of matching and voting at the smallest size, where they cost little
MOST_PIXELS = 2**13  # of all frames at the smallest size, where every patch is compared with every other
LEAST_REACH = 48  # pixels around the hole to take patches from, or the size of the hole if larger
RIM = 1  # pixels beside the hole where the completion is fitted to the known ones


def complete_frame(
    frames: np.ndarray, missing: np.ndarray, usable: np.ndarray, updates: int = 1, seed: int = 0
) -> np.ndarray:
    """Complete the missing part of the first frame.

    Args:
        frames: float32 (frames, height, width, 3) in [0, 1]: the frame to complete, its missing part filled smoothly,
            and other frames of the scene to take patches from.
        missing: bool (height, width), of the first frame.
        usable: bool (frames, height, width), where to take patches from.
        updates: turns of matching and voting at each size but the smallest.
        seed: of random candidates; the same seed gives the same result.

    Returns:
        float32 (height, width, 3), equal to frames[0] where nothing is missing, and if there is no patch to take.

    Source: Wexler et al. 2007 (search and vote, coarse to fine); Farbman et al. 2009 (fit to the known pixels around).
    """
    if not missing.any():
        return frames[0]
    rows, columns = box_around(missing, 0, 0)
    rows, columns = box_around(missing, *(max(LEAST_REACH, side.stop - side.start) for side in (rows, columns)))
    completed = frames[0].copy()
    part = frames[:, rows, columns], missing[rows, columns], usable[:, rows, columns]
    voted = _from_small_to_large(*part, updates, np.random.default_rng(seed))
    if voted is not None:
        completed[rows, columns] = _fit_to_rim(part[0][0], voted, part[1])
    return completed


def _from_small_to_large(
    frames: np.ndarray, missing: np.ndarray, usable: np.ndarray, updates: int, rng: np.random.Generator
) -> np.ndarray | None:
    """Return the votes for the hole and the known pixels beside it; None if the full size has no source."""
    textures = texture_of(frames, ~usable)
    voted: Any = None
    found: Any = None
    number: Any = None
    for height, width in pyramid_sizes(missing[None], RADIUS, MOST_PIXELS // len(frames)):
        here = shrink(missing[None], height, width)[0]
        whole = ~shrink(~usable, height, width)
        sources = np.stack([cv2.erode(k.astype(np.uint8), SQUARE, borderValue=0) > 0 for k in whole])
        if not sources.any():
            voted = None
            continue
        images, texture = resize_frames(frames, height, width), resize_frames(textures, height, width)
        if voted is not None:
            images[0][here] = cv2.resize(voted, (width, height), interpolation=cv2.INTER_LINEAR)[here]
        y, x = np.nonzero(cv2.dilate(here.astype(np.uint8), SQUARE))
        described = np.stack([describe(*pair) for pair in zip(images, texture)])
        smallest = found is None
        for turn in range(SMALLEST_TURNS if smallest else updates):
            if turn:
                described[0] = describe(images[0], texture[0])
            if smallest:
                matches = match_all(described, sources, y, x)
            else:
                start = found if turn else enlarge(found, number, y, x, sources, rng)
                matches = improve(described, sources, y, x, start, rng)
            found = matches[0]
            voted = vote(images, here, y, x, matches)
            images[0][here] = voted[here]
        number = np.full((height, width), -1)
        number[y, x] = np.arange(len(y))
    return voted


def _fit_to_rim(frame: np.ndarray, voted: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Add the smoothest change that makes the completion meet the known pixels beside it."""
    completed = frame.copy()
    rim = cv2.dilate(missing.astype(np.uint8), np.ones((2 * RIM + 1,) * 2, np.uint8)) > 0
    rim &= ~missing
    change = np.zeros_like(frame)
    if rim.any():
        # Average along the rim, so that one pixel's noise does not spread into the hole.
        difference = cv2.blur(np.where(rim[..., None], frame - voted, 0).astype(np.float32), (5, 5))
        share = np.maximum(cv2.blur(rim.astype(np.float32), (5, 5)), np.float32(1e-6))
        rows, columns = box_around(missing, 1, 1)
        change[rows, columns] = diffuse((difference / share[..., None])[rows, columns], rim[rows, columns])
    completed[missing] = np.clip(voted + change, 0, 1)[missing]
    return completed
