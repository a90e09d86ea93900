"""Change a mask while it streams: turn it over, widen it in space, widen it in time; nothing is held but neighbors."""

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

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...


class FirstTime:
    """Watch holes being gone through for the first time; at the end of it, hand their share to `check`.

    Args:
        check: called with the share of all pixels that is missing, 0 to 1; may raise.
    """

    def __init__(self, check: Callable[[float], None]):
        self.check, self.is_over = check, False

    def watch(self, holes: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the holes."""
        if self.is_over:
            yield from holes
            return
        missing = pixels = 0
        for hole in holes:
            missing, pixels = missing + cv2.countNonZero(hole), pixels + hole.size
            yield hole
        self.check(missing / pixels)
        self.is_over = True


class EditedMask:
    """A mask, changed frame by frame. What is wrong with it comes up at the end of the first time through.

    Args:
        source: holes, re-iterable, with a length and a name.
        invert: missing and known change places, before anything is widened.
        dilate: pixels that the hole grows on all sides.
        dilate_time: neighbors before and after whose holes a frame has too.
        notice: called with a sentence if more than half of the pixels are missing.
        name: what sentences call the mask.

    Raises:
        VideoError: when it is gone through, if nothing is missing, or everything.
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
        self.notice, self.name = notice, name
        self._first_time = FirstTime(self._check)

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._first_time.watch(hole for _, hole in widen_in_time(self._edited(), self.dilate_time))

    def _edited(self) -> Iterator[tuple[None, np.ndarray]]:
        before = edited = None
        for hole in self.source:
            if hole is not before:  # the hole of a still image is the same object each time
                before, edited = hole, edit_hole(hole, self.invert, self.dilate)
            yield None, edited

    def _check(self, share: float) -> None:
        if share == 0:
            raise VideoError(f"{self.name} must mask something; no pixel of the video is in it. Look where it is.")
        if share == 1:
            raise VideoError(
                f"{self.name} must leave something of the video; every pixel of every frame is masked with "
                f"--dilate {self.dilate} and --dilate-time {self.dilate_time}, so that nothing is known to fill from. "
                "Mask less."
            )
        if share > 0.5 and self.notice is not None:
            self.notice(f"{self.name} masks {share:.0%} of the video. If that is what to keep, change --invert-mask.")


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
        frames: neighbors each way; 0 changes nothing.
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
