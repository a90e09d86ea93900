"""PSNR and SSIM as later video inpainting papers report them."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lgtsm.checks import check_positive
from lgtsm.metrics.frame_quality import LEAST_MSE
from lgtsm.metrics.video_means import VideoMeans

C1, C2 = 0.01**2, 0.03**2


class PeerQuality(VideoMeans):
    """PSNR of each frame, and SSIM in a uniform window, averaged over frames.

    `psnr_of_frames`: the mean of the frames' PSNR, where `FrameQuality` takes the PSNR of a clip's MSE. `ssim_uniform`:
    a uniform window of `window` pixels a side, sample covariances, the border of half a window left out, means over
    colors and pixels: `structural_similarity` of scikit-image with `win_size=65` and its other defaults.

    Args:
        window: side of the window, pixels, odd.

    Source: the released evaluation of STTN, FuseFormer and E2FGVI; Wang et al. 2004.
    Differs: a frame that is equal gets 100 dB, not infinity.
    """

    names = ("psnr_of_frames", "ssim_uniform")
    higher_is_better = True

    def __init__(self, window: int = 65, **kwargs: Any):
        super().__init__(**kwargs)
        check_positive("window", window)
        if window % 2 == 0 or window == 1:
            raise ValueError(f"window must be an odd number from 3 up; got {window}.")
        self.window = window

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        if min(video.shape[-2:]) < self.window:
            raise ValueError(
                f"SSIM in a window of {self.window} pixels needs frames of at least {self.window} pixels a side; got "
                f"{video.shape[-1]}x{video.shape[-2]}."
            )
        mse = (filled - video).double().square().mean((2, 3, 4))  # (batch, time)
        psnr = -10 * mse.clamp(min=LEAST_MSE).log10()
        pairs = zip(filled.flatten(0, 1), video.flatten(0, 1))
        ssim = torch.stack([self._ssim(a.double(), b.double()) for a, b in pairs]).view(mse.shape)
        always = torch.ones(len(video), dtype=torch.bool, device=video.device)
        return {"psnr_of_frames": psnr.mean(1), "ssim_uniform": ssim.mean(1)}, dict.fromkeys(self.names, always)

    def _ssim(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the SSIM of two frames, float64 (3, height, width)."""
        of_sample = self.window**2 / (self.window**2 - 1)
        mean_a, mean_b, aa, bb, ab = self._window_means(torch.stack([a, b, a * a, b * b, a * b]))
        variances = of_sample * ((aa - mean_a**2) + (bb - mean_b**2))
        covariance = of_sample * (ab - mean_a * mean_b)
        above = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
        return (above / ((mean_a**2 + mean_b**2 + C1) * (variances + C2))).mean()

    def _window_means(self, maps: Tensor) -> Tensor:
        """Return the mean in each window that lies in the frame, from sums along both axes."""
        sums = F.pad(maps, (1, 0, 1, 0)).cumsum(-1).cumsum(-2)
        n = self.window
        boxes = sums[..., n:, n:] - sums[..., :-n, n:] - sums[..., n:, :-n] + sums[..., :-n, :-n]
        return boxes / n**2
