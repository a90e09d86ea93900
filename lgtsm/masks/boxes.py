"""Boxes that slide through a clip and bounce off the frame's edges, or a square that stays where it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .motion import drift_offsets
from .presets import frame_scale

SHORTEST_SIDE = 0.15
LONGEST_SIDE = 0.45
DRIFT_SPEED = 10.0
SQUARE_SIDES = 0.375, 0.5  # of the frame's short side


class Boxes(NamedTuple):
    """Moving boxes, in pixels: `centers` (2, time, count) are x and y; `sides` (2, count) are width and height."""

    centers: np.ndarray
    sides: np.ndarray

    def scaled(self, factor: float) -> Boxes:
        """Return boxes with the same centers and sides `factor` times as long."""
        return self._replace(sides=self.sides * factor)


def sample_boxes(rng: np.random.Generator, count: int, num_frames: int, height: int, width: int) -> Boxes:
    """Draw random boxes and move them through the clip.

    Args:
        rng: source of randomness.
        count: number of boxes.
        num_frames, height, width: size of the clip, in frames and pixels.

    Returns:
        `count` boxes whose centers stay in the frame; their sides are 0.15 to 0.45 of the frame's.

    Source: Chang et al. 2019 test with bounding boxes on FaceForensics, but publish no rule for them.
    Differs: sizes and motion are ours. Boxes move in a straight line at a steady |N(0, 5)| pixels of a 320x180 frame,
    and bounce when their center reaches an edge.
    """
    draws = rng.random((4, count))
    frame = np.array([[width], [height]], np.float64)
    sides = (SHORTEST_SIDE + (LONGEST_SIDE - SHORTEST_SIDE) * draws[:2]) * frame
    drift = drift_offsets(rng, count, num_frames, DRIFT_SPEED, turn=0.0) * frame_scale(height, width)
    frame = frame[:, None]
    away = np.mod((draws[2:] * frame[:, 0])[:, None] + drift, 2 * frame)
    return Boxes(frame - np.abs(away - frame), sides)


def sample_static_box(rng: np.random.Generator, num_frames: int, height: int, width: int) -> Boxes:
    """Draw one random square that does not move and lies in the frame.

    Args:
        rng: source of randomness.
        num_frames, height, width: size of the clip, in frames and pixels.

    Returns:
        one box; its side is 0.375 to 0.5 of the frame's short side.

    Source: Chang et al. 2019, the released FaceForensics training: a square of 48 to 64 pixels in frames of 128x128.
    """
    draws = rng.random(3)
    side = (SQUARE_SIDES[0] + (SQUARE_SIDES[1] - SQUARE_SIDES[0]) * draws[0]) * min(height, width)
    corner = draws[1:] * (np.array([width, height], np.float64) - side)
    centers = np.repeat((corner + side / 2)[:, None, None], num_frames, axis=1)
    return Boxes(centers, np.full((2, 1), side))


def draw_boxes(hole: np.ndarray, boxes: Boxes) -> None:
    """Draw boxes into every frame of a hole, in place.

    Args:
        hole: (time, height, width) uint8; pixels under a box become 1.
        boxes: as many frames as `hole`; every box is drawn at least one pixel wide and high.
    """
    lengths = np.maximum(np.rint(boxes.sides), 1.0)
    start = np.rint(boxes.centers - lengths[:, None] / 2)
    stop = start + lengths[:, None]
    size = np.array(hole.shape[:0:-1], np.float64).reshape(2, 1, 1)
    (left, top), (right, bottom) = (np.clip(edge, 0, size).astype(np.int64).tolist() for edge in (start, stop))
    for frame, *edges in zip(hole, left, right, top, bottom):
        for x0, x1, y0, y1 in zip(*edges):
            frame[y0:y1, x0:x1] = 1
