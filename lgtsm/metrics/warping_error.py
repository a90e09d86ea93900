"""Warping error: does the filled video move as the true one does?"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.metrics.video_means import VideoMeans
from lgtsm.ops.warp import flow_is_consistent, warp

STANDARD_FLOW = "dis"


class WarpingError(VideoMeans):
    """Squared difference of a frame and the next one, moved back along the flow of the true video.

    For each pair of frames, over the pixels that are not occluded (forward and backward flow of the **true** video
    agree, see `lgtsm.ops.warp.flow_is_consistent`), colors averaged:

        E(t) = sum_x M_t(x) |filled_t(x) - warp(filled_{t+1}, flow_{t -> t+1})(x)|^2 / sum_x M_t(x)

    `warping_error` is the mean of E(t) over the pairs with such pixels, `warping_error_hole` the same with M_t cut to
    the hole of frame t. The true video has an error above 0 too, as flow is not exact; less means smoother than the
    truth. Videos without any such pixel do not count.

    Args:
        flow: callable (first, second) -> flow, see `lgtsm.features.optical_flow`: `DISFlow` (no weights) or `RAFTFlow`.
            Do not compare numbers with different flows: any but the standard `DISFlow` puts its `name` into the
            scores' names: `warping_error_raft_large`.

    Source: Lai et al. 2018, Learning Blind Video Temporal Consistency, Section 4.1, and its program for the mean
    over colors; occlusion of Ruder et al. 2016.
    Differs: DIS flow by default, where they took FlowNet2, and flow of the true video, which inpainting has; the part
    inside the hole is ours.
    """

    def __init__(self, flow: nn.Module, **kwargs: Any):
        name = getattr(flow, "name", type(flow).__name__.lower())
        frame = "warping_error" if name == STANDARD_FLOW else f"warping_error_{name}"
        self.names = (frame, f"{frame}_hole")
        super().__init__(**kwargs)
        self.flow = flow
        self._last: tuple[Tensor, tuple[Tensor, Tensor]] | None = None

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        scores = [self._score_one(*parts) for parts in zip(filled, video, hole)]
        values = {name: torch.stack([one[name][0] for one in scores]) for name in self.names}
        counted = {name: torch.stack([one[name][1] for one in scores]) for name in self.names}
        return values, counted

    def _score_one(self, filled: Tensor, video: Tensor, hole: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Score (time, 3, height, width) of one video: name -> (value, whether it counts)."""
        if len(video) < 2:
            nothing = filled.new_zeros((), dtype=torch.float64), torch.tensor(False, device=filled.device)
            return dict.fromkeys(self.names, nothing)
        flow, trusted = self._flow_of(video)
        squares = (filled[:-1] - warp(filled[1:], flow)[0]).double().square().mean(1, keepdim=True)
        found = {}
        for name, where in zip(self.names, (trusted, trusted & (hole[:-1] > 0))):
            pixels = where.sum((1, 2, 3))
            errors = torch.where(where, squares, 0).sum((1, 2, 3))[pixels > 0] / pixels[pixels > 0]
            found[name] = errors.sum() / max(1, len(errors)), torch.tensor(len(errors) > 0, device=errors.device)
        return found

    def _flow_of(self, video: Tensor) -> tuple[Tensor, Tensor]:
        """Return the flow between consecutive frames and where to trust it; keep both for the next filling."""
        if self._last is None or self._last[0].shape != video.shape or not torch.equal(self._last[0], video):
            forward = self.flow(video[:-1], video[1:])
            backward = self.flow(video[1:], video[:-1])
            self._last = (video.clone(), (forward, flow_is_consistent(forward, backward)))
        return self._last[1]

    def reset(self) -> None:
        """Forget the videos and the kept flow."""
        super().reset()
        self._last = None
