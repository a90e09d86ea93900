"""How methods without learning are called: on tensors, or on the arrays of one clip at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from lgtsm.checks import check_video_and_hole
from lgtsm.ops.compositing import composite


class TensorMethod(nn.Module):
    """A method that fills a batch of videos in `predict`.

    Attributes:
        window: how to cut long scenes into pieces, in frames: the length of a piece, the frames at its end that the
            next piece fills again, and the filled frames before it that it sees. (1, 0, 0) fills frame by frame.
        local: whether the result depends on the surroundings of the hole only.
        bytes_per_pixel: memory for filling, per pixel of a frame; a method of height and width if it depends on them.
    """

    window = (64, 16, 8)
    local = False
    bytes_per_pixel = 60

    @torch.no_grad()
    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1].
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled" and "predicted", both like video and equal: known pixels are those of video bit for bit.

        Raises:
            ValueError: video or hole has another shape or type.
        """
        check_video_and_hole(video, hole)
        filled = composite(video, hole, self.predict(video, hole))
        return {"filled": filled, "predicted": filled}

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Return videos like `video`; only their pixels in the hole count."""
        raise NotImplementedError


def clip_arrays(video: Tensor, hole: Tensor) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the frames, 0 in the hole, and the hole of each clip as `ClipMethod.fill_clip` takes them."""
    missing = hole > 0.5
    # A select, so that nothing under the hole, not even NaN, gets through.
    frames = video.detach().masked_fill(missing, 0).float().permute(0, 1, 3, 4, 2).contiguous().cpu().numpy()
    yield from zip(frames, missing[:, :, 0].cpu().numpy())


class ClipMethod(TensorMethod):
    """A method that fills the arrays of one clip in `fill_clip`; a clip without known pixels becomes gray."""

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill each clip by itself; see `TensorMethod`."""
        filled = []
        for clip, clip_hole in clip_arrays(video, hole):
            if clip_hole.all():
                clip = np.full_like(clip, 0.5)
            elif clip_hole.any():
                with torch.autocast("cpu", enabled=False):
                    clip = self.fill_clip(clip, clip_hole, video.device)
            filled.append(torch.from_numpy(np.ascontiguousarray(clip)))
        return torch.stack(filled).permute(0, 1, 4, 2, 3).to(video.device)

    def fill_clip(self, frames: np.ndarray, hole: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
        """Return the filled frames of a clip.

        Args:
            frames: float32 (time, height, width, 3) in [0, 1], 0 in the hole.
            hole: bool (time, height, width), True = missing; somewhere, but not everywhere.
            device: of the clip, for parts that run faster there.
        """
        raise NotImplementedError
