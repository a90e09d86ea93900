"""Fill videos with a network, without knowing how it was trained."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_video_and_hole
from lgtsm.models.weights import load_model
from lgtsm.ops.compositing import composite

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Inpainter:
    """Fill the holes of videos.

    Args:
        model: a method(video, hole) -> {"filled", ...}, or the path of a weight file or checkpoint.
        device: where to compute, e.g. "cpu", "cuda", "cuda:1".
        precision: "fp32", or "bf16" / "fp16" for mixed precision.

    Raises:
        FileNotFoundError, ValueError: the checkpoint is missing or is none; no such device or precision.
    """

    def __init__(self, model: nn.Module | str | Path, device: str = "cpu", precision: str = "fp32"):
        check_choice("precision", precision, tuple(PRECISIONS))
        try:
            self.device = torch.device(device)
        except RuntimeError as error:
            raise ValueError(f"device must be one like 'cpu', 'cuda' or 'cuda:1'; got {device!r}.") from error
        if self.device.type == "cuda" and not torch.cuda.is_available():
            raise ValueError(f"device {device!r} needs an NVIDIA GPU that torch can use, and there is none. Use device='cpu'.")
        self.precision = precision
        self.model = (load_model(model) if isinstance(model, (str, Path)) else model).eval().to(self.device)

    @torch.inference_mode()
    def fill(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill the whole clip at once.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], or one clip without the batch dimension.
            hole: (batch, time, 1, height, width), or one clip's (time, 1, height, width); 1 = missing.

        Returns:
            The filled video on the CPU, of the shape and type of `video`, clipped to [0, 1] inside the hole; known
            pixels are those of `video` bit for bit.

        Raises:
            ValueError: video and hole are not such tensors.
        """
        single = isinstance(video, Tensor) and video.ndim == 4
        if single:
            video, hole = video[None], hole[None] if isinstance(hole, Tensor) else hole
        check_video_and_hole(video, hole)
        on_device = video.to(self.device, torch.float32), hole.to(self.device, torch.float32)
        with torch.autocast(self.device.type, PRECISIONS[self.precision], enabled=self.precision != "fp32"):
            predicted = self.model(*on_device)["filled"]
        filled = composite(video, hole, predicted.float().clamp(0, 1).to(video.device))
        return filled[0] if single else filled
