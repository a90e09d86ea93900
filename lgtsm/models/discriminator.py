"""The temporal-shift patch discriminator (TSMGAN)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_positive, check_video_and_hole
from lgtsm.layers.convolution import ShiftedConv
from lgtsm.layers.temporal_shift import FixedTemporalShift, LearnableTemporalShift

WIDTHS = (1, 2, 4, 4, 4, 4)


class TemporalShiftDiscriminator(nn.Module):
    """Score space-time patches of a video as real or filled.

    Six convolutions of kernel 5 and stride 2, each behind a temporal shift.

    Args:
        width: channels of the first layer (the released networks: 64).
        shift: "learnable" or "fixed".
        shift_kernel_size: taps of a learnable shift, in frames.
        shift_groups: kernels (or fixed groups) in each layer.
        shift_fraction: share of the channels that move, in [0, 1].
        causal: look at past frames only.
        spectral_norm: normalize every convolution's weight by its largest singular value (all but the last layer's).
        sigmoid: squash the scores to (0, 1), as the released networks do.

    Source: Chang et al. 2019, Section 3.2 (TSMGAN loss); layer sizes of the released networks.
    Differs: the released networks are trained without a working spectral norm; here the switch acts.
    """

    def __init__(
        self,
        width: int = 64,
        shift: str = "learnable",
        shift_kernel_size: int = 3,
        shift_groups: int = 2,
        shift_fraction: float = 0.5,
        causal: bool = False,
        spectral_norm: bool = False,
        sigmoid: bool = False,
    ):
        super().__init__()
        check_choice("shift", shift, ("learnable", "fixed"))
        check_positive("width", width)
        self.sigmoid = sigmoid
        self.layers = nn.ModuleDict()
        in_channels = 5
        for index, factor in enumerate(WIDTHS):
            last = index == len(WIDTHS) - 1
            if shift == "learnable":
                shift_layer = LearnableTemporalShift(
                    in_channels, shift_fraction, shift_groups, shift_kernel_size, causal
                )
            else:
                shift_layer = FixedTemporalShift(in_channels, shift_fraction, shift_groups, causal)
            self.layers[f"conv{index + 1}"] = ShiftedConv(
                in_channels,
                factor * width,
                kernel_size=5,
                stride=2,
                padding=1 if index == 0 else 2,
                shift=shift_layer,
                activation=not last,
                spectral_norm=spectral_norm and not last,
            )
            in_channels = factor * width
        self.to(memory_format=torch.channels_last)

    def forward(self, video: Tensor, hole: Tensor) -> Tensor:
        """Score a video.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], real or filled.
            hole: (batch, time, 1, height, width), 1 = missing: where the video may have been filled.

        Returns:
            (batch, time, channel, height', width'), each number the score of one patch; higher is more real.

        Raises:
            ValueError: video and hole do not fit together, or the frames are too small.
        """
        features = discriminator_input(video, hole).flatten(0, 1)
        num_frames = video.shape[1]
        features = features.contiguous(memory_format=torch.channels_last)
        for layer in self.layers.values():
            if features.shape[-1] == 1:
                # The same sums, since a zero column more only stands in for padding, but around a fault of oneDNN:
                # its bf16 weight gradient of such a convolution on one column holds uninitialized numbers.
                features = F.pad(features, (0, 1))
            features = layer(features, num_frames)
        scores = features.unflatten(0, (-1, num_frames))
        return torch.sigmoid(scores) if self.sigmoid else scores


def discriminator_input(video: Tensor, hole: Tensor) -> Tensor:
    """Stack frames, known-mask and an empty guidance channel.

    Args:
        video: (batch, time, 3, height, width) in [0, 1], real or filled.
        hole: (batch, time, 1, height, width), 1 = missing.

    Returns:
        (batch, time, 5, height, width).

    Raises:
        ValueError: video and hole do not fit together, or the frames are too small.
    """
    check_video_and_hole(video, hole)
    if min(video.shape[-2:]) < 3:
        raise ValueError(f"The discriminator needs frames of at least 3x3 pixels; got {tuple(video.shape)}.")
    known = (hole <= 0.5).to(video.dtype)
    return torch.cat([video, known, torch.zeros_like(known)], dim=2)
