"""Fill a stream of frames with a method that sees a scene, piece by piece, in constant memory."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from lgtsm.inference.options import SCENE_MEMORY
from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.regions import Region, bounding_region

SHORTEST = 16  # frames of a piece, where memory is scarce
LEAST_MARGIN = 128  # pixels around the holes of a scene, or half as many as they are large


class SceneStream:
    """Collect the frames of a piece of a scene, fill them together, and continue from there.

    A piece includes `ahead` frames of the next one, and the last `behind` filled frames of the one before, so that it
    continues where that one ended. Pieces start with each scene and have the same length however the frames arrive; a
    piece is shorter only where memory does not hold it. A local method sees only the surroundings of the hole.

    Args:
        fill: takes uint8 frames (time, height, width, 3) and holes (time, height, width), 1 = missing; returns the
            filled frames.
        piece: frames that are filled together.
        ahead: frames at the end of a piece that the next one fills again; fewer than piece.
        behind: filled frames before a piece that it sees.
        bytes_per_pixel: memory of the method for a pixel of a frame, or a function of its height and width.
        local: pass on only the surroundings of the hole, for a method that needs no more.
        max_memory: bytes for a piece; None means SCENE_MEMORY, or more if the shortest piece needs it and the machine
            has it.

    Raises:
        ValueError: memory does not hold even the shortest piece.
    """

    def __init__(
        self,
        fill: Callable[[np.ndarray, np.ndarray], np.ndarray],
        piece: int,
        ahead: int,
        behind: int,
        bytes_per_pixel: int | Callable[[int, int], int],
        local: bool = True,
        max_memory: int | None = None,
    ):
        self.fill = fill
        self.piece, self.ahead, self.behind = piece, ahead, behind
        self.shortest = min(piece, SHORTEST)
        self.bytes_per_pixel, self.local = bytes_per_pixel, local
        self.max_memory = SCENE_MEMORY if max_memory is None else max_memory
        self.most_memory = max(SCENE_MEMORY, _machine_memory()) if max_memory is None else max_memory
        self.before: list[np.ndarray] = []  # the last ones, filled
        self.waiting: list[Frame] = []
        self.hole: Region | None = None  # around all waiting holes

    def push(self, frame: Frame) -> Iterator[Filled]:
        """Take the next frame; yield those that are ready."""
        around = bounding_region(frame.hole)
        both = _joined((self.hole, around))
        if self.waiting and self._bytes(both, len(self.waiting) + 1, frame) > self.max_memory:
            if len(self.waiting) >= self.shortest:
                yield from self._fill(len(self.waiting) - min(self.ahead, len(self.waiting) // 2))
            elif (needed := self._bytes(both, self.shortest, frame)) > self.most_memory:
                raise ValueError(
                    f"max_memory must be at least {needed / 2**20:.0f} MiB for this hole; it is "
                    f"{self.most_memory / 2**20:.0f} MiB. Allow more, or set a smaller working_height."
                )
        self.waiting.append(frame)
        self.hole = _joined((self.hole, around))
        if len(self.waiting) == self.piece:
            yield from self._fill(self.piece - self.ahead)

    def flush(self) -> Iterator[Filled]:
        """Yield all frames still owed, at a cut or at the end, and start over."""
        if self.waiting:
            yield from self._fill(len(self.waiting))
        self.before = []

    def _fill(self, count: int) -> Iterator[Filled]:
        """Fill the waiting frames, and yield the first `count` of them."""
        images = np.stack([*self.before, *(frame.image for frame in self.waiting)])
        if self.hole is not None:
            known = np.zeros_like(self.waiting[0].hole)
            holes = np.stack([*(known for _ in self.before), *(frame.hole for frame in self.waiting)])
            part = self._part(self.hole, *known.shape)
            inner = part.cut_frames(images)
            inner[:] = self.fill(np.ascontiguousarray(inner), np.ascontiguousarray(part.cut_holes(holes)))
        ready = images[len(self.before) :][:count]
        if self.behind:
            self.before = [image.copy() for image in images[: len(self.before) + count][-self.behind :]]
        done, self.waiting = self.waiting[:count], self.waiting[count:]
        self.hole = _joined(bounding_region(frame.hole) for frame in self.waiting)
        yield from map(Filled, done, ready)

    def _part(self, around: Region, height: int, width: int) -> Region:
        """Return the part of the frames that the method sees, for holes in a region."""
        if not self.local:
            return Region(0, 0, height, width)
        down = max(LEAST_MARGIN, (around.bottom - around.top) // 2)
        right = max(LEAST_MARGIN, (around.right - around.left) // 2)
        return around.grown(down, right, height, width)

    def _bytes(self, around: Region | None, count: int, frame: Frame) -> int:
        """Estimate the memory of a piece: frames, as decoded and copied, holes, the part at work, larger originals."""
        at_work = 0
        if around is not None:
            part, per_pixel = self._part(around, *frame.hole.shape), self.bytes_per_pixel
            if callable(per_pixel):
                per_pixel = per_pixel(part.bottom - part.top, part.right - part.left)
            at_work = per_pixel * part.pixels
        whole = frame if frame.whole is None else frame.whole
        kept = 11 * frame.hole.size + (0 if frame.whole is None else 4 * whole.hole.size)
        kept += 0 if whole.source is None else 2 * whole.hole.size
        return (count + self.behind) * (kept + at_work)


def _machine_memory() -> int:
    """Return 70 % of this machine's memory in bytes, 0 if unknown."""
    try:
        return int(0.7 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return 0


def _joined(regions: Iterable[Region | None]) -> Region | None:
    there = [region for region in regions if region is not None]
    return functools.reduce(Region.joined, there) if there else None
