"""Work only where the hole is: which rectangles of which frames a network has to see to fill a video."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class Region:
    """A rectangle of the frame: rows top..bottom, columns left..right, the ends not included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def pixels(self) -> int:
        """Number of pixels in it."""
        return (self.bottom - self.top) * (self.right - self.left)

    def cut_frames(self, frames: np.ndarray) -> np.ndarray:
        """Return the rectangle of frames (..., height, width, 3), a view."""
        return frames[..., self.top : self.bottom, self.left : self.right, :]

    def cut_holes(self, holes: np.ndarray) -> np.ndarray:
        """Return the rectangle of holes (..., height, width), a view."""
        return holes[..., self.top : self.bottom, self.left : self.right]

    def grown(self, down: int, right: int, height: int, width: int, step: int = 1) -> Region:
        """Return it with more rows and columns on either side, within the frame (height, width).

        Its sides then lie at multiples of `step`, or at the frame's edge.
        """
        return Region(
            max(0, self.top - down) // step * step,
            max(0, self.left - right) // step * step,
            min(height, -(-(self.bottom + down) // step) * step),
            min(width, -(-(self.right + right) // step) * step),
        )

    def inner(self, margin: int, height: int, width: int) -> Region:
        """Return what lies at least `margin` pixels inside, the edges of the frame (height, width) not counted."""
        top, left = (start + margin if start else 0 for start in (self.top, self.left))
        bottom = self.bottom - margin if self.bottom < height else height
        right = self.right - margin if self.right < width else width
        return Region(top, left, max(top, bottom), max(left, right))

    def seen_from(self, other: Region) -> Region:
        """Return the rectangle in the coordinates of another one around it."""
        return Region(self.top - other.top, self.left - other.left, self.bottom - other.top, self.right - other.left)

    def joined(self, other: Region) -> Region:
        """Return the smallest rectangle around both."""
        return Region(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


class Run(NamedTuple):
    """Frames first..last (None for as long as frames come) with holes, and the union of the holes, (height, width)."""

    first: int
    last: int | None
    union: np.ndarray


@dataclasses.dataclass(frozen=True)
class Segment:
    """Frames start..stop, stop not included (None for as long as frames come), and what a network sees of them."""

    start: int
    stop: int | None
    regions: tuple[Region, ...]


def bounding_region(hole: np.ndarray) -> Region | None:
    """Return the smallest rectangle around a hole (height, width), None where there is none."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    return Region(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1) if len(rows) else None


def plan_regions(
    runs: Iterable[Run], num_frames: int | None, spatial_reach: int, temporal_reach: tuple[int, int], size_step: int
) -> list[Segment]:
    """Plan the work for a whole video, from its holes alone.

    A result at a pixel depends on what lies within the reach in space and time, so the rest need not be computed. The
    result is the one of the full frames: crops start at multiples of size_step, and frames beyond the reach change
    nothing.

    Args:
        runs: frames with holes, in order, not overlapping.
        num_frames: of the video; None if nobody knows.
        spatial_reach: pixels each way that a result depends on.
        temporal_reach: frames behind and ahead that a result depends on.
        size_step: pixels after which the network's strides repeat.

    Returns:
        Segments in order, not overlapping; none for a video without a hole.
    """
    behind, ahead = temporal_reach
    joined: list[Run] = []
    for run in runs:
        # What one run needs and what the next one needs may not overlap, or frames would be computed twice.
        if joined and run.first - behind <= joined[-1].last + ahead:
            joined[-1] = Run(joined[-1].first, run.last, joined[-1].union | run.union)
        else:
            joined.append(run)
    return [
        Segment(
            max(0, run.first - behind),
            None if run.last is None else min(num_frames, run.last + ahead + 1),
            _rectangles(run.union, spatial_reach, size_step),
        )
        for run in joined
    ]


def _rectangles(union: np.ndarray, reach: int, step: int) -> tuple[Region, ...]:
    """Grow a rectangle around each connected hole, and join those that are cheaper together."""
    height, width = union.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(union, connectivity=8)
    regions = []
    for left, top, columns, rows, _ in stats[1:].tolist():
        regions.append(Region(top, left, top + rows, left + columns).grown(reach, reach, height, width, step))
    joined = True
    while joined:
        joined = False
        for a in range(len(regions)):
            for b in range(a + 1, len(regions)):
                both = regions[a].joined(regions[b])
                if both.pixels <= regions[a].pixels + regions[b].pixels:
                    regions[a] = both
                    del regions[b]
                    joined = True
                    break
            if joined:
                break
    return tuple(regions)


def computed_share(segments: Iterable[Segment], num_frames: int | None, height: int, width: int) -> float:
    """Return the share of all pixels of the video that the plan computes; overlapping regions count twice."""
    frames = num_frames or 1
    pixels = sum((frames if s.stop is None else s.stop - s.start) * sum(r.pixels for r in s.regions) for s in segments)
    return pixels / (frames * height * width)
