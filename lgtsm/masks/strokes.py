"""Free-form strokes: brushed polylines that drift and wobble through a clip."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from .motion import DIRECTION_COUNT, STEPS_PER_RADIAN, directions, drift_offsets, jitter_offsets
from .presets import StrokePreset, frame_scale


class Stroke(NamedTuple):
    """One moving stroke: `points` (time, vertices, 2) int32, x and y in pixels; `brush_width` in pixels, odd."""

    points: np.ndarray
    brush_width: int


def sample_strokes(
    rng: np.random.Generator, preset: StrokePreset, count: int, num_frames: int, height: int, width: int
) -> list[Stroke]:
    """Draw random strokes and move them through the clip.

    Args:
        rng: source of randomness; only `random` and `standard_normal` are called, in a fixed order.
        preset: their shape and motion.
        count: number of strokes.
        num_frames, height, width: size of the clip, in frames and pixels.

    Returns:
        `count` strokes, not clipped to the frame.

    Source: Chang et al. 2019, Free-form Video Inpainting, the released presets.
    Differs: lengths scale with the frame size (`frame_scale`); vertices may leave the frame; the start adds a vertex to
    the sampled number; brush widths are whole pixels at 320x180, rounded to the nearest odd number when drawn.
    """
    scale = frame_scale(height, width)
    fewest, most = preset.vertices
    narrowest, widest = math.ceil(preset.brush_width[0]), math.ceil(preset.brush_width[1])
    draws = rng.random((count, 6))
    num_vertices = [fewest + int(u * (most - fewest + 1)) + 1 for u in draws[:, 0].tolist()]
    brushes = [odd_width(scale * (narrowest + int(u * (widest - narrowest)))) for u in draws[:, 1].tolist()]
    start = np.floor(draws[:, 2:4].T * ((width,), (height,)))

    # All vertices of all strokes lie on one axis: (x or y, time, vertex).
    path = _polylines(rng, preset, max(num_vertices), draws[:, 4], draws[:, 5])
    path = path[:, np.arange(max(num_vertices)) < np.array(num_vertices)[:, None]]
    drift = drift_offsets(rng, count, num_frames, preset.drift_speed, preset.drift_acceleration[1])
    moved = jitter_offsets(rng, preset, num_frames, sum(num_vertices))
    moved += np.repeat(drift, num_vertices, axis=2)
    moved += path[:, None]
    moved *= scale
    moved += np.repeat(start, num_vertices, axis=1)[:, None]
    np.rint(moved, out=moved)
    points = np.empty((*moved.shape[1:], 2), np.int32)
    points[..., 0], points[..., 1] = moved
    ends = np.cumsum(num_vertices).tolist()
    return [Stroke(points[:, end - n : end], brush) for end, n, brush in zip(ends, num_vertices, brushes)]


def odd_width(brush_width: float) -> int:
    """Return the odd number nearest to a brush width (the lower of two), at least 1.

    OpenCV draws odd brushes exactly: lines and the discs at their vertices have the same width.
    """
    return max(1, 2 * math.ceil(brush_width / 2) - 1)


def draw_stroke(hole: np.ndarray, stroke: Stroke) -> None:
    """Draw a stroke into every frame of a hole, in place: lines of brush width, discs at the vertices.

    Args:
        hole: (time, height, width) uint8; pixels under the stroke become 1.
        stroke: as many frames as `hole`.
    """
    # Thickness 2r draws lines of 2r + 1 pixels, and discs of the same diameter at both ends of every segment.
    thickness = max(1, stroke.brush_width - 1)
    for frame, vertices in zip(hole, stroke.points):
        cv2.polylines(frame, [vertices], False, 1, thickness)


def _polylines(
    rng: np.random.Generator, preset: StrokePreset, num_vertices: int, speed: np.ndarray, angle: np.ndarray
) -> np.ndarray:
    """Return random paths from 0: (2, strokes, num_vertices) float64, pixels of a 320x180 frame."""
    count = len(speed)
    change = rng.random((2, count, num_vertices))
    change *= 2.0
    change -= 1.0
    change *= np.array(preset.head_acceleration).reshape(2, 1, 1) * np.array([1.0, STEPS_PER_RADIAN]).reshape(2, 1, 1)
    change[:, :, 0] = 0.0
    top = preset.head_speed
    steps = np.empty((count, num_vertices))
    for row, now, changes in zip(steps, (speed * top).tolist(), change[0].tolist()):
        walked = []
        for by in changes:
            now += by
            now = 0.0 if now < 0.0 else top if now > top else now
            walked.append(now)
        row[:] = walked
    heading = np.cumsum(change[1], axis=1) + (angle * DIRECTION_COUNT)[:, None]
    moves = directions(heading) * steps
    moves[:, :, 0] = 0.0
    return np.cumsum(moves, axis=2)
