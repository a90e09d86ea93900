"""A network that corrects the smooth fill of a hole, for the low frequencies that no frame shows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.checks import check_video_and_hole
from lgtsm.models.lgtsm import GatedShiftGenerator
from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.smooth_fill import smooth_fill

START = 0.1  # share of the last layer's weights that an untrained network keeps: it starts near the smooth fill


class CompletionGenerator(nn.Module):
    """Fill the hole smoothly, and add the correction of a network of gated temporal shifts.

    The network sees the smoothly filled frames and the hole, so it learns only where the smooth fill is wrong.
    Made for small frames, a quarter of the video's size, which it sees whole.

    Args:
        width, shift_kernel_size, shift_groups, shift_fraction, geometry: of the network, see
            `lgtsm.models.lgtsm.GatedShiftGenerator`.

    Source: the layers of Chang et al. 2019; the residual on a smooth fill is ours.
    """

    def __init__(
        self,
        width: int = 24,
        shift_kernel_size: int = 3,
        shift_groups: int = 2,
        shift_fraction: float = 0.5,
        geometry: str = "released",
    ):
        super().__init__()
        self.network = GatedShiftGenerator(
            width,
            shift_kernel_size=shift_kernel_size,
            shift_groups=shift_groups,
            shift_fraction=shift_fraction,
            geometry=geometry,
        )
        last: Any = self.network.layers["conv11"]
        with torch.no_grad():
            last.feature.weight.mul_(START)

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; the pixels under the hole are never used.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the network's own output everywhere, not clipped to [0, 1].

        Raises:
            ValueError: video or hole has another shape or type.
        """
        check_video_and_hole(video, hole)
        smooth = smooth_fill(video, hole)
        known = (hole <= 0.5).to(video.dtype).flatten(0, 1)
        stacked = torch.cat([smooth.flatten(0, 1) * 2 - 1, known, torch.zeros_like(known)], dim=1)
        features = pad_to_multiple(stacked, self.network.size_step).contiguous(memory_format=torch.channels_last)
        features = self.network.run_layers(features, video.shape[1])
        change = features[..., : video.shape[3], : video.shape[4]].unflatten(0, video.shape[:2]) / 2
        predicted = smooth + change
        return {"filled": composite(video, hole, predicted), "predicted": predicted}
