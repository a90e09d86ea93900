"""Work only where the hole is: which rectangles of which frames a network has to see to fill a video."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable

import numpy as np

from lgtsm.video.survey import Survey, survey


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

    def grown(self, margin: int, height: int, width: int, step: int) -> Region:
        """Return it with `margin` pixels around, within the frame (height, width), from and to multiples of `step`."""
        return Region(
            max(0, self.top - margin) // step * step,
            max(0, self.left - margin) // step * step,
            min(height, -(-(self.bottom + margin) // step) * step),
            min(width, -(-(self.right + margin) // step) * step),
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


@dataclasses.dataclass(frozen=True)
class Segment:
    """A run of frames with holes near each other in time.

    start, stop: frames that the network has to see, the stop not included.
    regions: what it has to see of them.
    """

    start: int
    stop: int
    regions: tuple[Region, ...]


def bounding_region(hole: np.ndarray) -> Region | None:
    """Return the smallest rectangle around a hole (height, width), None where there is none."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    return Region(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1) if len(rows) else None


def plan_regions(
    holes: Iterable[np.ndarray], spatial_reach: int, temporal_reach: tuple[int, int], size_step: int
) -> list[Segment]:
    """Plan the work for a whole video, from its holes alone; holds one frame's union of holes at a time.

    A result at a pixel depends on what lies within the reach in space and time, so the rest need not be computed. The
    result is the one of the full frames: crops start at multiples of size_step, and frames beyond the reach change
    nothing.

    Args:
        holes: uint8 (height, width) each, 1 = missing, in order.
        spatial_reach: pixels each way that a result depends on.
        temporal_reach: frames behind and ahead that a result depends on.
        size_step: pixels after which the network's strides repeat.

    Returns:
        Segments in order, not overlapping; none for a video without a hole.
    """
    holes = iter(holes)
    first = next(holes)
    found = survey(itertools.chain([first], holes), sum(temporal_reach))
    return find_segments(found, *first.shape, spatial_reach, temporal_reach, size_step)


def find_segments(
    found: Survey, height: int, width: int, spatial_reach: int, temporal_reach: tuple[int, int], size_step: int
) -> list[Segment]:
    """Plan the work as `plan_regions`, from a survey that joins frames as far apart as both temporal reaches."""
    behind, ahead = temporal_reach
    # What one hole's frames need and what the next one's need may not overlap, or frames would be computed twice.
    return [
        Segment(
            max(0, run.first - behind),
            min(found.frames, run.last + ahead + 1),
            _rectangles(run.boxes, height, width, spatial_reach, size_step),
        )
        for run in found.runs
    ]


def _rectangles(boxes: np.ndarray, height: int, width: int, reach: int, step: int) -> tuple[Region, ...]:
    """Grow a rectangle around each connected hole, and join those that are cheaper together."""
    regions = [Region(*box).grown(reach, height, width, step) for box in boxes.tolist()]
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


def computed_share(segments: list[Segment], num_frames: int, height: int, width: int) -> float:
    """Return the share of all pixels of the video that the plan computes; overlapping regions count twice."""
    pixels = sum((s.stop - s.start) * sum(r.pixels for r in s.regions) for s in segments)
    return pixels / (num_frames * height * width)
