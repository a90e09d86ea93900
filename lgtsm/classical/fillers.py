"""The two fillers that every method has to beat: one color, and the nearest frame that knows the pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgtsm.checks import check_video_and_hole
from lgtsm.ops.compositing import composite
from lgtsm.ops.smooth_fill import smooth_fill


class MeanColour(nn.Module):
    """Fill the hole with the mean colour of the clip's known pixels."""

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill (batch, time, 3, height, width) in [0, 1] where hole (batch, time, 1, height, width) is 1."""
        check_video_and_hole(video, hole)
        predicted = _mean_of_known(video, hole).expand_as(video)
        return {"filled": composite(video, hole, predicted), "predicted": predicted}


class TemporalCopy(nn.Module):
    """Fill each missing pixel with the same pixel of the nearest frame that knows it; the earlier one of two.

    Pixels that no frame knows are filled last, smoothly, frame by frame, from the known and the copied ones around
    them; a clip that knows nothing becomes gray.
    """

    @torch.no_grad()
    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill (batch, time, 3, height, width) in [0, 1] where hole (batch, time, 1, height, width) is 1."""
        check_video_and_hole(video, hole)
        num_frames = video.shape[1]
        known = hole <= 0.5
        frame = torch.arange(num_frames, device=video.device).view(1, -1, 1, 1, 1).expand_as(known)
        never = 2 * num_frames
        before = torch.where(known, frame, -never).cummax(dim=1).values
        after = torch.where(known, frame, never).flip(1).cummin(dim=1).values.flip(1)
        source = torch.where(frame - before <= after - frame, before, after)
        found = (source >= 0) & (source < num_frames)
        copied = video.gather(1, source.clamp(0, num_frames - 1).expand_as(video))
        predicted = copied if found.all() else torch.where(found, copied, _smooth(copied, ~found))
        return {"filled": composite(video, hole, predicted), "predicted": predicted}


def _smooth(video: Tensor, hole: Tensor) -> Tensor:
    """Fill frame by frame, to bound the memory."""
    return torch.cat([smooth_fill(frame, left) for frame, left in zip(video.split(1, 1), hole.split(1, 1))], 1)


def _mean_of_known(video: Tensor, hole: Tensor) -> Tensor:
    """Return (batch, 1, 3, 1, 1); gray where nothing is known."""
    known = (hole <= 0.5).to(video.dtype)
    count = known.sum((1, 3, 4), keepdim=True)
    total = torch.where(known > 0, video, 0).sum((1, 3, 4), keepdim=True)
    return torch.where(count > 0, total / count.clamp(min=1), 0.5)
