"""A network that corrects the smooth fill of a hole: for the low frequencies of what no frame shows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgtsm.checks import check_video_and_hole
from lgtsm.models.lgtsm import GatedShiftGenerator
from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.smooth_fill import smooth_fill

START = 0.1  # an untrained network is the smooth fill, but for this share of what it would draw itself


class CompletionGenerator(nn.Module):
    """Fill the hole smoothly, and add what a network of gated temporal shifts makes of that.

    The network sees the smoothly filled frames and the hole, so it has to learn only where the smooth fill is wrong.
    Meant for small frames, a quarter of the video's size, of which it sees everything.

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
        last = list(self.network.layers.values())[-1]
        with torch.no_grad():
            last.feature.weight.mul_(START)

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; what lies under the hole is never looked at.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the network's own output everywhere, not clipped to [0, 1].

        Raises:
            ValueError: video and hole are not such tensors.
        """
        check_video_and_hole(video, hole)
        num_frames, (height, width) = video.shape[1], video.shape[3:]
        smooth = smooth_fill(video, hole)
        known = (hole <= 0.5).to(video.dtype).flatten(0, 1)
        stacked = torch.cat([smooth.flatten(0, 1) * 2 - 1, known, torch.zeros_like(known)], dim=1)
        features = pad_to_multiple(stacked, self.network.size_step).contiguous(memory_format=torch.channels_last)
        for layer in self.network.layers.values():
            features = layer(features, num_frames)
        change = features[..., :height, :width].unflatten(0, video.shape[:2]) / 2
        predicted = smooth + change
        return {"filled": composite(video, hole, predicted), "predicted": predicted}
