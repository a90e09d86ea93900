"""A gated convolution of small frames, doubled, beside large ones: the step up of a U-Net."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lgtsm.layers.convolution import GatedConv
from lgtsm.layers.temporal_shift import TemporalShift
from lgtsm.ops.doubled_conv import add_doubled, add_interleaved, phase_conv2d
from lgtsm.ops.temporal_shift import fold_time, unfold_time


class JoiningConv(GatedConv):
    """Convolve and gate small frames, doubled by nearest neighbor, beside large ones.

    It gives what a `GatedConv` of 3x3 taps and pointwise gates gives for the doubled frames with the channels of the
    large ones after theirs, for fewer operations: neither doubled nor joined frames are ever made.

    Args:
        small_channels: channels of the small frames.
        large_channels: channels of the large frames.
        out_channels: channels out.
        shift: of all these channels; it may move those of the small frames only.

    Raises:
        ValueError: the shift moves channels of the large frames.
    """

    def __init__(self, small_channels: int, large_channels: int, out_channels: int, shift: TemporalShift):
        super().__init__(small_channels + large_channels, out_channels, 3, padding=1, shift=shift, pointwise_gate=True)
        self.small_channels = small_channels
        if self.moving_channels > small_channels:
            raise ValueError(
                f"The shift may move the {small_channels} channels of the small frames only; it moves "
                f"{self.moving_channels}. Use a smaller shift_fraction."
            )

    def join_window(self, window: Tensor, small: Tensor, large: Tensor) -> Tensor:
        """Convolve and gate frames whose moving channels are given with the frames around them.

        Args:
            window: (batch, behind + time + ahead, height, width, moving channels).
            small: (batch, time, height, width, small_channels).
            large: (batch, time, 2·height, 2·width, large_channels).

        Returns:
            (batch, time, 2·height, 2·width, out_channels).
        """
        assert self.shift is not None
        shifted = torch.cat([self.shift.shift_window(window), small[..., self.moving_channels :]], -1)
        beside, still = fold_time(large), fold_time(small)
        cut = [self.small_channels, large.shape[-1]]
        doubled, own = self.feature.weight.split(cut, 1)
        features = F.conv2d(beside, own, self.feature.bias, padding=1)
        features = add_interleaved(features, phase_conv2d(fold_time(shifted), doubled, None))
        doubled, own = self.gate.weight.split(cut, 1)
        gate = add_doubled(F.conv2d(beside, own, self.gate.bias), F.conv2d(still, doubled))
        return unfold_time(self.gated(features, gate), large.shape[1])
