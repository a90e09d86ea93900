"""OpenCV's image inpainting, frame by frame: what one gets without looking at other frames."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from lgtsm.checks import check_positive, check_video_and_hole
from lgtsm.ops.compositing import composite
from lgtsm.ops.to_uint8 import to_uint8


class Telea(nn.Module):
    """Fill each frame by itself by the fast marching method.

    Frames go through 8 bits on the way, as OpenCV wants them; known pixels do not.

    Args:
        radius: of the known neighbourhood that each pixel is made of, in pixels.

    Source: Telea 2004, An Image Inpainting Technique Based on the Fast Marching Method, as OpenCV has it.
    """

    def __init__(self, radius: float = 3.0):
        super().__init__()
        check_positive("radius", radius)
        self.radius = radius

    @torch.no_grad()
    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill (batch, time, 3, height, width) in [0, 1] where hole (batch, time, 1, height, width) is 1."""
        import cv2

        check_video_and_hole(video, hole)
        missing = (hole > 0.5).flatten(0, 1)[:, 0].byte().cpu().numpy()
        # What is missing must not show through, whatever the caller left there.
        known = torch.where(hole > 0.5, 0, video).flatten(0, 1)
        frames = to_uint8(known)
        filled = [_fill(cv2, frame, mask, self.radius) for frame, mask in zip(frames, missing)]
        predicted = torch.from_numpy(np.stack(filled)).permute(0, 3, 1, 2).to(video) / 255
        predicted = predicted.view_as(video)
        return {"filled": composite(video, hole, predicted), "predicted": predicted}


def _fill(cv2, frame: np.ndarray, mask: np.ndarray, radius: float) -> np.ndarray:
    """Fill one frame; gray where the whole frame is missing, which has nothing to start from."""
    if mask.all():
        return np.full_like(frame, 128)
    return cv2.inpaint(frame, mask, radius, cv2.INPAINT_TELEA) if mask.any() else frame
