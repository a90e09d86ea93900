"""Invert the holes of a video, and grow them in space and time, while they stream."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

import cv2
import numpy as np

from lgtsm.video.errors import NothingMaskedError, VideoError
from lgtsm.video.survey import survey

Carried = TypeVar("Carried")


class HoleSource(Protocol):
    """Holes, uint8 (height, width), 1 = missing, that can be iterated repeatedly."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]: ...


class Mask:
    """The holes of a whole video, uint8 (height, width), 1 = missing; can be iterated repeatedly.

    The constructor reads the whole mask once, so that faults show before any work is done.

    Args:
        source: holes, re-iterable, with a length. Messages use its optional attributes `name`, `remarks` and, if it
            holds nothing, `why_empty`. An optional `settle()`, called after the first pass, says whether the holes
            have changed by what it saw.
        invert: swap missing and known, before the hole grows.
        dilate: grow the hole by N pixels on all sides.
        dilate_time: add the holes of N neighboring frames each way.
        notice: called with a sentence if more than half of the pixels are missing, and with the source's remarks.
        active: for each frame, whether it may have a hole; None for all. The holes grow in time after that.

    Attributes:
        survey: see `lgtsm.video.survey.Survey`.

    Raises:
        VideoError: nothing or everything is missing, or the source cannot be read.
    """

    def __init__(
        self,
        source: HoleSource,
        invert: bool = False,
        dilate: int = 0,
        dilate_time: int = 0,
        notice: Callable[[str], None] | None = None,
        active: Sequence[bool] | None = None,
    ):
        self.active = active
        self.source, self.invert, self.dilate, self.dilate_time = source, invert, dilate, dilate_time
        self.survey = survey(self)
        settle = getattr(source, "settle", None)
        if settle is not None and settle():
            self.survey = survey(self)
        self._check(self.survey.hole_share, notice)

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (hole for _, hole in widen_in_time(self._edited(), self.dilate_time))

    def _edited(self) -> Iterator[tuple[None, np.ndarray]]:
        before, edited, empty = None, np.empty(0), np.empty(0)
        for number, hole in enumerate(self.source):
            if hole is not before:  # a still mask yields the same object each time
                before, edited = hole, edit_hole(hole, self.invert, self.dilate)
                empty = np.zeros_like(edited)
            yield None, edited if self.active is None or self.active[number] else empty

    def _check(self, share: float, notice: Callable[[str], None] | None) -> None:
        name = getattr(self.source, "name", "The mask")
        if share == 0:
            way_out = getattr(self.source, "why_empty", "Check where it is.")
            if self.invert:
                way_out = "It is inverted: omit `invert` if it marks what to remove."
            raise NothingMaskedError(f"{name} must mask something; no pixel of the video is masked. {way_out}")
        if share == 1:
            grown = f" with dilate {self.dilate} and dilate_time {self.dilate_time}"
            raise VideoError(
                f"{name} must leave something to fill from; every pixel of every frame is masked"
                f"{grown if self.dilate or self.dilate_time else ''}. Mask less."
            )
        if notice is None:
            return
        for remark in getattr(self.source, "remarks", ()):
            notice(remark)
        if share > 0.5:
            change = "omit `invert`" if self.invert else "set `invert`"
            notice(f"{name} masks {share:.0%} of the video. If it marks what to keep, {change}.")


def edit_hole(hole: np.ndarray, invert: bool, dilate: int) -> np.ndarray:
    """Return one hole (height, width), inverted if asked, then grown by `dilate` pixels (Euclidean) on all sides."""
    if invert:
        hole = 1 - hole
    if dilate == 0 or not hole.any() or hole.all():
        return hole
    away = cv2.distanceTransform(1 - hole, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (away <= dilate + 1e-3).astype(np.uint8)


def widen_in_time(pairs: Iterable[tuple[Carried, np.ndarray]], frames: int) -> Iterator[tuple[Carried, np.ndarray]]:
    """Add the holes of neighboring frames to each pair; hold at most 2 * frames + 1 holes.

    Args:
        pairs: anything with its hole, uint8 (height, width), in order.
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
