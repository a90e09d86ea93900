"""How strokes and boxes move from frame to frame, in whole pixels of a 320x180 frame.

All randomness comes from `Generator.random` and `Generator.standard_normal`, called in a fixed order. Directions come
from a table of rounded numbers, because the last bit of sin and cos varies between processors.
"""

from __future__ import annotations

import math

import numpy as np

from .presets import StrokePreset

DIRECTION_COUNT = 4096
_GRID = float(1 << 24)
# Rounded to 24 bits. No entry is near a rounding boundary (tested), so every machine has the same table.
DIRECTIONS = np.array(
    [
        [round(wave(2 * math.pi * i / DIRECTION_COUNT) * _GRID) / _GRID for i in range(DIRECTION_COUNT)]
        for wave in (math.sin, math.cos)
    ]
)
STEPS_PER_RADIAN = DIRECTION_COUNT / (2 * math.pi)


def directions(angles: np.ndarray) -> np.ndarray:
    """Look up unit vectors.

    Args:
        angles: any shape, in 1/4096 of a turn, any real number.

    Returns:
        (2, ...) float64, x = sin and y = cos of the angle.
    """
    return np.take(DIRECTIONS, np.floor(angles).astype(np.int64) & (DIRECTION_COUNT - 1), axis=1)


def drift_offsets(rng: np.random.Generator, count: int, num_frames: int, drift_speed: float, turn: float) -> np.ndarray:
    """Drift `count` shapes, each at its own steady speed in a wandering direction.

    Args:
        rng: source of randomness.
        count: number of shapes.
        num_frames: length of the clip.
        drift_speed: each shape moves at |N(0, drift_speed / 2)| pixels per frame.
        turn: standard deviation of the change of direction per frame, radians.

    Returns:
        (2, num_frames, count) float64 whole numbers: x and y traveled since the first frame.

    Source: Chang et al. 2019, the released presets (drift velocity, line acceleration).
    Differs: the presets do not define the line acceleration. We take its angle as the standard deviation of the turn
    per frame, ignore its speed (accelerating strokes leave the frame, and hole shares fall below the published ones),
    and truncate each step to whole pixels.
    """
    speed = np.abs(rng.standard_normal(count)) * (drift_speed / 2)
    angle = rng.random(count) * DIRECTION_COUNT
    turns = rng.standard_normal((num_frames, count)) * (turn * STEPS_PER_RADIAN)
    turns[0] = angle
    steps = np.trunc(directions(np.cumsum(turns, axis=0)) * speed)
    steps[:, 0] = 0.0
    return np.cumsum(steps, axis=1)


def jitter_offsets(rng: np.random.Generator, preset: StrokePreset, num_frames: int, num_vertices: int) -> np.ndarray:
    """Move every vertex on its own random walk.

    Args:
        rng: source of randomness.
        preset: sets the share of vertices that jitter in a frame, and how far.
        num_frames: length of the clip.
        num_vertices: vertices of all strokes together.

    Returns:
        (2, num_frames, num_vertices) float64 whole numbers: x and y moved since the first frame.

    Source: Chang et al. 2019, the released presets (jittered share, j).
    Differs: we assume, and checked against the published hole shares, that jitter adds up over the frames, is a whole
    number of pixels in [-j, j], and picks each vertex independently (so the share holds only on average).
    """
    largest = math.floor(preset.jitter)
    jumps = rng.random((2, num_frames, num_vertices))
    # The x draw both picks the vertex and sets its jump in x; the y draw sets the jump in y.
    chosen = jumps[0] < preset.jitter_share
    jumps[0] *= (2 * largest + 1) / preset.jitter_share
    jumps[1] *= 2 * largest + 1
    np.floor(jumps, out=jumps)
    jumps -= largest
    jumps *= chosen
    jumps[:, 0] = 0.0
    return np.cumsum(jumps, axis=1)
