"""Copy hidden pixels from frames that show them, along the flow, forwards and backwards in time."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from lgtsm.checks import check_positive
from lgtsm.classical.clips import ClipMethod
from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.flow import neighbor_flow, sample_points, squared_length
from lgtsm.classical.frame_threads import for_each

# Longest motion path in the hole, in frames. Longer paths find more (24 frames: .0266 in ST-LPIPS against .0280 after
# 15), but follow a guessed motion, and copy passers-by into places that they never hid.
MOST_STEPS = 30


class Found(NamedTuple):
    """Missing pixels of a frame that another frame shows, in one direction of time.

    pixels: flat indices (points,). color: float32 (points, 3). steps: float32 (points,), how many frames away.
    """

    pixels: np.ndarray
    color: np.ndarray
    steps: np.ndarray


@dataclasses.dataclass(frozen=True)
class Copied:
    """Frames with pixels copied along the flow.

    color: float32 (time, height, width, 3), the frames with the copied pixels.
    missing: bool (time, height, width), the pixels that no frame shows.
    found: what was blended, for each frame with missing pixels: from frames after it, and from frames before it.
    """

    color: np.ndarray
    missing: np.ndarray
    found: dict[int, tuple[Found, Found]]


class FlowCopy(ClipMethod):
    """Fill each missing pixel from the nearest frames before and after that know it, along its motion path.

    Pixels that no frame shows get smooth colors from their border.

    Args:
        max_miss: longest distance, in pixels, between the start of a step and where a step forward and back ends; a
            motion path stops at a longer one.

    Source: Huang et al. 2016, Section 4.2, its color propagation alone.
    Differs: a path stops after MOST_STEPS frames.
    """

    local = True

    def __init__(self, max_miss: float = 1.0):
        super().__init__()
        check_positive("max_miss", max_miss)
        self.max_miss = max_miss

    def fill_clip(self, frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill one clip; see `lgtsm.classical.clips.ClipMethod`."""
        frames = smooth_frames(frames, hole)
        copied = copy_along_flow(frames, hole, *neighbor_flow(frames, hole, around=hole), self.max_miss)
        return smooth_frames(copied.color, copied.missing)


def copy_along_flow(
    frames: np.ndarray,
    hole: np.ndarray,
    forward: np.ndarray,
    backward: np.ndarray,
    max_miss: float = 1.0,
    most_steps: int | None = MOST_STEPS,
    sources: np.ndarray | None = None,
) -> Copied:
    """Copy missing pixels along the flow from both directions and blend the two, the nearer frame counting more.

    Args:
        frames: float32 (time, height, width, 3) in [0, 1].
        hole: bool (time, height, width), True = missing.
        forward, backward: as `lgtsm.classical.flow.neighbor_flow` returns them, complete.
        max_miss: see `FlowCopy`.
        most_steps: frames after which a motion path stops; None for no limit.
        sources: bool (time, height, width), the only pixels to copy: a path stops at other known ones. None copies all
            known ones.
    """
    hidden = hole.astype(np.uint8) * 255
    wanted = None if sources is None else sources.astype(np.uint8) * 255
    color, missing = frames.copy(), hole.copy()
    flows = np.zeros((*hole.shape, 4), np.float32)  # both at once, as OpenCV samples four channels best
    flows[1:, ..., :2], flows[:-1, ..., 2:] = backward, forward

    def copy_into(t: int) -> tuple[Found, Found]:
        total = np.zeros((hole[t].size, 3), np.float32)
        weights = np.zeros(hole[t].size, np.float32)
        after, before = (
            _follow(t, frames, hidden, wanted, flows, ahead, max_miss, most_steps) for ahead in (True, False)
        )
        for pixels, colors, steps in (after, before):
            weight = 1 / np.square(steps)
            total[pixels] += colors * weight[:, None]
            weights[pixels] += weight
        shown = np.flatnonzero(weights)
        color[t].reshape(-1, 3)[shown] = total[shown] / weights[shown, None]
        missing[t].reshape(-1)[shown] = False
        return after, before

    with_holes = np.flatnonzero(hole.any((1, 2))).tolist()
    return Copied(color, missing, dict(zip(with_holes, for_each(copy_into, with_holes))))


def _follow(
    t: int,
    frames: np.ndarray,
    hidden: np.ndarray,
    wanted: np.ndarray | None,
    flows: np.ndarray,
    ahead: bool,
    max_miss: float,
    most_steps: int | None,
) -> Found:
    """Follow every missing pixel of frame t in one direction of time until a known one.

    Args:
        hidden: uint8 (time, height, width), 255 where missing.
        wanted: uint8 (time, height, width), above 0 where a pixel may be copied; None for everywhere.
        flows: float32 (time, height, width, 4), of each frame to the one before and to the one after.
    """
    onward, back = (slice(2, 4), slice(0, 2)) if ahead else (slice(0, 2), slice(2, 4))
    _, height, width = hidden.shape
    start = np.flatnonzero(hidden[t])
    y, x = (part.astype(np.float32) for part in np.divmod(start, width))
    moved = flows[t].reshape(-1, 4)[start, onward]
    found, colors, steps = [start[:0]], [np.zeros((0, 3), np.float32)], [np.zeros(0, np.float32)]
    for here in range(t + 1, len(frames))[:most_steps] if ahead else range(t)[::-1][:most_steps]:
        x, y = x + moved[:, 0], y + moved[:, 1]
        sampled = sample_points(flows[here], x, y)
        going = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        going &= squared_length(sampled[:, back] + moved) <= max_miss**2
        shown = going & (sample_points(hidden[here], x, y)[:, 0] == 0)
        going &= ~shown
        if wanted is not None and shown.any():
            shown &= sample_points(wanted[here], x, y)[:, 0] > 0
        if shown.any():
            found.append(start[shown])
            colors.append(sample_points(frames[here], x[shown], y[shown]))
            steps.append(np.full(len(found[-1]), abs(here - t), np.float32))
        if not going.any():
            break
        start, x, y, moved = start[going], x[going], y[going], sampled[going, onward]
    return Found(np.concatenate(found), np.concatenate(colors), np.concatenate(steps))
