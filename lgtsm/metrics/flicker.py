"""Temporal flicker: does the filled part change from frame to frame as the true one does?"""

from __future__ import annotations

import torch
from torch import Tensor

from lgtsm.metrics.video_means import VideoMeans


class TemporalFlicker(VideoMeans):
    """Difference of consecutive frames against the truth's, inside the hole.

    The mean of |(filled[t+1] - filled[t]) - (video[t+1] - video[t])| over colors, frames and the pixels missing in
    frame t or t+1. A constant error does not flicker; one that comes and goes, or ends where the hole moves on, does.
    0 is best, 2 is worst. Videos of one frame, or without a hole, do not count.

    Source: the difference of temporal differences of dtSSD (Erofeev et al. 2015, perceptually motivated benchmark for
    video matting).
    Differs: absolute values instead of squares under a root, and inside the hole instead of over the frame.
    """

    names = ("flicker_hole",)

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        inside = torch.maximum(hole[:, 1:], hole[:, :-1])  # (batch, time - 1, 1, height, width)
        wrong = (filled - video).double().diff(dim=1).abs().mean(2, keepdim=True)
        pixels = inside.sum((1, 2, 3, 4))
        # A select, so that a broken known pixel cannot make a 0 * NaN.
        values = torch.where(inside > 0, wrong, 0).sum((1, 2, 3, 4)) / pixels
        return {"flicker_hole": values}, {"flicker_hole": pixels > 0}
