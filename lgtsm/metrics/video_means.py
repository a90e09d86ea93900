"""What metrics that give one number to each video share: means over videos, from sums."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric


class VideoMeans(Metric):
    """Means over videos of named scores, each video counting once.

    A subclass names its scores in `names` and gives them in `score`; a score that a video does not have (nothing is
    missing, nothing is seen twice) is left out by `counted`, so that a NaN always means a broken result. States are
    sums in float64: batches equal the whole, and processes add up exactly.
    """

    full_state_update = False
    higher_is_better: bool | None = False
    is_differentiable = False
    names: tuple[str, ...] = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        for name in self.names:
            self.add_state(f"sum_{name}", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
            self.add_state(f"count_{name}", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return each video's scores, float64 (batch,) by name, and which of them count, bool (batch,) by name."""
        raise NotImplementedError

    @torch.no_grad()
    def update(self, filled: Tensor, video: Tensor, hole: Tensor) -> None:
        """Add a batch; arguments as in `score`."""
        scores, counted = self.score(filled, video, hole)
        for name, values in scores.items():
            of_these = values[counted[name]]
            setattr(self, f"sum_{name}", getattr(self, f"sum_{name}") + of_these.sum())
            setattr(self, f"count_{name}", getattr(self, f"count_{name}") + len(of_these))

    def compute(self) -> dict[str, Tensor]:
        """Return the means by name, NaN where nothing was counted."""
        return {name: getattr(self, f"sum_{name}") / getattr(self, f"count_{name}") for name in self.names}
