"""Find the rectangles and frames that a network has to see to fill a video."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from lgtsm.video.survey import Run


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
        """Return it shrunk by `margin` pixels, except at the edges of the frame (height, width)."""
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
    """Frames start..stop, stop excluded (None: until the frames end), and the rectangles that a network sees."""

    start: int
    stop: int | None
    regions: tuple[Region, ...]


def bounding_region(hole: np.ndarray) -> Region | None:
    """Return the smallest rectangle around a hole (height, width), None where there is none."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    return Region(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1) if len(rows) else None


def plan_regions(
    runs: Iterable[Run],
    num_frames: int | None,
    size: tuple[int, int],
    spatial_reach: int,
    temporal_reach: tuple[int, int],
    size_step: int,
) -> list[Segment]:
    """Plan the work for a whole video, from its holes alone.

    A result at a pixel depends only on pixels and frames within reach, so the rest need not be computed. The result
    equals that of full frames: crops start at multiples of size_step, and frames beyond the reach change nothing.

    Args:
        runs: frames with holes, in order.
        num_frames: of the video; None if unknown: the first run then lasts until the frames end.
        size: height and width of the frames.
        spatial_reach: pixels each way that a result depends on.
        temporal_reach: frames behind and ahead that a result depends on.
        size_step: pixels after which the network's strides repeat.

    Returns:
        Segments in order, not overlapping; none for a video without a hole.
    """
    behind, ahead = temporal_reach
    joined: list[tuple[int, int, list[np.ndarray]]] = []
    for run in runs:
        # Segments must not overlap, or frames would be computed twice.
        if joined and run.first - behind <= joined[-1][1] + ahead:
            first, _, boxes = joined[-1]
            joined[-1] = (first, run.last, [*boxes, run.boxes])
        else:
            joined.append((run.first, run.last, [run.boxes]))
    return [
        Segment(
            max(0, first - behind),
            None if num_frames is None else min(num_frames, last + ahead + 1),
            _rectangles(np.concatenate(boxes), size, spatial_reach, size_step),
        )
        for first, last, boxes in joined
    ]


def _rectangles(boxes: np.ndarray, size: tuple[int, int], reach: int, step: int) -> tuple[Region, ...]:
    """Grow a rectangle around each box; join those that are cheaper together."""
    regions: list[Region] = []
    for box in np.unique(boxes, axis=0).tolist():
        region, smaller = Region(*box).grown(reach, reach, *size, step), True
        while smaller:
            other = next((one for one in regions if region.joined(one).pixels <= region.pixels + one.pixels), None)
            smaller = other is not None
            if other is not None:
                regions.remove(other)
                region = region.joined(other)
        regions.append(region)
    return tuple(regions)


def computed_share(segments: Iterable[Segment], num_frames: int | None, height: int, width: int) -> float:
    """Return the share of all pixels of the video that the plan computes; overlapping regions count twice."""
    frames = num_frames or 1
    pixels = sum((frames if s.stop is None else s.stop - s.start) * sum(r.pixels for r in s.regions) for s in segments)
    return pixels / (frames * height * width)
