"""Patch discriminators: six layers of kernel 5 and stride 2, here each behind a temporal shift (TSMGAN)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_positive, check_video_and_hole
from lgtsm.layers.convolution import GatedConv, ShiftedConv
from lgtsm.layers.temporal_shift import create_shift

WIDTHS = (1, 2, 4, 4, 4, 4)


class PatchDiscriminator(nn.Module):
    """Score space-time patches of a video as real or filled.

    Args:
        create_layer: called as `create_layer(in_channels, out_channels, **sizes)`, sizes as of `ShiftedConv`.
        width: channels of the first layer.
        spectral_norm: divide every convolution's weight by its largest singular value, all but the last layer's.
        spectral_norm_last: the last layer's too, under `spectral_norm`.
        sigmoid: squash the scores to (0, 1).
    """

    def __init__(
        self,
        create_layer: Callable[..., nn.Module],
        width: int,
        spectral_norm: bool,
        spectral_norm_last: bool,
        sigmoid: bool,
    ):
        super().__init__()
        check_positive("width", width)
        self.sigmoid = sigmoid
        self.layers = nn.ModuleDict()
        in_channels = 5
        for index, factor in enumerate(WIDTHS):
            last = index == len(WIDTHS) - 1
            self.layers[f"conv{index + 1}"] = create_layer(
                in_channels,
                factor * width,
                kernel_size=5,
                stride=2,
                padding=1 if index == 0 else 2,
                activation=not last,
                spectral_norm=spectral_norm and (spectral_norm_last or not last),
            )
            in_channels = factor * width

    def forward(self, video: Tensor, hole: Tensor) -> Tensor:
        """Score a video.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], real or filled.
            hole: (batch, time, 1, height, width), 1 = missing: where the video may have been filled.

        Returns:
            (batch, time, channel, height', width'), each number the score of one patch; higher is more real.

        Raises:
            ValueError: video and hole do not fit together, or the frames are smaller than 3x3.
        """
        check_video_and_hole(video, hole)
        if min(video.shape[-2:]) < 3:
            raise ValueError(f"The discriminator needs frames of at least 3x3 pixels; got {tuple(video.shape)}.")
        known = (hole <= 0.5).to(video.dtype)
        # frames, known-mask and an empty guidance channel
        stacked = torch.cat([video, known, torch.zeros_like(known)], dim=2).flatten(0, 1)
        scores = self._run_layers(stacked.contiguous(memory_format=torch.channels_last), video.shape[1])
        scores = scores.unflatten(0, video.shape[:2])
        return torch.sigmoid(scores) if self.sigmoid else scores

    def _run_layers(self, features: Tensor, num_frames: int) -> Tensor:
        for layer in self.layers.values():
            features = layer(features, num_frames)
        return features


class TemporalShiftDiscriminator(PatchDiscriminator):
    """Score space-time patches with 2-D convolutions, each behind a temporal shift.

    Args:
        width: channels of the first layer (the released networks: 64).
        shift: "learnable" or "fixed".
        gated: gated convolutions, as the paper has it, or plain ones, as the released networks have.
        shift_kernel_size: taps of a learnable shift, in frames.
        shift_groups: kernels (or fixed groups) in each layer.
        shift_fraction: share of the channels that move, in [0, 1].
        causal: look at past frames only.
        spectral_norm: divide every convolution's weight by its largest singular value (all but the last layer's).
        spectral_norm_last: the last layer's too, under `spectral_norm`.
        sigmoid: squash the scores to (0, 1), as the released networks do.

    Source: Chang et al. 2019, Section 3.2 (TSMGAN loss); layer sizes of the released networks.
    Differs: the released networks are trained without a working spectral norm; here the option works. Gates start open.
    """

    def __init__(
        self,
        width: int = 64,
        shift: str = "learnable",
        gated: bool = False,
        shift_kernel_size: int = 3,
        shift_groups: int = 2,
        shift_fraction: float = 0.5,
        causal: bool = False,
        spectral_norm: bool = False,
        spectral_norm_last: bool = False,
        sigmoid: bool = False,
    ):
        def create_layer(in_channels: int, out_channels: int, **sizes) -> ShiftedConv:
            moving = create_shift(shift, in_channels, shift_fraction, shift_groups, shift_kernel_size, causal)
            if not gated:
                return ShiftedConv(in_channels, out_channels, shift=moving, **sizes)
            layer = GatedConv(in_channels, out_channels, shift=moving, **sizes)
            layer.open_gate()
            return layer

        super().__init__(create_layer, width, spectral_norm, spectral_norm_last, sigmoid)
        self.to(memory_format=torch.channels_last)

    def _run_layers(self, features: Tensor, num_frames: int) -> Tensor:
        for layer in self.layers.values():
            if features.shape[-1] == 1:
                # The same sums, as the added column of zeros stands in for padding. It avoids a fault of oneDNN, whose
                # bf16 weight gradient of such a convolution on one column holds uninitialized numbers.
                features = F.pad(features, (0, 1))
            features = layer(features, num_frames)
        return features
