"""Space-time (3-D) convolutions: plain, and gated. The baseline's way of seeing neighboring frames."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.layers.convolution import LEAK, ShiftedConv, apply_spectral_norm, set_weight
from lgtsm.ops.receptive_field import Step

FRAMES = 3  # taps of every kernel along time
NEIGHBORS = 0.015  # variance of a new network's taps at neighboring frames, relative to the present frame's


class SpaceTimeConv(nn.Module):
    """Resize each frame, convolve over three frames, activate.

    Time has stride 1 and zeros outside the clip, so that as many frames come out as go in.

    Args:
        in_channels: channels in.
        out_channels: channels out.
        kernel_size, stride, padding, dilation: of the convolution within a frame, in pixels.
        resize: scale factor applied to height and width before everything else (nearest), 1 for none.
        activation: LeakyReLU(0.2) after the convolution.
        causal: look at the present and the two frames before it, instead of one on each side.
        spectral_norm: divide the weight that is used by its largest singular value.

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
    ):
        super().__init__()
        self.resize = resize
        self.activation = activation
        self.causal = causal
        self.shape = {
            "kernel_size": (FRAMES, kernel_size, kernel_size),
            "stride": (1, stride, stride),
            "padding": (0 if causal else FRAMES // 2, padding, padding),
            "dilation": (1, dilation, dilation),
        }
        self.feature = nn.Conv3d(in_channels, out_channels, **self.shape)
        if spectral_norm:
            apply_spectral_norm(self.feature)

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""
        return (FRAMES - 1, 0) if self.causal else (FRAMES // 2, FRAMES // 2)

    @property
    def moving_channels(self) -> int:
        """Channels that are looked at in other frames: all."""
        return self.feature.in_channels

    def steps(self) -> tuple[Step, Step]:
        """Return what the layer does along height and along width, for the receptive field."""
        conv = self.feature
        return tuple(
            Step(conv.kernel_size[axis], conv.stride[axis], conv.padding[axis], conv.dilation[axis], self.resize)
            for axis in (1, 2)
        )

    def convolve_window(self, window: Tensor, frames: Tensor) -> Tensor:
        """Convolve frames with the frames around them given.

        Args:
            window: (batch, behind + time + ahead, height, width, in_channels).
            frames: (batch, time, height, width, in_channels), the middle of the window; not looked at again.

        Returns:
            (batch, time, height', width', out_channels), as `forward` gives for these frames.
        """
        window = self._resize(window.permute(0, 4, 1, 2, 3))
        out = (
            F.leaky_relu(self._valid(self.feature, window), LEAK)
            if self.activation
            else self._valid(self.feature, window)
        )
        return self._gate_window(out, window).permute(0, 2, 3, 4, 1)

    def _valid(self, conv: nn.Conv3d, window: Tensor) -> Tensor:
        """Convolve without zeros before and after the window's frames."""
        return F.conv3d(window, conv.weight, conv.bias, conv.stride, (0, *conv.padding[1:]), conv.dilation)

    def _gate_window(self, out: Tensor, window: Tensor) -> Tensor:
        return out

    def _resize(self, features: Tensor) -> Tensor:
        if self.resize == 1:
            return features
        return F.interpolate(features, scale_factor=(1, self.resize, self.resize), mode="nearest")

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, in_channels, time, height, width) to (batch, out_channels, time, height', width')."""
        return self.convolve_features(self.prepare(features))

    def prepare(self, features: Tensor) -> Tensor:
        """Resize, and put the zeros before a causal layer's first frame."""
        features = self._resize(features)
        return F.pad(features, (0, 0, 0, 0, FRAMES - 1, 0)) if self.causal else features

    def convolve_features(self, features: Tensor) -> Tensor:
        """Convolve and activate what `prepare` returned."""
        features = self.feature(features)
        return F.leaky_relu(features, LEAK) if self.activation else features

    @torch.no_grad()
    def start_from(self, frame_layer: ShiftedConv) -> None:
        """Start as a layer that looks at single frames: its weights at the present frame, little at the others.

        Args:
            frame_layer: a per-frame layer of the same sizes, without spectral norm.
        """
        self._start(self.feature, frame_layer.feature)

    def _start(self, conv: nn.Conv3d, frame_conv: nn.Conv2d) -> None:
        present = FRAMES - 1 if self.causal else FRAMES // 2
        weight = torch.randn_like(conv.weight) * (NEIGHBORS * frame_conv.weight.square().mean()).sqrt()
        weight[:, :, present] = frame_conv.weight
        set_weight(conv, weight)
        conv.bias.copy_(frame_conv.bias)


class GatedSpaceTimeConv(SpaceTimeConv):
    """Space-time convolution whose output is multiplied by a learned soft validity map.

    output = sigmoid(W_g * F) · φ(W_f * F), both three frames deep. Arguments as in `SpaceTimeConv`.

    Source: Chang et al. 2019 (free-form video inpainting with 3D gated convolution and Temporal PatchGAN).
    """

    def __init__(self, in_channels: int, out_channels: int, *args, spectral_norm: bool = False, **kwargs):
        super().__init__(in_channels, out_channels, *args, spectral_norm=spectral_norm, **kwargs)
        self.gate = nn.Conv3d(in_channels, out_channels, **self.shape)
        if spectral_norm:
            apply_spectral_norm(self.gate)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, in_channels, time, height, width) to (batch, out_channels, time, height', width')."""
        features = self.prepare(features)
        return torch.sigmoid(self.gate(features)) * self.convolve_features(features)

    def _gate_window(self, out: Tensor, window: Tensor) -> Tensor:
        return torch.sigmoid(self._valid(self.gate, window)) * out

    @torch.no_grad()
    def start_from(self, frame_layer: ShiftedConv) -> None:
        """Start as a gated layer that looks at single frames, see `SpaceTimeConv.start_from`."""
        super().start_from(frame_layer)
        self._start(self.gate, frame_layer.gate)
