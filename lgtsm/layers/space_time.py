"""Space-time (3-D) convolutions: plain, and gated. The baseline's way of seeing neighboring frames."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.layers.convolution import LEAK, ShiftedConv, apply_spectral_norm, set_weight
from lgtsm.ops.receptive_field import Step

FRAMES = 3  # taps of every kernel along time
NEIGHBORS = 0.015  # variance of a new network's taps at neighboring frames, relative to the present frame's


class SpaceTimeConv(nn.Module):
    """Resize each frame, convolve over three frames, activate.

    Time has stride 1 and zeros outside the clip, so as many frames come out as go in.

    Args:
        in_channels: channels in.
        out_channels: channels out.
        kernel_size, stride, padding, dilation: of the convolution within a frame, in pixels.
        resize: scale factor for height and width before everything else (nearest), 1 for none.
        activation: LeakyReLU(0.2) after the convolution.
        causal: look at the present and the two frames before it, instead of one on each side.
        spectral_norm: divide the weight by its largest singular value.
        spectral_gain: and multiply it by a learned number, see `lgtsm.layers.convolution.SpectralGain`.

    Source: Chang et al. 2019 (free-form video inpainting with 3D gated convolution and Temporal PatchGAN).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        resize: int = 1,
        activation: bool = True,
        causal: bool = False,
        spectral_norm: bool = False,
        spectral_gain: bool = False,
    ):
        super().__init__()
        self.resize = resize
        self.activation = activation
        self.causal = causal
        self.shape: dict[str, Any] = {
            "kernel_size": (FRAMES, kernel_size, kernel_size),
            "stride": (1, stride, stride),
            "padding": (0 if causal else FRAMES // 2, padding, padding),
            "dilation": (1, dilation, dilation),
        }
        self.feature = nn.Conv3d(in_channels, out_channels, **self.shape)
        if spectral_norm:
            apply_spectral_norm(self.feature, spectral_gain)

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""
        return (FRAMES - 1, 0) if self.causal else (FRAMES // 2, FRAMES // 2)

    @property
    def moving_channels(self) -> int:
        """Channels that the layer looks at in other frames: all."""
        return self.feature.in_channels

    def steps(self) -> tuple[Step, Step]:
        """Return the layer's step along height and along width, for the receptive field."""
        conv = self.feature
        rows, columns = (
            Step(conv.kernel_size[axis], conv.stride[axis], int(conv.padding[axis]), conv.dilation[axis], self.resize)
            for axis in (1, 2)
        )
        return rows, columns

    def forward(self, features: Tensor, num_frames: int) -> Tensor:
        """Map (batch·num_frames, in_channels, height, width) to (batch·num_frames, out_channels, height', width')."""
        # (batch, channel, time, height, width); channels stay the innermost in memory
        window = self._resize(features.unflatten(0, (-1, num_frames)).transpose(1, 2))
        if self.causal:
            window = F.pad(window, (0, 0, 0, 0, FRAMES - 1, 0))
        return self._convolve(window, whole_clip=True).transpose(1, 2).flatten(0, 1)

    def convolve_window(self, window: Tensor, frames: Tensor) -> Tensor:
        """Convolve frames with the frames around them given.

        Args:
            window: (batch, behind + time + ahead, height, width, in_channels).
            frames: (batch, time, height, width, in_channels), the middle of the window; not used.

        Returns:
            (batch, time, height', width', out_channels), as `forward` gives for these frames.
        """
        window = self._resize(window.permute(0, 4, 1, 2, 3))
        return self._convolve(window, whole_clip=False).permute(0, 2, 3, 4, 1)

    def _resize(self, features: Tensor) -> Tensor:
        if self.resize == 1:
            return features
        return F.interpolate(features, scale_factor=(1, self.resize, self.resize), mode="nearest")

    def _convolve(self, window: Tensor, whole_clip: bool) -> Tensor:
        """Convolve and activate (batch, channel, time, height, width)."""
        out = self._apply_conv(self.feature, window, whole_clip)
        return F.leaky_relu(out, LEAK) if self.activation else out

    @staticmethod
    def _apply_conv(conv: nn.Conv3d, window: Tensor, whole_clip: bool) -> Tensor:
        if whole_clip:
            return conv(window)
        # The window holds the frames around, so there are no zeros before and after it.
        return F.conv3d(window, conv.weight, conv.bias, conv.stride, (0, *conv.padding[1:]), conv.dilation)

    @torch.no_grad()
    def start_from(self, frame_layer: ShiftedConv) -> None:
        """Start as a layer that looks at single frames: its weights at the present frame, little at the others.

        Args:
            frame_layer: a per-frame layer of the same sizes, without spectral norm.
        """
        convs: Any = self.named_children()
        for name, conv in convs:
            frame_conv = getattr(frame_layer, name)
            weight = torch.randn_like(conv.weight) * (NEIGHBORS * frame_conv.weight.square().mean()).sqrt()
            weight[:, :, self.reach[0]] = frame_conv.weight
            set_weight(conv, weight)
            conv.bias.copy_(frame_conv.bias)


class GatedSpaceTimeConv(SpaceTimeConv):
    """Space-time convolution whose output is multiplied by a learned soft validity map.

    output = sigmoid(W_g * F) · φ(W_f * F), both three frames deep. Arguments as in `SpaceTimeConv`.

    Source: Chang et al. 2019 (free-form video inpainting with 3D gated convolution and Temporal PatchGAN).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *args: Any,
        spectral_norm: bool = False,
        spectral_gain: bool = False,
        **kwargs: Any,
    ):
        norm = {"spectral_norm": spectral_norm, "spectral_gain": spectral_gain}
        super().__init__(in_channels, out_channels, *args, **norm, **kwargs)  # type: ignore[misc]
        self.gate = nn.Conv3d(in_channels, out_channels, **self.shape)
        if spectral_norm:
            apply_spectral_norm(self.gate, spectral_gain)

    def _convolve(self, window: Tensor, whole_clip: bool) -> Tensor:
        gate = torch.sigmoid(self._apply_conv(self.gate, window, whole_clip))
        return gate * super()._convolve(window, whole_clip)
