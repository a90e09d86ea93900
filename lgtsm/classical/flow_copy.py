"""Copy what a hole hides from frames that show it, along the flow, forwards and backwards in time."""

from __future__ import annotations

import dataclasses

import numpy as np
from torch import Tensor, nn

from lgtsm.checks import check_positive
from lgtsm.classical.clips import fill_clips
from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.flow import neighbour_flow


@dataclasses.dataclass(frozen=True)
class Copied:
    """What was found along the flow.

    colour: float32 (time, height, width, 3), the frames with what was found in them.
    missing: bool (time, height, width), what no frame shows.
    """

    colour: np.ndarray
    missing: np.ndarray


class FlowCopy(nn.Module):
    """Fill each missing pixel with what its motion path shows in the nearest frames before and after that know it.

    Pixels that no frame shows get smooth colours from their border.

    Args:
        max_miss: how far, in pixels, a step forward and one back again may end from its start before a motion path is
            given up.

    Source: Huang et al. 2016, Section 4.2, its colour propagation alone.
    """

    def __init__(self, max_miss: float = 1.0):
        super().__init__()
        check_positive("max_miss", max_miss)
        self.max_miss = max_miss

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill (batch, time, 3, height, width) in [0, 1] where hole (batch, time, 1, height, width) is 1.

        Returns:
            "filled" and "predicted", both like video and equal: known pixels are those of video bit for bit.

        Raises:
            ValueError: video and hole are not such tensors.
        """
        return fill_clips(video, hole, self._fill)

    def _fill(self, frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
        frames = smooth_frames(frames, hole)
        copied = copy_along_flow(frames, hole, *neighbour_flow(frames, hole), self.max_miss)
        return smooth_frames(copied.colour, copied.missing)


def copy_along_flow(
    frames: np.ndarray, hole: np.ndarray, forward: np.ndarray, backward: np.ndarray, max_miss: float = 1.0
) -> Copied:
    """Copy missing pixels along the flow from both directions and blend the two, the nearer frame counting more.

    Args:
        frames: float32 (time, height, width, 3) in [0, 1].
        hole: bool (time, height, width), True = missing.
        forward, backward: as `lgtsm.classical.flow.neighbour_flow` returns them, complete.
        max_miss: see `FlowCopy`.
    """
    total = np.zeros_like(frames)
    weights = np.zeros(hole.shape, np.float32)
    for ahead in (True, False):
        point, colour, steps = _follow(frames, hole, forward, backward, ahead, max_miss)
        weight = 1 / np.square(steps.astype(np.float32))
        total[point] += colour * weight[:, None]
        weights[point] += weight
    found = weights > 0
    colour = np.where(found[..., None], total / np.maximum(weights, np.float32(1e-12))[..., None], frames)
    return Copied(colour, hole & ~found)


def bilinear(images: np.ndarray, t: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Sample images (time, height, width, channel) at whole times t and positions y, x inside them; exact on pixels.

    Returns:
        (points, channel), for t, y, x of shape (points,).
    """
    height, width, channels = images.shape[1:]
    flat = images.reshape(-1, channels)
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    down, right = (y - top).astype(np.float32)[:, None], (x - left).astype(np.float32)[:, None]
    below, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    upper, lower = (t * height + top) * width, (t * height + below) * width
    above = flat[upper + left] * (1 - right) + flat[upper + beside] * right
    under = flat[lower + left] * (1 - right) + flat[lower + beside] * right
    return above * (1 - down) + under * down


def _follow(
    frames: np.ndarray, hole: np.ndarray, forward: np.ndarray, backward: np.ndarray, ahead: bool, max_miss: float
) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Follow every missing pixel in one direction of time until a known one.

    Returns:
        the pixels that found one, as (t, y, x) indices; their colours (points, 3); how many frames away it was.
    """
    step, flow, back = (1, forward, backward) if ahead else (-1, backward, forward)
    num_frames, height, width = hole.shape
    hidden = hole.astype(np.float32)[..., None]
    start = np.stack(np.nonzero(hole))
    t, y, x = start[0], start[1].astype(np.float32), start[2].astype(np.float32)
    points, colours, steps = [start[:, :0]], [np.zeros((0, 3), np.float32)], [np.zeros(0, np.int64)]
    for count in range(1, num_frames):
        inside = (t + step >= 0) & (t + step < num_frames)
        start, t, y, x = start[:, inside], t[inside], y[inside], x[inside]
        pair = t if ahead else t - 1  # flow is stored by the earlier frame of each pair
        moved = bilinear(flow, pair, y, x)
        t, y, x = t + step, y + moved[:, 1], x + moved[:, 0]
        inside = (y >= 0) & (y <= height - 1) & (x >= 0) & (x <= width - 1)
        start, t, y, x, moved, pair = start[:, inside], t[inside], y[inside], x[inside], moved[inside], pair[inside]
        consistent = np.square(moved + bilinear(back, pair, y, x)).sum(1) <= max_miss**2
        start, t, y, x = start[:, consistent], t[consistent], y[consistent], x[consistent]
        shown = bilinear(hidden, t, y, x)[:, 0] == 0
        points.append(start[:, shown])
        colours.append(bilinear(frames, t[shown], y[shown], x[shown]))
        steps.append(np.full(int(shown.sum()), count))
        start, t, y, x = start[:, ~shown], t[~shown], y[~shown], x[~shown]
        if not len(t):
            break
    return tuple(np.concatenate(points, axis=1)), np.concatenate(colours), np.concatenate(steps)
