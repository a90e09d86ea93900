"""ST-LPIPS: how different two frames look to a network that forgives shifts by a pixel."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lgtsm.features.stlpips import LEAST_SIDE, STLPIPSNetwork
from lgtsm.metrics.video_means import VideoMeans


class STLPIPS(VideoMeans):
    """Shift-tolerant learned perceptual distance of frames, its mean over the frames of a video; 0 is equal.

    A metric of its own, with its own weights: do not compare its numbers with those of LPIPS.

    Raises:
        MissingPackageError: the package stlpips_pytorch, which carries the weights, is not installed.
        ValueError: its weights are not the published ones.

    Source: Ghildyal and Liu 2022, Shift-tolerant Perceptual Similarity Metric (ST-LPIPS, AlexNet).
    """

    names = ("stlpips",)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.network = STLPIPSNetwork()

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        if min(video.shape[-2:]) < LEAST_SIDE:
            raise ValueError(
                f"ST-LPIPS needs frames of at least {LEAST_SIDE} pixels on each side; got "
                f"{video.shape[-2]}x{video.shape[-1]}. Score larger frames, or set metric.stlpips=null."
            )
        # Frame by frame: the first layer keeps the size and takes 100 MB for a frame of 320x180.
        values = torch.stack([
            torch.stack([self.network(f[None], v[None])[0].double() for f, v in zip(one, true)]).mean()
            for one, true in zip(filled, video)
        ])  # fmt: skip
        return {"stlpips": values}, {"stlpips": torch.ones(len(values), dtype=torch.bool, device=values.device)}
