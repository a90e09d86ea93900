"""Change a mask while it streams: turn it over, widen it in space, widen it in time; nothing is held but neighbours."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import cv2
import numpy as np

from lgtsm.video.errors import VideoError

Carried = TypeVar("Carried")


class Mask(Protocol):
    """Holes of a whole video, uint8 (height, width), 1 = missing, to be gone through as often as asked."""

    hole_share: float

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...


class EditedMask:
    """A mask, changed frame by frame. It is read once at opening, so that what is wrong with it comes up at once.

    Args:
        source: holes, re-iterable, with a length and a name.
        invert: missing and known change places, before anything is widened.
        dilate: pixels that the hole grows on all sides.
        dilate_time: neighbours before and after whose holes a frame has too.
        notice: called with a sentence if more than half of the pixels are missing.
        name: what sentences call the mask.

    Attributes:
        hole_share: share of all pixels that is missing, 0 to 1.

    Raises:
        VideoError: nothing is missing, or everything.
    """

    def __init__(
        self,
        source: Iterable[np.ndarray],
        invert: bool = False,
        dilate: int = 0,
        dilate_time: int = 0,
        notice: Callable[[str], None] | None = None,
        name: str = "The mask",
    ):
        self.source, self.invert, self.dilate, self.dilate_time = source, invert, dilate, dilate_time
        self.hole_share = sum(float(hole.mean()) for hole in self) / len(self)
        if self.hole_share == 0:
            raise VideoError(f"{name} must mask something; no pixel of the video is in it. Look where it is.")
        if self.hole_share == 1:
            raise VideoError(
                f"{name} must leave something of the video; every pixel of every frame is masked with "
                f"--dilate {dilate} and --dilate-time {dilate_time}, so that nothing is known to fill from. Mask less."
            )
        if self.hole_share > 0.5 and notice is not None:
            notice(f"{name} masks {self.hole_share:.0%} of the video. If that is what to keep, change --invert-mask.")

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[np.ndarray]:
        pairs = ((None, edit_hole(hole, self.invert, self.dilate)) for hole in self.source)
        return (hole for _, hole in widen_in_time(pairs, self.dilate_time))


def edit_hole(hole: np.ndarray, invert: bool, dilate: int) -> np.ndarray:
    """Return one hole (height, width), turned over if asked, then grown by `dilate` pixels (Euclidean) on all sides."""
    if invert:
        hole = 1 - hole
    if dilate == 0 or not hole.any() or hole.all():
        return hole
    away = cv2.distanceTransform(1 - hole, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (away <= dilate + 1e-3).astype(np.uint8)


def widen_in_time(pairs: Iterable[tuple[Carried, np.ndarray]], frames: int) -> Iterator[tuple[Carried, np.ndarray]]:
    """Yield each pair with the union of its hole and those up to `frames` before and after; holds 2 * frames + 1 pairs.

    Args:
        pairs: anything, and its hole uint8 (height, width), in order.
        frames: neighbours each way; 0 changes nothing.
    """
    if frames == 0:
        yield from pairs
        return
    before: collections.deque[np.ndarray] = collections.deque(maxlen=frames)
    waiting: collections.deque[tuple[Carried, np.ndarray]] = collections.deque()

    def first() -> tuple[Carried, np.ndarray]:
        carried, hole = waiting.popleft()
        union = np.maximum.reduce([*before, hole, *(other for _, other in waiting)])
        before.append(hole)
        return carried, union

    for pair in pairs:
        waiting.append(pair)
        if len(waiting) > frames:
            yield first()
    while waiting:
        yield first()
