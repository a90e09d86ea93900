"""Per-frame convolutions behind a temporal shift: plain, and gated (Eq. 1-3 of the paper)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as torch_spectral_norm

from lgtsm.checks import check_choice

LEAK = 0.2
GATE_BIAS = 1.0


class ShiftedConv(nn.Module):
    """Resize, shift in time, convolve each frame, activate.

    Args:
        in_channels: channels in.
        out_channels: channels out.
        kernel_size, stride, padding, dilation: of the convolution, in pixels; a padding of four numbers
            (left, right, top, bottom) pads with zeros unevenly.
        shift: module (features, num_frames) -> features put in front of the convolution, or None.
        resize: scale factor applied before everything else, 1 for none.
        resize_mode: "nearest" or "bilinear".
        activation: LeakyReLU(0.2) after the convolution.
        spectral_norm: divide the weight that is used by its largest singular value.

    Source: Chang et al. 2019, Fig. 3 (a).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int | tuple[int, int, int, int] = 0,
        dilation: int = 1,
        shift: nn.Module | None = None,
        resize: float = 1,
        resize_mode: str = "nearest",
        activation: bool = True,
        spectral_norm: bool = False,
    ):
        super().__init__()
        check_choice("resize_mode", resize_mode, ("nearest", "bilinear"))
        self.resize = resize
        self.resize_mode = resize_mode
        self.activation = activation
        self.uneven_padding = padding if isinstance(padding, tuple) else None
        self.shift = shift
        conv_padding = 0 if isinstance(padding, tuple) else padding
        self.feature = nn.Conv2d(in_channels, out_channels, kernel_size, stride, conv_padding, dilation)
        if spectral_norm:
            apply_spectral_norm(self.feature)

    def forward(self, features: Tensor, num_frames: int) -> Tensor:
        """Map (batch·num_frames, in_channels, height, width) to (batch·num_frames, out_channels, height', width')."""
        return self.convolve_features(self.prepare(features), num_frames)

    def prepare(self, features: Tensor) -> Tensor:
        """Resize and pad: what the feature and the gating convolution share."""
        if self.resize != 1:
            features = F.interpolate(features, scale_factor=self.resize, mode=self.resize_mode)
        if self.uneven_padding is not None:
            features = F.pad(features, self.uneven_padding)
        return features

    def convolve_features(self, features: Tensor, num_frames: int) -> Tensor:
        """φ(W_f · shift(F)), Eq. 2 and the right factor of Eq. 3."""
        if self.shift is not None:
            features = self.shift(features, num_frames)
        features = self.feature(features)
        return F.leaky_relu(features, LEAK) if self.activation else features

    @torch.no_grad()
    def start_with_variance_kept(self) -> None:
        """Draw weights that keep the variance of the features from layer to layer.

        LeakyReLU(0.2) keeps 0.52 of the second moment.
        """
        self._start_features(1.0)

    def _start_features(self, gate_gain: float) -> None:
        kept = (1 + LEAK**2) / 2 if self.activation else 1.0
        _draw(self.feature, 1 / (kept * gate_gain))


class GatedConv(ShiftedConv):
    """Convolution whose output is multiplied by a learned soft validity map.

    output = sigmoid(W_g · F) · φ(W_f · shift(F)): the gate sees the features before the shift.
    Arguments as in `ShiftedConv`.

    Source: Chang et al. 2019, Eq. 1-3 and Fig. 3 (c, d).
    """

    def __init__(self, *args, spectral_norm: bool = False, **kwargs):
        super().__init__(*args, spectral_norm=spectral_norm, **kwargs)
        conv = self.feature
        self.gate = nn.Conv2d(
            conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation
        )
        if spectral_norm:
            apply_spectral_norm(self.gate)

    def forward(self, features: Tensor, num_frames: int) -> Tensor:
        """Map (batch·num_frames, in_channels, height, width) to (batch·num_frames, out_channels, height', width')."""
        features = self.prepare(features)
        return torch.sigmoid(self.gate(features)) * self.convolve_features(features, num_frames)

    @torch.no_grad()
    def start_with_variance_kept(self) -> None:
        """Draw weights that keep the variance: an open gate (bias 1) and small gate weights."""
        gate_gain = torch.sigmoid(torch.tensor(GATE_BIAS)).item() ** 2
        self._start_features(gate_gain)
        _draw(self.gate, 0.01)
        self.gate.bias.fill_(GATE_BIAS)


def apply_spectral_norm(conv: nn.Conv2d) -> None:
    """Make `conv` use its weight divided by an estimate of its largest singular value (weight as a matrix, out x rest)."""
    torch_spectral_norm(conv, n_power_iterations=3)


def _draw(conv: nn.Conv2d, gain: float) -> None:
    """Draw the weight with variance gain / fan_in and set the bias to 0."""
    fan_in = conv.weight[0].numel()
    # Under spectral norm the weight is a view of its original; the scale then does not matter.
    weight = conv.parametrizations.weight.original if hasattr(conv, "parametrizations") else conv.weight
    nn.init.normal_(weight, std=(gain / fan_in) ** 0.5)
    nn.init.zeros_(conv.bias)
