"""Per-frame convolutions behind a temporal shift: plain, and gated (Eq. 1-3 of the paper)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm as torch_spectral_norm
from torch.nn.utils.parametrize import is_parametrized, register_parametrization, remove_parametrizations

from lgtsm.checks import check_choice
from lgtsm.layers.temporal_shift import TemporalShift
from lgtsm.ops.doubled_conv import interleave, phase_conv2d
from lgtsm.ops.receptive_field import Step
from lgtsm.ops.temporal_shift import fold_time, unfold_time

LEAK = 0.2
GATE_BIAS = 1.0
NOISE = 0.03


class PhaseConv(nn.Conv2d):
    """Convolution of frames doubled by nearest neighbor, which are never made; see `lgtsm.ops.doubled_conv`.

    It gives the four phases of its output; `interleave` joins them.
    """

    SIZES = 3, 1, 1, 1  # kernel size, stride, padding, dilation

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, in_channels, height, width) to (n, 4·out_channels, height + 1, width + 1)."""
        return phase_conv2d(features, self.weight, self.bias)


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
        spectral_norm: divide the weight by its largest singular value.
        spectral_gain: and multiply it by a learned number, which starts as that of the weight that is set; see
            `SpectralGain`.

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
        shift: TemporalShift | None = None,
        resize: float = 1,
        resize_mode: str = "nearest",
        activation: bool = True,
        spectral_norm: bool = False,
        spectral_gain: bool = False,
    ):
        super().__init__()
        check_choice("resize_mode", resize_mode, ("nearest", "bilinear"))
        self.resize = resize
        self.resize_mode = resize_mode
        self.activation = activation
        self.uneven_padding = padding if isinstance(padding, tuple) else None
        self.shift = shift
        conv_padding = 0 if isinstance(padding, tuple) else padding
        sizes = kernel_size, stride, padding, dilation
        self.doubles = resize == 2 and resize_mode == "nearest" and sizes == PhaseConv.SIZES
        conv_class = PhaseConv if self.doubles else nn.Conv2d
        self.feature = conv_class(in_channels, out_channels, kernel_size, stride, conv_padding, dilation)
        if spectral_norm:
            apply_spectral_norm(self.feature, spectral_gain)

    def forward(self, features: Tensor, num_frames: int) -> Tensor:
        """Map (batch·num_frames, in_channels, height, width) to (batch·num_frames, out_channels, height', width')."""
        present = self.prepare(features)
        return self.convolve(present, None if self.shift is None else self.shift(present, num_frames))

    def prepare(self, features: Tensor) -> Tensor:
        """Resize, unless `convolve` does, and pad, for the feature and the gating convolution."""
        if self.resize != 1 and not self.doubles:
            # Whole numbers instead of the scale factor, so that sizes may stay open in exported graphs.
            grow, shrink = Fraction(self.resize).as_integer_ratio()
            size = [length * grow // shrink for length in features.shape[-2:]]
            features = F.interpolate(features, size, mode=self.resize_mode)
        if self.uneven_padding is not None:
            features = F.pad(features, self.uneven_padding)
        return features

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""
        return (0, 0) if self.shift is None else self.shift.reach

    @property
    def moving_channels(self) -> int:
        """Channels, from channel 0 on, that come from other frames."""
        return 0 if self.shift is None else self.shift.moving_channels

    def steps(self) -> tuple[Step, Step]:
        """Return the layer's step along height and along width, for the receptive field."""
        conv = self.feature
        left, _, top, _ = self.uneven_padding or (int(conv.padding[1]), 0, int(conv.padding[0]), 0)
        rows, columns = (
            Step(kernel, stride, before, dilation, self.resize, self.resize_mode == "bilinear")
            for kernel, stride, before, dilation in zip(conv.kernel_size, conv.stride, (top, left), conv.dilation)
        )
        return rows, columns

    def convolve_window(self, window: Tensor, frames: Tensor) -> Tensor:
        """Convolve frames whose moving channels are given with the frames around them.

        Args:
            window: (batch, behind + time + ahead, height, width, moving channels).
            frames: (batch, time, height, width, in_channels).

        Returns:
            (batch, time, height', width', out_channels), as `forward` gives for these frames.
        """
        num_frames = frames.shape[1]
        present = self.prepare(fold_time(frames))
        shifted = None
        if self.shift is not None and self.moving_channels:
            # The shift and the resizing are both linear, so they may change places: small frames are shifted.
            still = frames[..., self.moving_channels :]
            shifted = self.prepare(fold_time(torch.cat([self.shift.shift_window(window), still], dim=-1)))
        return unfold_time(self.convolve(present, shifted), num_frames)

    def convolve(self, present: Tensor, shifted: Tensor | None = None) -> Tensor:
        """Convolve the output of `prepare`, (n, in_channels, height, width), to (n, out_channels, height', width').

        Args:
            present: the frames as they are, for the gate.
            shifted: the same after the shift; None where nothing moves.
        """
        features = self._activated(present, shifted)
        return interleave(features) if self.doubles else features

    def _activated(self, present: Tensor, shifted: Tensor | None) -> Tensor:
        """Convolve and activate: phases of the doubled frames where the layer doubles them."""
        return self._activate(self.feature(present if shifted is None else shifted))

    def _activate(self, features: Tensor) -> Tensor:
        """Activate, in place unless gradients are wanted."""
        if not self.activation:
            return features
        return F.leaky_relu(features, LEAK, inplace=not torch.is_grad_enabled())

    @torch.no_grad()
    def start_with_variance_kept(self, paired_input: bool = True) -> None:
        """Draw weights with which a stack of these layers starts linear and keeps the variance of its features.

        Args:
            paired_input: the channels come in pairs of opposite sign, from a layer that was drawn like this one.

        See `_draw_pairs`.
        """
        self._start_features(paired_input, gate=1.0)

    def _start_features(self, paired_input: bool, gate: float) -> None:
        _draw_pairs(self.feature, self.moving_channels / self.feature.in_channels, paired_input, self.activation, gate)


class GatedConv(ShiftedConv):
    """Convolution whose output is multiplied by a learned soft validity map.

    output = sigmoid(W_g · F) · φ(W_f · shift(F)): the gate sees the features before the shift.

    Args:
        pointwise_gate: compute each gate from its own pixel alone, which nearly halves the work; for layers that keep
            the size.
        others: as in `ShiftedConv`.

    Source: Chang et al. 2019, Eq. 1-3 and Fig. 3 (c, d).
    """

    def __init__(
        self,
        *args: Any,
        spectral_norm: bool = False,
        spectral_gain: bool = False,
        pointwise_gate: bool = False,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs, spectral_norm=spectral_norm, spectral_gain=spectral_gain)  # type: ignore[misc]
        conv = self.feature
        if pointwise_gate:
            reach = [step * (kernel - 1) for step, kernel in zip(conv.dilation, conv.kernel_size)]
            if (
                self.doubles
                or self.uneven_padding
                or set(conv.stride) != {1}
                or [2 * int(pad) for pad in conv.padding] != reach
            ):
                raise ValueError(
                    "pointwise_gate needs a layer that keeps the size: stride 1, padded by half its reach."
                )
        self.gate = nn.Conv2d(conv.in_channels, conv.out_channels, 1) if pointwise_gate else conv_like(conv)
        if spectral_norm:
            apply_spectral_norm(self.gate, spectral_gain)

    def _activated(self, present: Tensor, shifted: Tensor | None) -> Tensor:
        """Convolve, activate and gate; see `ShiftedConv`."""
        return self.gated(self.feature(present if shifted is None else shifted), self.gate(present))

    def gated(self, features: Tensor, gate: Tensor) -> Tensor:
        """Return sigmoid(gate) · φ(features), in their memory unless gradients are wanted."""
        features = self._activate(features)
        if torch.is_grad_enabled():
            return torch.sigmoid(gate) * features
        return features.mul_(gate.sigmoid_())

    @torch.no_grad()
    def start_with_variance_kept(self, paired_input: bool = True) -> None:
        """Draw the features' weights as `ShiftedConv` does; the gate starts open."""
        self._start_features(paired_input, gate=torch.sigmoid(torch.tensor(GATE_BIAS, device="cpu")).item())
        self.open_gate()

    @torch.no_grad()
    def open_gate(self) -> None:
        """Let nearly all pass: bias 1, small weights."""
        set_weight(self.gate, torch.randn(self.gate.weight.shape) * (0.01 / self.gate.weight[0].numel()) ** 0.5)
        nn.init.constant_(_bias(self.gate), GATE_BIAS)


def conv_like(conv: nn.Conv2d) -> nn.Conv2d:
    """Return a convolution of the same sizes with weights of its own, without spectral norm."""
    sizes: Any = conv.kernel_size, conv.stride, conv.padding, conv.dilation
    conv_class = PhaseConv if isinstance(conv, PhaseConv) else nn.Conv2d
    return conv_class(conv.in_channels, conv.out_channels, *sizes)


def _bias(conv: nn.Conv2d | nn.Conv3d) -> Tensor:
    """Return the bias, which all layers of this library have."""
    assert conv.bias is not None
    return conv.bias


class SpectralGain(nn.Module):
    """Multiply a weight under spectral norm by a learned number.

    A layer of singular values up to one weakens what it carries: half of it ends in LeakyReLU, and the gate takes its
    part. Through 17 layers that leaves 1e-9 to 1e-6 of the spread of a picture, which no step brings back. With the
    gain, a network starts as without spectral norm; training then finds directions and scale apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight times the gain."""
        return weight * self.gain


def apply_spectral_norm(conv: nn.Conv2d | nn.Conv3d, gain: bool = False) -> None:
    """Make `conv` use its weight, as a matrix out x rest, divided by an estimate of its largest singular value.

    Args:
        conv: changed in place.
        gain: learn a factor on it; `set_weight` sets it so that the weight is used as it was given.
    """
    torch_spectral_norm(conv, n_power_iterations=3)
    if gain:
        register_parametrization(conv, "weight", SpectralGain())


def _draw_pairs(conv: nn.Conv2d, moving_share: float, paired_input: bool, paired_output: bool, gate: float) -> None:
    """Draw weights with which the untrained network carries every frame, unmixed with others, to its end.

    The outputs 2i and 2i+1 are negatives of each other before the activation, and the next layer takes their
    difference after it: LeakyReLU(x) - LeakyReLU(-x) = 1.2 x, so the network starts linear. A layer that keeps the
    size (odd kernel behind another layer) starts, but for a share NOISE of its variance, as an orthogonal mixture at
    the center tap, which dilation and borders cannot weaken. Channels that one shift leaves in place feed those that
    the next leaves in place, so a frame's content reaches the output through any number of shifts.

    Args:
        conv: gets the weight, and a bias of 0.
        moving_share: share of the input channels, from channel 0 on, that a shift moves.
        paired_input: whether the input comes in such pairs.
        paired_output: whether an activation, and another layer drawn like this, follow.
        gate: factor on the activated features.

    Source: Balduzzi et al. 2017 (looks-linear start) and Xiao et al. 2018 (orthogonal center tap), joined.
    """
    out_channels, in_channels, *kernel = conv.weight.shape
    # With an odd number of channels, the last one has no partner.
    rows = (out_channels + 1) // 2 if paired_output else out_channels
    columns = (in_channels + 1) // 2 if paired_input else in_channels
    weight = torch.randn(rows, columns, *kernel) / (columns * kernel[0] * kernel[1]) ** 0.5
    if paired_input and kernel[0] % 2:
        center = torch.zeros(rows, columns)
        moving_in = round(columns * moving_share) if moving_share < 1 else 0
        moving_out = round(rows * moving_share) if paired_output and moving_share < 1 else 0
        center[:moving_out] = _orthogonal(moving_out, columns)
        center[moving_out:, moving_in:] = _orthogonal(rows - moving_out, columns - moving_in)
        weight *= NOISE**0.5
        weight[:, :, kernel[0] // 2, kernel[1] // 2] += (1 - NOISE) ** 0.5 * center
    # The first layer sees inputs of variance 1/4 or less.
    weight *= 1 / ((1 + LEAK) * gate) if paired_input else 2
    if paired_input:
        weight = torch.stack([weight, -weight], 2).flatten(1, 2)[:, :in_channels]
    if paired_output:
        weight = torch.stack([weight, -weight], 1).flatten(0, 1)[:out_channels]
    else:
        weight /= gate
    set_weight(conv, weight)


def _orthogonal(rows: int, columns: int) -> Tensor:
    """Draw a matrix of rows of length 1, orthogonal where there are no more rows than columns."""
    if not rows or not columns:
        return torch.zeros(rows, columns)
    size = max(rows, columns)
    return F.normalize(torch.linalg.qr(torch.randn(size, size)).Q[:rows, :columns], dim=1)


def set_weight(conv: nn.Conv2d | nn.Conv3d, weight: Tensor) -> None:
    """Set the weight of a convolution, also under spectral norm, and its bias to 0."""
    parametrized: Any = conv
    normalized = is_parametrized(conv, "weight")
    with_gain = normalized and len(parametrized.parametrizations.weight) > 1
    if normalized:
        remove_parametrizations(conv, "weight", leave_parametrized=False)
    conv.weight.copy_(weight)
    nn.init.zeros_(_bias(conv))
    if normalized:  # again, because its estimate of the singular value belonged to the old weight
        apply_spectral_norm(conv, with_gain)
    if with_gain:
        norm, gain = parametrized.parametrizations.weight
        norm.eval()  # keeps its estimate
        gain.gain.copy_(weight.norm() / norm(parametrized.parametrizations.weight.original).norm())
        norm.train()
