"""The temporal shift as layers: learnable kernels (LGTSM) and the fixed shift they start from (TSM)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.ops.temporal_shift import filter_window, fixed_temporal_shift, temporal_shift


def create_shift(
    shift: str, channels: int, shift_fraction: float, groups: int, kernel_size: int, causal: bool
) -> LearnableTemporalShift | FixedTemporalShift:
    """Build a "learnable" or a "fixed" shift; sizes as in `LearnableTemporalShift`.

    Raises:
        ValueError: there is no such shift, a size is not possible, or a fixed shift has kernel_size other than 3.
    """
    check_choice("shift", shift, ("learnable", "fixed"))
    if shift == "learnable":
        return LearnableTemporalShift(channels, shift_fraction, groups, kernel_size, causal)
    if kernel_size != 3:
        raise ValueError(
            f"A fixed shift moves by one frame, which is kernel size 3; got {kernel_size}. Leave it at 3, or take a "
            "learnable shift (model lgtsm)."
        )
    return FixedTemporalShift(channels, shift_fraction, groups, causal)


class TemporalShift(nn.Module):
    """Base of both shifts: which channels move, and where each group looks at the start."""

    def __init__(self, channels: int, shift_fraction: float = 0.5, groups: int = 2, causal: bool = False):
        super().__init__()
        if not 0 <= shift_fraction <= 1:
            raise ValueError(
                f"shift_fraction must be in [0, 1], the share of channels that move; got {shift_fraction}."
            )
        if groups < 1:
            raise ValueError(f"groups must be at least 1; got {groups}. For no shift at all use shift_fraction=0.")
        self.channels = channels
        self.groups = groups
        self.causal = causal
        self.channels_per_group = int(channels * shift_fraction) // groups
        # The first half looks at t+1 and the rest at t-1; causal: all at t-1.
        self.offsets = tuple(1 if group < groups // 2 and not causal else -1 for group in range(groups))

    @property
    def moving_channels(self) -> int:
        """Channels, from channel 0 on, that come from other frames."""
        return self.groups * self.channels_per_group

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""
        raise NotImplementedError

    def shift_window(self, window: Tensor) -> Tensor:
        """Shift the moving channels alone; see `LearnableTemporalShift.shift_window`."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (
            f"{self.channels}, groups={self.groups}, channels_per_group={self.channels_per_group}, causal={self.causal}"
        )


class LearnableTemporalShift(TemporalShift):
    """Shift groups of channels along time by small learned kernels.

    At the start it equals `FixedTemporalShift` exactly.

    Args:
        channels: channels of the input.
        shift_fraction: share of the channels that move, in [0, 1].
        groups: number of kernels; each owns int(channels · shift_fraction) // groups channels, from channel 0 on.
        kernel_size: taps of each kernel, in frames; odd unless causal.
        causal: kernels end at the present frame, so no future frame is needed.

    Raises:
        ValueError: a size is not possible.

    Source: Chang et al. 2019, Section 3.1.
    """

    def __init__(
        self, channels: int, shift_fraction: float = 0.5, groups: int = 2, kernel_size: int = 3, causal: bool = False
    ):
        super().__init__(channels, shift_fraction, groups, causal)
        if kernel_size < 2 or (kernel_size % 2 == 0 and not causal):
            raise ValueError(f"kernel_size must be odd and at least 3 frames (causal: at least 2); got {kernel_size}.")
        self.kernel_size = kernel_size
        self.kernels = nn.Parameter(torch.empty(groups, kernel_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every kernel to the one tap that copies the neighboring frame."""
        present = self.kernel_size - 1 if self.causal else self.kernel_size // 2
        with torch.no_grad():
            self.kernels.zero_()
            for group, offset in enumerate(self.offsets):
                self.kernels[group, present + offset] = 1

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""
        if self.channels_per_group == 0:
            return 0, 0
        ahead = 0 if self.causal else self.kernel_size // 2
        return self.kernel_size - 1 - ahead, ahead

    def forward(self, features: Tensor, num_frames: int) -> Tensor:
        """Shift (batch·num_frames, channel, height, width); the same shape comes back."""
        return temporal_shift(features, self.kernels, num_frames, self.channels_per_group, self.causal)

    def shift_window(self, window: Tensor) -> Tensor:
        """Shift the moving channels alone: (batch, behind + time + ahead, height, width, moving channels) by the reach.

        Returns:
            (batch, time, height, width, moving channels).
        """
        return filter_window(window, self.kernels, self.channels_per_group)


class FixedTemporalShift(TemporalShift):
    """Shift groups of channels by one frame, without weights.

    Args:
        channels: channels of the input.
        shift_fraction: share of the channels that move, in [0, 1].
        groups: number of equal groups; the first half comes from t+1, the rest from t-1 (causal: all from t-1).
        causal: never look ahead.

    Source: Lin et al. 2018 (TSM), used by the GTSM of Chang et al. 2019.
    """

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""
        if self.channels_per_group == 0:
            return 0, 0
        return int(-1 in self.offsets), int(1 in self.offsets)

    def forward(self, features: Tensor, num_frames: int) -> Tensor:
        """Shift (batch·num_frames, channel, height, width); the same shape comes back."""
        return fixed_temporal_shift(features, num_frames, self.channels_per_group, self.offsets)

    def shift_window(self, window: Tensor) -> Tensor:
        """Shift the moving channels alone; see `LearnableTemporalShift.shift_window`."""
        behind, ahead = self.reach
        num_frames = window.shape[1] - behind - ahead
        groups = window.split(self.channels_per_group, dim=-1)
        starts = (behind + offset for offset in self.offsets)
        return torch.cat([g[:, start : start + num_frames] for g, start in zip(groups, starts, strict=True)], dim=-1)
