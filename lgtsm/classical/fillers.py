"""The fillers that every method must beat: one color, the nearest frame that knows the pixel, a smooth fill."""

from __future__ import annotations

import torch
from torch import Tensor

from lgtsm.classical.clips import TensorMethod
from lgtsm.ops.smooth_fill import smooth_fill


class MeanColor(TensorMethod):
    """Fill the hole with the mean color of the clip's known pixels; gray if there are none."""

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Return the color everywhere; see `lgtsm.classical.clips.TensorMethod`."""
        known = (hole <= 0.5).to(video.dtype)
        count = known.sum((1, 3, 4), keepdim=True)
        total = torch.where(known > 0, video, 0).sum((1, 3, 4), keepdim=True)
        return torch.where(count > 0, total / count.clamp(min=1), 0.5).expand_as(video)


class SmoothFill(TensorMethod):
    """Fill the hole of each frame smoothly from its border; a clip without known pixels becomes gray."""

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill every frame; see `lgtsm.classical.clips.TensorMethod`."""
        return smooth_fill(video, hole)


class TemporalCopy(TensorMethod):
    """Fill each missing pixel from the nearest frame that knows it; of two equally near, from the earlier.

    Then fill pixels that no frame knows smoothly, frame by frame, from the known and the copied ones around them; a
    clip without known pixels becomes gray.
    """

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Copy along time; see `lgtsm.classical.clips.TensorMethod`."""
        num_frames = video.shape[1]
        known = hole <= 0.5
        frame = torch.arange(num_frames, device=video.device).view(1, -1, 1, 1, 1).expand_as(known)
        never = 2 * num_frames
        before = torch.where(known, frame, -never).cummax(dim=1).values
        after = torch.where(known, frame, never).flip(1).cummin(dim=1).values.flip(1)
        source = torch.where(frame - before <= after - frame, before, after)
        found = (source >= 0) & (source < num_frames)
        copied = video.gather(1, source.clamp(0, num_frames - 1).expand_as(video))
        if found.all():
            return copied
        # Frame by frame, to bound the memory.
        smooth = [smooth_fill(frame, left) for frame, left in zip(copied.split(1, 1), (~found).split(1, 1))]
        return torch.where(found, copied, torch.cat(smooth, 1))
