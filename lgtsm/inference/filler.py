"""Fill clips with a network, or a method without weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_device, check_video_and_hole
from lgtsm.models.methods import load_method
from lgtsm.models.weights import load_model
from lgtsm.ops.compositing import composite
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.precision import DTYPES, autocast, choose_precision
from lgtsm.precision_names import AUTO

# What a network that steps has; a network of one's own may call one of its parts so.
STEPPING = ("step", "flush", "initial_state", "temporal_reach", "spatial_reach", "size_step", "layer_parts")


class Filler:
    """A method on a device, in a precision.

    Args:
        model: a method(video, hole) -> {"filled", ...}, or the path of a weight file or checkpoint; None takes the
            default method, whose weights ship with the package.
        device: where to compute, e.g. "cpu", "cuda", "cuda:1".
        precision: "fp32", or "bf16" / "fp16" for mixed precision; "auto" picks the fastest that the device supports,
            and fp32 for methods without weights. The attribute `precision` holds the choice, `why_precision` the
            reason (None if nothing was chosen).

    Raises:
        FileNotFoundError, ValueError: the checkpoint is missing or unusable; no such device or precision.
    """

    def __init__(self, model: nn.Module | str | Path | None = None, device: str = "cpu", precision: str = AUTO):
        check_choice("precision", precision, (AUTO, *DTYPES))
        self.device = check_device(device)
        if model is None:
            model = load_method()
        # Any module; what it can do beyond a call, `can_step` and optional attributes tell.
        self.model: Any = (load_model(model) if isinstance(model, (str, Path)) else model).eval().to(self.device)
        self.why_precision: str | None = None
        if precision == AUTO:
            precision = "fp32"
            if self.has_weights:
                precision, self.why_precision = choose_precision(self.device)
        self.precision = precision
        self.dtype = DTYPES[precision]

    @property
    def has_weights(self) -> bool:
        """Whether the method is a network."""
        return any(True for _ in self.model.parameters())

    @property
    def can_step(self) -> bool:
        """Whether the method is a network that steps from frame to frame; others fill pieces of a scene."""
        return all(hasattr(self.model, name) for name in STEPPING)

    @torch.inference_mode()
    def fill(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill the whole clip at once.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], or one clip without the batch dimension.
            hole: (batch, time, 1, height, width), or one clip's (time, 1, height, width); 1 = missing.

        Returns:
            The filled video, of the shape, type and device of `video`, clipped to [0, 1] inside the hole; known
            pixels are those of `video` bit for bit.

        Raises:
            ValueError: video and hole are not such tensors.
        """
        single = isinstance(video, Tensor) and video.ndim == 4
        if single:
            video, hole = video[None], hole[None] if isinstance(hole, Tensor) else hole
        check_video_and_hole(video, hole)
        on_device = video.to(self.device, torch.float32), hole.to(self.device, torch.float32)
        with autocast(self.device, self.precision):
            predicted = self.model(*on_device)["filled"]
        check_finite(predicted)
        filled = composite(video, hole, predicted.float().clamp(0, 1).to(video.device))
        return filled[0] if single else filled

    def fill_bytes(self, frames: np.ndarray, holes: np.ndarray) -> np.ndarray:
        """Fill the 8-bit frames of a whole clip; known pixels come back unchanged.

        Args:
            frames: uint8 (time, height, width, 3).
            holes: uint8 (time, height, width), 1 = missing.

        Returns:
            uint8 (time, height, width, 3).
        """
        video = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
        filled = self.fill(video, torch.from_numpy(holes)[:, None].float())
        return np.where(holes[..., None] > 0, to_uint8(filled), frames)


def check_finite(frames: Tensor) -> None:
    """Refuse frames of a network that are no picture.

    Raises:
        ValueError: a value is NaN or Inf.
    """
    if not torch.isfinite(frames).all():
        raise ValueError(
            "The network must give finite values; it gave NaN or Inf. Its weights may be damaged, or too large for the "
            "precision: set precision=fp32."
        )
