"""The base of metrics that give one number to each video: means over videos, from sums."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from lgtsm.checks import check_video, check_video_and_hole


def full_precision(of: Tensor) -> torch.autocast:
    """Return a context that keeps float32 on the device of `of` under any autocast.

    In bfloat16, with 8 bits, the variances that SSIM divides by are all rounding error.
    """
    return torch.autocast(of.device.type, enabled=False)


def check_pair(filled: Tensor, video: Tensor, hole: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return both videos in float32 clipped to [0, 1], and the hole as 0 and 1 in float64.

    Raises:
        ValueError: they do not fit together.
    """
    check_video(filled, "filled")
    check_video_and_hole(video, hole)
    if filled.shape != video.shape:
        raise ValueError(f"filled must have the shape of video, {tuple(video.shape)}; got {tuple(filled.shape)}.")
    return filled.float().clamp(0, 1), video.float().clamp(0, 1), (hole > 0.5).double()


class VideoMeans(Metric):
    """Means over videos of named scores, each video counting once.

    A subclass names its scores in `names` and computes them in `_score`, which gets the output of `check_pair` and runs
    without gradients and without autocast. It leaves a score that a video does not have (nothing is missing, or seen
    twice) out of `counted`, so a NaN always means a broken result. States are sums in float64: batches and processes
    add up exactly.
    """

    full_state_update = False
    higher_is_better: bool | None = False
    is_differentiable = False
    names: tuple[str, ...] = ()

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        for name in self.names:
            self.add_state(f"sum_{name}", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
            self.add_state(f"count_{name}", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    @torch.no_grad()
    def score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Score each video of a batch, in float32 and float64 under any autocast.

        Args:
            filled: (batch, time, 3, height, width), of any floating type; clipped to [0, 1] first.
            video: the true video, of the same shape, in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            Each video's scores, float64 (batch,) by name, and whether they count, bool (batch,) by name.

        Raises:
            ValueError: the shapes do not fit together, or the frames are too small for the metric.
        """
        filled, video, hole = check_pair(filled, video, hole)
        with full_precision(video):
            return self._score(filled, video, hole)

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        raise NotImplementedError

    @torch.no_grad()
    def update(self, filled: Tensor, video: Tensor, hole: Tensor) -> None:
        """Add a batch; arguments as in `score`."""
        scores, counted = self.score(filled, video, hole)
        for name, values in scores.items():
            values = values[counted[name]]
            setattr(self, f"sum_{name}", getattr(self, f"sum_{name}") + values.sum())
            setattr(self, f"count_{name}", getattr(self, f"count_{name}") + len(values))

    def compute(self) -> dict[str, Tensor]:
        """Return the means by name, NaN where nothing was counted."""
        return {name: getattr(self, f"sum_{name}") / getattr(self, f"count_{name}") for name in self.names}
