"""Follow the motion paths of missing pixels on a GPU, all frames at once."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lgtsm.classical.found import Found

HIDDEN = 0.5 / 255  # a point is hidden if more of its color than this would come from missing pixels


class DevicePaths:
    """The motion paths of missing pixels, in torch; see `lgtsm.classical.flow_copy.copy_along_flow` for the arguments.

    Differs from NumPy and OpenCV: points are not rounded to 1/32 pixel where OpenCV rounds them, so a few paths at the
    edge of the hole or of `max_miss` end elsewhere, and colors differ by up to 1/64 of the contrast of two neighbors.
    """

    def __init__(
        self,
        frames: np.ndarray,
        hole: np.ndarray,
        flows: np.ndarray,
        max_miss: float,
        most_steps: int | None,
        sources: np.ndarray | None,
        device: torch.device,
    ):
        self.device = device
        self.colors = self._flat(frames)
        self.flows = self._flat(flows)
        self.hidden = self._flat(hole[..., None].astype(np.float32))
        self.wanted = None if sources is None else self._flat(sources[..., None].astype(np.float32))
        self.hole, self.max_miss = hole, max_miss
        self.most_steps = len(hole) if most_steps is None else most_steps

    def _flat(self, values: np.ndarray) -> Tensor:
        """Return (time, height, width, channel) as (pixels of all frames, channel) on the device."""
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device).flatten(0, 2)

    def follow(self, group: list[int], ahead: bool) -> list[Found]:
        """Return what the paths of some frames find, in one direction of time, frame by frame.

        All paths take their steps together, each in a frame of its own.
        """
        time, height, width = self.hole.shape
        step, onward, back = (1, slice(2, 4), slice(0, 2)) if ahead else (-1, slice(0, 2), slice(2, 4))
        t, y, x = (torch.from_numpy(part).to(self.device) for part in np.nonzero(self.hole[group]))
        origin = torch.tensor(group, device=self.device)[t]
        pixels, points = y * width + x, torch.stack([x, y], 1).float()
        moved = self.flows[origin * height * width + pixels, onward]
        edge = torch.tensor([width - 1, height - 1], device=self.device)
        found = []
        for steps in range(1, self.most_steps + 1):
            here, points = origin + step * steps, points + moved
            going = ((points >= 0) & (points <= edge)).all(1) & (here >= 0) & (here < time)
            if not going.any():  # a path in another frame still may go on
                break
            here, points, moved, origin, pixels = (part[going] for part in (here, points, moved, origin, pixels))
            corners, weights = self._corners(here, points)
            flows = _weighted(self.flows, corners, weights)
            close = (flows[:, back] + moved).square().sum(1) <= self.max_miss**2
            known = _weighted(self.hidden, corners, weights)[:, 0] < HIDDEN
            shown = close & known
            if self.wanted is not None:
                shown &= _weighted(self.wanted, corners, weights)[:, 0] >= HIDDEN
            colors = _weighted(self.colors, corners[:, shown], weights[:, shown])
            found.append((origin[shown], pixels[shown], colors, torch.full_like(colors[:, 0], steps)))
            left = close & ~known
            points, moved, origin, pixels = points[left], flows[left, onward], origin[left], pixels[left]
        if not found:
            nothing = Found(np.zeros(0, np.int64), np.zeros((0, 3), np.float32), np.zeros(0, np.float32))
            return [nothing] * len(group)
        origin, *parts = (torch.cat(part) for part in zip(*found))
        order = torch.argsort(origin, stable=True)
        ends = torch.searchsorted(origin[order], torch.tensor(group, device=self.device), right=True)
        sizes = torch.diff(ends, prepend=ends.new_zeros(1)).tolist()
        split = [part[order].cpu().split(sizes) for part in parts]
        return [Found(*(part.numpy() for part in one)) for one in zip(*split)]

    def _corners(self, frames: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return the flat indices of the four pixels around points within the frames, and weights: (4, points)."""
        _, height, width = self.hole.shape
        low = points.floor()
        (right, down), (x, y) = (points - low).T, low.long().T
        x_next, y_next = (x + 1).clamp(max=width - 1), (y + 1).clamp(max=height - 1)
        start = frames * height * width
        corners = torch.stack([start + row * width + column for row in (y, y_next) for column in (x, x_next)])
        weights = torch.stack([a * b for a in (1 - down, down) for b in (1 - right, right)])
        return corners, weights


def _weighted(values: Tensor, corners: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean of values (pixels, channel) at corners (4, points): (points, channel)."""
    return (values[corners] * weights[..., None]).sum(0)
