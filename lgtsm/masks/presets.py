"""The five released stroke presets, and how their lengths scale with the frame size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

REFERENCE_HEIGHT = 180
REFERENCE_WIDTH = 320


@dataclass(frozen=True)
class StrokePreset:
    """One row of the table of free-form strokes; lengths in pixels of a 320x180 frame, angles in radians.

    Args:
        vertices: fewest and most steps of the polyline, both included; its start adds one vertex.
        head_speed: longest step from one vertex to the next, pixels.
        head_acceleration: largest change of the step length (pixels) and of its direction (radians) per vertex.
        brush_width: narrowest brush, included, and widest, excluded, in pixels.
        jitter_share: chance that a vertex jitters in a frame, 0 to 1.
        jitter: largest jitter of a vertex per frame and axis, pixels.
        drift_speed: the whole stroke drifts at |N(0, drift_speed / 2)| pixels per frame.
        drift_acceleration: change of the drift per frame, pixels and radians; see `lgtsm.masks.motion`.

    Source: Chang et al. 2019, Free-form Video Inpainting, the released presets.
    """

    vertices: tuple[int, int]
    head_speed: float
    head_acceleration: tuple[float, float]
    brush_width: tuple[float, float]
    jitter_share: float
    jitter: float
    drift_speed: float
    drift_acceleration: tuple[float, float]


#                                        vertices  speed  a, b         brush      share  j    s     acceleration
PRESETS = MappingProxyType({
    "object_like":        StrokePreset((5, 30), 15.0, (10.0, 1.5), (20.0, 50.0), 0.5, 10.0, 10.0, (5.0, 0.5)),
    "object_like_middle": StrokePreset((5, 15), 8.0, (4.0, 1.5), (20.0, 50.0), 0.5, 5.0, 10.0, (5.0, 0.5)),
    "object_like_small":  StrokePreset((5, 20), 7.0, (3.5, 1.5), (10.0, 30.0), 0.5, 5.0, 4.0, (3.0, 0.5)),
    "rand_curve":         StrokePreset((10, 30), 20.0, (15.0, 0.5), (3.0, 10.0), 0.5, 3.0, 6.0, (5.0, 0.5)),
    "rand_curve_small":   StrokePreset((6, 22), 12.0, (8.0, 0.5), (2.5, 5.0), 0.5, 1.5, 3.0, (3.0, 0.5)),
})  # fmt: skip

BOX = "box"
STATIC_BOX = "static_box"
BOXES = (BOX, STATIC_BOX)
KINDS = (*PRESETS, *BOXES)


def frame_scale(height: int, width: int) -> float:
    """Return the factor that scales lengths from 320x180 to a frame of `height` by `width` pixels.

    It is sqrt(height * width / (180 * 320)): 1 for 320x180, 0.53 for 128x128.

    Differs: the released code draws strokes of the same pixel size in every frame, so they cover a 128x128 crop three
    times as much as a 320x180 frame. Scaling by the root of the area keeps hole shares alike.
    """
    return math.sqrt(height * width / (REFERENCE_HEIGHT * REFERENCE_WIDTH))
