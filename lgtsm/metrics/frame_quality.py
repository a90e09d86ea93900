"""MSE, PSNR and SSIM, over the frame and inside the hole."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from lgtsm.metrics.video_means import VideoMeans, check_pair, full_precision

NAMES = ("mse", "psnr", "ssim", "mse_hole", "psnr_hole", "ssim_hole")
LEAST_MSE = 1e-10  # equal videos get 100 dB instead of infinity, so that means stay finite


def frame_scores(filled: Tensor, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
    """Score each video of a batch.

    MSE and PSNR: over all pixels of the video (of its hole), colors averaged. SSIM: 11x11 Gaussian window of sigma 1.5
    (Wang et al. 2004) on frames reflected at their edges, mean over frames and colors; inside the hole: mean of the
    SSIM map over its pixels. Clips videos to [0, 1] first and computes in float32 or float64 under any autocast.

    Args:
        filled: (batch, time, 3, height, width).
        video: the true video, of the same shape, in [0, 1].
        hole: (batch, time, 1, height, width), 1 = missing.

    Returns:
        {"mse", "psnr", "ssim", "mse_hole", "psnr_hole", "ssim_hole"}: float64 (batch,); the hole's numbers are NaN
        where a video has no hole.
    """
    filled, video, hole = check_pair(filled, video, hole)
    with full_precision(video):
        inside = hole.sum((1, 2, 3, 4))
        squares = (filled - video).double().square().mean(2, keepdim=True)  # (batch, time, 1, height, width)
        mse, mse_hole = squares.mean((1, 2, 3, 4)), (squares * hole).sum((1, 2, 3, 4)) / inside
        ssim, ssim_map = structural_similarity_index_measure(
            filled.flatten(0, 1), video.flatten(0, 1), data_range=1.0, reduction="none", return_full_image=True
        )
        ssim_map = ssim_map.double().mean(1, keepdim=True).view_as(squares)
        return {
            "mse": mse,
            "psnr": -10 * mse.clamp(min=LEAST_MSE).log10(),
            "ssim": ssim.double().view(video.shape[:2]).mean(1),
            "mse_hole": mse_hole,
            "psnr_hole": -10 * mse_hole.clamp(min=LEAST_MSE).log10(),
            "ssim_hole": (ssim_map * hole).sum((1, 2, 3, 4)) / inside,
        }


class FrameQuality(VideoMeans):
    """Means of `frame_scores` over videos, each video counting once.

    Videos without a hole count in the frame's numbers only.
    """

    names = NAMES
    higher_is_better = None  # some are, some are not

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        with_hole = (hole > 0.5).flatten(1).any(1)
        always = torch.ones_like(with_hole)
        counted = {name: with_hole if name.endswith("_hole") else always for name in NAMES}
        return frame_scores(filled, video, hole), counted
