"""OpenCV's image inpainting, frame by frame: the result without other frames."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lgtsm.checks import check_positive
from lgtsm.classical.clips import TensorMethod
from lgtsm.ops.to_uint8 import to_uint8


class Telea(TensorMethod):
    """Fill each frame by itself by the fast marching method, in 8 bits as OpenCV needs.

    Args:
        radius: of the known neighborhood that fills a pixel, in pixels.

    Source: Telea 2004, An Image Inpainting Technique Based on the Fast Marching Method, as in OpenCV.
    """

    window = (1, 0, 0)

    def __init__(self, radius: float = 3.0):
        super().__init__()
        check_positive("radius", radius)
        self.radius = radius

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill every frame; see `lgtsm.classical.clips.TensorMethod`."""
        import cv2

        missing = (hole > 0.5).flatten(0, 1)[:, 0].byte().cpu().numpy()
        frames = to_uint8(torch.where(hole > 0.5, 0, video).flatten(0, 1))  # nothing under the hole may show through
        filled = [_fill(cv2, frame, mask, self.radius) for frame, mask in zip(frames, missing)]
        return (torch.from_numpy(np.stack(filled)).permute(0, 3, 1, 2).to(video) / 255).view_as(video)


def _fill(cv2, frame: np.ndarray, mask: np.ndarray, radius: float) -> np.ndarray:
    """Fill one frame; gray if the whole frame is missing."""
    if mask.all():
        return np.full_like(frame, 128)
    return cv2.inpaint(frame, mask, radius, cv2.INPAINT_TELEA) if mask.any() else frame
