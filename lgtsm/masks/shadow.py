"""Widen the holes over an object to what moves with it, such as its shadow or a thing that it holds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import cv2
import numpy as np

from .aligned_frames import AlignedFrames, Read
from .packed_holes import PackedHoles

SHORT_SIDE = 240  # pixels to work at, at most
AWAY = (6, 12, 20, 30, 42, 56)  # frames each way that show the background
BRIGHTNESS = 0.75  # quantile of what they show; a shadow that lies there often is darker than the ground
FEWEST = 2  # frames that must show a place
BLUR = 1.0  # pixels
RIM = 4  # pixels around the object that do not count as background
LEAST = 8.0  # levels of 255 that a shadow differs by; more where the background is misaligned
BESIDE, USUAL = 6, 0.9  # the background from so many pixels on, and how much of it must differ less
SPECK = 3  # pixels across; smaller parts are noise
REACH = 2.0  # sides of the object


class Holes(Protocol):
    """Holes, uint8 (height, width), 1 = missing, that can be iterated repeatedly."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...


class ShadowMask:
    """Holes over an object, widened to what moves with it.

    A pixel is added if it differs from the background and hangs together with the object, through pixels that do so
    too. The background is what other frames show at the place where the object is not in the way, once the camera's
    motion is taken out. What differs less than most of the picture around the object stays: where the background
    cannot be aligned, nothing is added rather than too much.

    Args:
        read: returns the frames at some numbers, uint8 (n, height, width, 3), RGB.
        holes: over the object, uint8 (height, width) each.
        size: (height, width), in pixels.
        cuts: numbers of frames that start a new scene.
        progress: called with the number of frames that are done.
    """

    def __init__(
        self,
        read: Read,
        holes: Holes,
        size: tuple[int, int],
        cuts: Sequence[int] = (),
        progress: Callable[[int], object] = lambda done: None,
    ):
        self.holes = holes
        scale = min(1.0, SHORT_SIDE / min(size))
        small = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        objects = _made_small(holes, small, size)
        settle = getattr(holes, "settle", None)
        if settle is not None and settle():
            objects = _made_small(holes, small, size)
        self._widened = PackedHoles(small, size)
        for first, end in itertools.pairwise([0, *cuts, len(holes)]):
            scene = AlignedFrames(read, first, end, small)
            for number in range(first, end):
                self._widened.keep(number, _widen(scene, number, objects))
                progress(number + 1)

    @property
    def name(self) -> str:
        """What the holes under it are called in messages."""
        return getattr(self.holes, "name", "The mask")

    @property
    def why_empty(self) -> str:
        """What to do if they are empty."""
        return getattr(self.holes, "why_empty", "Check where it is.")

    @property
    def remarks(self) -> list[str]:
        """Sentences about them."""
        return list(getattr(self.holes, "remarks", ()))

    def __len__(self) -> int:
        return len(self.holes)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (np.maximum(hole, self._widened[number]) for number, hole in enumerate(self.holes))


def _made_small(holes: Holes, small: tuple[int, int], size: tuple[int, int]) -> PackedHoles:
    kept = PackedHoles(small, size)
    for number, hole in enumerate(holes):
        kept.keep(number, cv2.resize(hole, small[::-1], interpolation=cv2.INTER_AREA))
    return kept


def _widen(scene: AlignedFrames, number: int, objects: PackedHoles) -> np.ndarray:
    """Return the hole of a frame with what moves with the object, uint8 (height, width), at the scene's size."""
    thing = objects.at_small_size(number)
    if not thing.any():
        return thing
    around = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
    seen = scene.seen_elsewhere(number, AWAY, BLUR, lambda other: cv2.dilate(objects.at_small_size(other), around))
    here = cv2.GaussianBlur(scene.frame(number), (0, 0), BLUR)
    return connected(thing, difference_from(here, seen))


def difference_from(here: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return how far a frame is from the brighter of what other frames show, float32 (height, width); 0 if too few do.

    Args:
        here: uint8 (height, width, 3).
        seen: int16 (others, height, width, 3), 256 = nothing.
    """
    shown = (seen[..., 0] < 256).sum(0)
    if not len(seen):
        return np.zeros(here.shape[:2], np.float32)
    order = np.argsort(seen.sum(-1), axis=0)
    chosen = np.rint(BRIGHTNESS * np.maximum(shown - 1, 0)).astype(np.int64)
    chosen = np.take_along_axis(order, chosen[None], axis=0)
    background = np.take_along_axis(seen, chosen[..., None], axis=0)[0]
    difference = np.abs(here.astype(np.float32) - background).max(-1)
    return np.where(shown >= FEWEST, difference, 0).astype(np.float32)


def connected(thing: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Return an object with all that differs and hangs together with it, uint8 (height, width).

    Args:
        thing: uint8 (height, width), 1 = object, not empty.
        difference: from the background, float32 (height, width), in levels of 255.
    """
    rows, columns = np.nonzero(thing)
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    away = cv2.distanceTransform(1 - thing, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = away <= REACH * side
    beside = near & (away > BESIDE)
    usual = float(np.quantile(difference[beside], USUAL)) if beside.any() else 0.0
    differs = ((difference > max(LEAST, usual)) & near).astype(np.uint8)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SPECK, SPECK))
    both = cv2.morphologyEx(differs, cv2.MORPH_OPEN, disk) | thing
    _, parts = cv2.connectedComponents(both, connectivity=8)
    return (both & np.isin(parts, np.unique(parts[thing > 0]))).astype(np.uint8)
