"""The hole that somebody draws on frames: boxes, paint and an eraser."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cv2
import numpy as np

from lgtsm.video.mask_edit import HoleSource, Mask, edit_hole
from lgtsm.video.probe import VideoInfo
from lgtsm.video.times import Span, covered

BOX, BRUSH, ERASER = "box", "brush", "eraser"
RULE = (
    "A box counts in every frame. Paint counts until the next frame you paint on; the first also counts before it. "
    "The eraser takes away what it touches, for as long as that counts."
)
MOST_POINTS = 20_000  # of a stroke
MOST_MARKS = 2_000


class Mark(NamedTuple):
    """One box or stroke.

    kind: BOX, BRUSH or ERASER. frame: that it was drawn on, from 0. points: x, y in pixels of the video; of a box, two
    opposite corners. size: pixels, the diameter of a stroke.
    """

    kind: str
    frame: int
    points: tuple[tuple[float, float], ...]
    size: float = 1


def read_mark(given: Mapping[str, Any], info: VideoInfo) -> Mark:
    """Return a mark as the browser sends it, checked.

    Raises:
        ValueError: it is not a mark on this video.
    """
    try:
        kind, frame, size = str(given["kind"]), int(given["frame"]), float(given["size"])
        points = tuple((float(x), float(y)) for x, y in given["points"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError("A mark must have a kind, a frame, points and a size; reload the page.") from error
    largest = 2 * max(info.width, info.height)
    numbers = [size, *itertools.chain.from_iterable(points)]
    fits = all(math.isfinite(number) and abs(number) <= largest for number in numbers) and size > 0
    fits = fits and 0 <= frame < info.frames and kind in (BOX, BRUSH, ERASER) and 0 < len(points) <= MOST_POINTS
    if not fits or (kind == BOX and len(points) != 2):
        raise ValueError("The mark must be a box or a stroke on a frame of the video; reload the page.")
    return Mark(kind, frame, points, size)


def draw(mark: Mark, height: int, width: int) -> np.ndarray:
    """Return the pixels of a mark, (height, width) uint8, 1 inside."""
    drawn = np.zeros((height, width), np.uint8)
    if mark.kind == BOX:
        columns, rows = (
            slice(max(0, math.floor(min(ends))), max(0, math.ceil(max(ends)))) for ends in zip(*mark.points)
        )
        drawn[rows, columns] = 1
        return drawn
    points = np.floor(np.array(mark.points)).astype(np.int32)
    cv2.polylines(drawn, [points], False, 1, max(1, round(mark.size)))
    for x, y in points[[0, -1]].tolist():
        cv2.circle(drawn, (x, y), round(mark.size / 2), 1, -1)
    return drawn


class DrawnMask:
    """The holes of a drawing, as `RULE` says; can be iterated repeatedly and sent to another process.

    Args:
        marks: in the order in which they were drawn.
        found: other holes of the same video, which the eraser takes away too.
        num_frames, height, width: of the video.
    """

    name = "The mask"
    why_empty = "Draw a box or paint over what you want to remove."

    def __init__(self, marks: Sequence[Mark], found: Sequence[HoleSource], num_frames: int, height: int, width: int):
        self.marks, self.found, self.num_frames = tuple(marks), tuple(found), num_frames
        self.height, self.width = height, width
        self.painted = sorted({mark.frame for mark in marks if mark.kind == BRUSH})

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.part(0, self.num_frames)

    def part(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Yield the holes of the frames `start` to `stop` (excluded)."""
        parts = [part_of(found, start, stop) for found in self.found]
        others = zip(*parts) if parts else itertools.repeat((), stop - start)
        for painted, numbers in itertools.groupby(range(start, stop), self._held):
            drawn, erased = self._planes(painted)
            before, hole = None, drawn
            for _, found in zip(numbers, others):
                if before is None or any(one is not other for one, other in zip(before, found)):
                    before, hole = found, drawn.copy()
                    for other in found:
                        hole |= other & ~erased
                yield hole  # the same object while nothing changes

    def _held(self, frame: int) -> int | None:
        """Return the painted frame whose paint counts in a frame."""
        if not self.painted:
            return None
        return self.painted[max(0, bisect.bisect_right(self.painted, frame) - 1)]

    def _planes(self, painted: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Return what is drawn, and what is erased of all else, where the paint of a frame counts."""
        boxes, paint, erased = np.zeros((3, self.height, self.width), np.uint8)
        for mark in self.marks:
            if mark.kind == BRUSH and mark.frame != painted:
                continue
            drawn = draw(mark, self.height, self.width) > 0
            if mark.kind == ERASER:
                boxes[drawn], erased[drawn] = 0, 1
                if self._held(mark.frame) == painted:
                    paint[drawn] = 0
            else:
                (boxes if mark.kind == BOX else paint)[drawn] = 1
        return boxes | paint, erased


@dataclass(frozen=True)
class Drawing:
    """All that is marked in a video.

    marks: in the order in which they were drawn. found: holes that something else found, by its name. grow: pixels on
    all sides. part: the part of the video that is filled; None for all of it.
    """

    marks: tuple[Mark, ...] = ()
    found: Mapping[str, HoleSource] = field(default_factory=dict)
    grow: int = 0
    part: Span | None = None

    def source(self, info: VideoInfo) -> DrawnMask:
        """Return the holes before they grow."""
        return DrawnMask(self.marks, tuple(self.found.values()), info.frames, info.height, info.width)

    def active(self, info: VideoInfo) -> list[bool] | None:
        """Return for each frame whether it may have a hole; None for all."""
        return None if self.part is None else covered([self.part], info.times())

    def open(self, info: VideoInfo, notice: Any = None) -> Mask:
        """Return the mask to fill.

        Raises:
            VideoError: nothing or everything is marked.
        """
        return Mask(self.source(info), dilate=self.grow, notice=notice, active=self.active(info))

    def hole(self, info: VideoInfo, number: int) -> np.ndarray:
        """Return the hole of one frame, (height, width) uint8."""
        active = self.active(info)
        if active is not None and not active[number]:
            return np.zeros((info.height, info.width), np.uint8)
        return edit_hole(next(self.source(info).part(number, number + 1)), False, self.grow)


def part_of(holes: HoleSource, start: int, stop: int) -> Iterator[np.ndarray]:
    """Yield the holes of the frames `start` to `stop` (excluded); those before cost nothing if the source can skip."""
    part = getattr(holes, "part", None)
    return itertools.islice(iter(holes), start, stop) if part is None else part(start, stop)


class Cut:
    """The holes of the frames `start` to `stop` (excluded) of a longer mask."""

    name = "The mask"
    why_empty = "Nothing is marked around this frame. Go to a frame that shows a mark."

    def __init__(self, holes: HoleSource, start: int, stop: int):
        self.holes, self.start, self.stop = holes, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[np.ndarray]:
        return part_of(self.holes, self.start, self.stop)
