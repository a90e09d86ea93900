"""Copy hidden pixels from frames that show them, along the flow, forwards and backwards in time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch

from lgtsm.checks import check_positive
from lgtsm.classical.clips import ClipMethod
from lgtsm.classical.device_paths import DevicePaths
from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.flow import grid, joined_flow, sample_points
from lgtsm.classical.found import Found
from lgtsm.classical.frame_threads import for_each, num_threads

TOGETHER = 8  # frames whose missing pixels are followed together
# Longest motion path in the hole, in frames. Longer paths find more (24 frames: .0266 in ST-LPIPS against .0280 after
# 15), but follow a guessed motion, and copy passers-by into places that they never hid.
MOST_STEPS = 30


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

    def fill_clip(self, frames: np.ndarray, hole: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
        """Fill one clip; see `lgtsm.classical.clips.ClipMethod`."""
        frames = smooth_frames(frames, hole)
        flows = joined_flow(frames, hole, around=hole)
        copied = copy_along_flow(frames, hole, flows, self.max_miss, device=device, in_place=True)
        return smooth_frames(copied.color, copied.missing)


def copy_along_flow(
    frames: np.ndarray,
    hole: np.ndarray,
    flows: np.ndarray,
    max_miss: float = 1.0,
    most_steps: int | None = MOST_STEPS,
    sources: np.ndarray | None = None,
    device: torch.device | str = "cpu",
    in_place: bool = False,
) -> Copied:
    """Copy missing pixels along the flow from both directions and blend the two, the nearer frame counting more.

    Args:
        frames: float32 (time, height, width, 3) in [0, 1].
        hole: bool (time, height, width), True = missing.
        flows: as `lgtsm.classical.flow.joined_flow` returns them.
        max_miss: see `FlowCopy`.
        most_steps: frames after which a motion path stops, at least 1; None for no limit.
        sources: bool (time, height, width), the only pixels to copy: a path stops at other known ones. None copies all
            known ones.
        device: of the clip. On a CUDA device all frames are followed at once, which gives the same but for rounding,
            see `lgtsm.classical.device_paths.DevicePaths`; otherwise the CPU follows them.
        in_place: write the copied pixels into `frames`: copying a whole clip takes as long as following its paths.
    """
    settings = frames, hole, flows, max_miss, most_steps, sources
    on_gpu = torch.device(device).type == "cuda"
    paths = DevicePaths(*settings, torch.device(device)) if on_gpu else _Paths(*settings)
    color, missing = frames if in_place else frames.copy(), hole.copy()

    def blend(t: int, *directions: Found) -> None:
        total = np.zeros((hole[t].size, 3), np.float32)
        weights = np.zeros(hole[t].size, np.float32)
        for pixels, colors, steps in directions:
            weight = 1 / np.square(steps)
            total[pixels] += colors * weight[:, None]
            weights[pixels] += weight
        shown = np.flatnonzero(weights)
        color[t].reshape(-1, 3)[shown] = total[shown] / weights[shown, None]
        missing[t].reshape(-1)[shown] = False

    def follow(group: list[int]) -> Iterator[tuple[int, tuple[Found, Found]]]:
        return zip(group, zip(paths.follow(group, ahead=True), paths.follow(group, ahead=False)))

    with_holes = np.flatnonzero(hole.any((1, 2))).tolist()
    size = max(1, len(with_holes) if on_gpu else min(TOGETHER, -(-len(with_holes) // num_threads())))
    groups = [with_holes[first : first + size] for first in range(0, len(with_holes), size)]
    found = dict(chain.from_iterable(for_each(follow, groups)))
    # Only now: points between pixels take in traces of missing ones.
    for_each(lambda t: blend(t, *found[t]), with_holes)
    return Copied(color, missing, found)


class _Paths:
    """The motion paths of missing pixels; see `copy_along_flow` for the arguments.

    Points and steps are complex numbers, x + iy: NumPy works on one such number faster than on a short axis of two.
    """

    def __init__(self, frames, hole, flows, max_miss, most_steps, sources):
        self.frames, self.hole, self.flows = frames, hole, flows
        self.positions = grid(*hole.shape[1:]).view(np.complex64).ravel()
        self.hidden = hole.astype(np.uint8) * 255
        self.wanted = None if sources is None else sources.astype(np.uint8) * 255
        self.max_miss, self.most_steps = max_miss, most_steps
        with_sources = np.arange(len(hole)) if sources is None else np.flatnonzero(sources.any((1, 2)))
        # No path needs to go on beyond the last frame with sources.
        self.first, self.last = int(with_sources.min(initial=len(hole))), int(with_sources.max(initial=-1))

    def follow(self, group: list[int], ahead: bool) -> list[Found]:
        """Follow every missing pixel of some frames, in order, in one direction of time until a known one.

        Goes through the clip once; in each frame, all paths that are there take their step together.
        """
        step, onward, back = (1, 1, 0) if ahead else (-1, 0, 1)
        begin, end = (group[0], self.last) if ahead else (group[-1], self.first)
        points, moved = np.zeros((2, 0), np.complex64)
        origin, pixels = np.zeros((2, 0), np.int64)
        found = [(origin, pixels, np.zeros((0, 3), np.float32), np.zeros(0, np.float32))]
        _, height, width = self.hole.shape
        for here in range(begin + step, end + step, step):
            if here - step in group:
                so_far: list[np.ndarray] = [points, moved, origin, pixels]
                started = self._start(here - step, onward)
                points, moved, origin, pixels = (np.concatenate(pair) for pair in zip(so_far, started))
            if not len(points):
                continue
            points = points + moved
            sampled = sample_points(self.flows[here], points).view(np.complex64)
            x, y, miss = points.real, points.imag, sampled[:, back] + moved
            going = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
            going &= miss.real**2 + miss.imag**2 <= self.max_miss**2
            shown = going & (sample_points(self.hidden[here], points)[:, 0] == 0)
            going &= ~shown
            chosen = np.flatnonzero(shown)
            if self.wanted is not None:
                chosen = chosen[sample_points(self.wanted[here], points[chosen])[:, 0] > 0]
            if len(chosen):
                colors = sample_points(self.frames[here], points[chosen])
                steps = np.abs(here - origin[chosen]).astype(np.float32)
                found.append((origin[chosen], pixels[chosen], colors, steps))
            if self.most_steps is not None:
                going &= np.abs(here - origin) < self.most_steps
            left = np.flatnonzero(going)
            points, moved, origin, pixels = points[left], sampled[left, onward], origin[left], pixels[left]
        origin, *parts = (np.concatenate(part) for part in zip(*found))
        return [Found(*(part[origin == t] for part in parts)) for t in group]

    def _start(self, t: int, onward: int) -> tuple[np.ndarray, ...]:
        """Return the missing pixels of frame t as points, with their first steps, their frame and flat indices."""
        pixels = np.flatnonzero(self.hole[t])
        moved = self.flows[t].view(np.complex64).reshape(-1, 2)[pixels, onward]
        return self.positions[pixels], moved, np.full(len(pixels), t), pixels
