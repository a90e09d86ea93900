"""The fillers that every method has to beat: one color, the nearest frame that knows the pixel, a smooth fill."""

from __future__ import annotations

import torch
from torch import Tensor

from lgtsm.classical.clips import TensorMethod
from lgtsm.ops.smooth_fill import smooth_fill


class MeanColor(TensorMethod):
    """Fill the hole with the mean color of the clip's known pixels; gray where nothing is known."""

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Return that color everywhere; see `lgtsm.classical.clips.TensorMethod`."""
        known = (hole <= 0.5).to(video.dtype)
        count = known.sum((1, 3, 4), keepdim=True)
        total = torch.where(known > 0, video, 0).sum((1, 3, 4), keepdim=True)
        return torch.where(count > 0, total / count.clamp(min=1), 0.5).expand_as(video)


class SmoothFill(TensorMethod):
    """Fill the hole of each frame smoothly from its border; a clip that knows nothing becomes gray."""

    def predict(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill every frame; see `lgtsm.classical.clips.TensorMethod`."""
        return smooth_fill(video, hole)


class TemporalCopy(TensorMethod):
    """Fill each missing pixel with the same pixel of the nearest frame that knows it; the earlier one of two.

    Pixels that no frame knows are filled last, smoothly, frame by frame, from the known and the copied ones around
    them; a clip that knows nothing becomes gray.
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
        return copied if found.all() else torch.where(found, copied, _smooth(copied, ~found))


def _smooth(video: Tensor, hole: Tensor) -> Tensor:
    """Fill frame by frame, to bound the memory."""
    return torch.cat([smooth_fill(frame, left) for frame, left in zip(video.split(1, 1), hole.split(1, 1))], 1)
