"""Collect in one pass everything that checks, plans and reports need to know about a mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

MOST_BOXES = 1000


@dataclass(frozen=True)
class Run:
    """Consecutive frames with holes.

    first, last: frame numbers, last included.
    boxes: (n, 4) int32, top, left, bottom, right in pixels, ends excluded: the bounding box of each connected part of
        the union of the run's holes.
    """

    first: int
    last: int
    boxes: np.ndarray


@dataclass(frozen=True)
class Survey:
    """A summary of a mask; small for frames of any size.

    areas: (frames,) int64, missing pixels of each frame.
    rows: (height,) int64, missing pixels of each row, over all frames.
    width: width of the frames, in pixels.
    runs: runs of frames with holes, in order.
    """

    areas: np.ndarray
    rows: np.ndarray
    width: int
    runs: tuple[Run, ...]

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.areas)

    @property
    def height(self) -> int:
        """Height of the frames, in pixels."""
        return len(self.rows)

    @property
    def hole_share(self) -> float:
        """Missing share of all pixels, 0 to 1."""
        return int(self.areas.sum()) / (self.frames * self.height * self.width)


def survey(holes: Iterable[np.ndarray]) -> Survey:
    """Summarize holes, uint8 (height, width) each, 1 = missing, in one pass; hold one union at a time.

    Equal holes may be the same array; an array must not be filled with another hole and used again.
    """
    areas: list[int] = []
    runs: list[Run] = []
    before: Any = None
    union: Any = None
    rows: Any = 0
    at_once: Any = None
    first = 0
    for number, hole in enumerate(holes):
        if hole is not before:  # a still mask yields the same object each time
            before, area = hole, cv2.countNonZero(hole)
            at_once = cv2.reduce(hole, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0].astype(np.int64)
        areas.append(area)
        rows = rows + at_once
        if area and union is None:
            first, union = number, hole.copy()
        elif area:
            np.maximum(union, hole, out=union)
        elif union is not None:
            runs.append(Run(first, number - 1, _boxes(union)))
            union = None
    if union is not None:
        runs.append(Run(first, len(areas) - 1, _boxes(union)))
    return Survey(np.array(areas, np.int64), rows, before.shape[1], tuple(runs))


def _boxes(union: np.ndarray) -> np.ndarray:
    _, _, stats, _ = cv2.connectedComponentsWithStats(union, connectivity=8)
    left, top, columns, rows = stats[1:, :4].T
    boxes = np.stack([top, left, top + rows, left + columns], 1)
    if len(boxes) > MOST_BOXES:  # specks all over: use one box around them
        boxes = np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])[None]
    return boxes
