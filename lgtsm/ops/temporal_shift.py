"""Move channels to neighboring frames: by learned temporal kernels, or by whole frames.

Both functions take features with time folded into the batch, (batch·time, channel, height, width), and work
on the channels-last memory layout, where a group of channels is one block of every pixel.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def temporal_shift(
    features: Tensor, kernels: Tensor, num_frames: int, channels_per_group: int, causal: bool = False
) -> Tensor:
    """Filter groups of channels along time, each group with its own kernel.

    Group g starts at channel g·channels_per_group; the channels after the last group pass unchanged.
    out[t] = Σ_k kernel[k] · x[t + k - K // 2], or x[t + k - (K - 1)] when causal; zeros outside the clip.

    Args:
        features: (batch·num_frames, channel, height, width).
        kernels: (groups, K), K odd unless causal.
        num_frames: frames of one clip.
        channels_per_group: channels that share one kernel; groups · channels_per_group may not exceed channel.
        causal: end the kernel at the present frame instead of centering it there.

    Returns:
        (batch·num_frames, channel, height, width).

    Raises:
        ValueError: the sizes do not fit together, or an uncausal kernel has an even number of taps.

    Source: Chang et al. 2019, Section 3.1 and Fig. 2 (c, d).
    """
    groups, kernel_size = kernels.shape
    shifted_channels = groups * channels_per_group
    _check(features, num_frames, shifted_channels)
    if not causal and kernel_size % 2 == 0:
        raise ValueError(
            f"A centered kernel must have an odd number of taps; got {kernel_size}. Use 3, 5, ... or causal=True."
        )
    if shifted_channels == 0:
        return features
    before = kernel_size - 1 if causal else kernel_size // 2
    video = unfold_time(features, num_frames)
    if not (torch.is_grad_enabled() or torch.compiler.is_compiling()):
        return fold_time(_shifted(video, kernels, channels_per_group, before))
    moving, still = video.split([shifted_channels, video.shape[-1] - shifted_channels], dim=-1)
    window = F.pad(moving, (0, 0, 0, 0, 0, 0, before, kernel_size - 1 - before))
    return fold_time(torch.cat([filter_window(window, kernels, channels_per_group), still], dim=-1))


def _shifted(video: Tensor, kernels: Tensor, channels_per_group: int, before: int) -> Tensor:
    """Shift (batch, time, height, width, channel) with each number written once, which takes half the time."""
    num_frames, shifted_channels = video.shape[1], kernels.shape[0] * channels_per_group
    out = torch.empty_like(video)
    out[..., shifted_channels:] = video[..., shifted_channels:]
    moving, moved = video[..., :shifted_channels], out[..., :shifted_channels]
    for k, tap in enumerate(_taps(kernels, channels_per_group, video.dtype)):
        offset = min(max(k - before, -num_frames), num_frames)
        there = slice(max(0, offset), num_frames + min(0, offset))
        here = slice(max(0, -offset), num_frames - max(0, offset))
        if k:
            moved[:, here].addcmul_(moving[:, there], tap)
        else:
            moved[:, : here.start] = moved[:, here.stop :] = 0
            torch.mul(moving[:, there], tap, out=moved[:, here])
    return out


def filter_window(window: Tensor, kernels: Tensor, channels_per_group: int) -> Tensor:
    """Filter groups of channels along time, at the frames where every tap has one.

    Args:
        window: (batch, time + K - 1, height, width, groups·channels_per_group).
        kernels: (groups, K).
        channels_per_group: channels that share one kernel.

    Returns:
        (batch, time, height, width, groups·channels_per_group): out[t] = Σ_k kernel[k] · window[t + k].
    """
    kernel_size = kernels.shape[1]
    num_frames = window.shape[1] - kernel_size + 1
    taps = _taps(kernels, channels_per_group, window.dtype)
    moved = window[:, :num_frames] * taps[0]
    for k in range(1, kernel_size):
        moved = torch.addcmul(moved, window[:, k : k + num_frames], taps[k])
    return moved


def _taps(kernels: Tensor, channels_per_group: int, dtype: torch.dtype) -> Tensor:
    """Return (K, groups·channels_per_group)."""
    return kernels.to(dtype).t().repeat_interleave(channels_per_group, dim=1)


def fixed_temporal_shift(
    features: Tensor, num_frames: int, channels_per_group: int, offsets: tuple[int, ...] = (1, -1)
) -> Tensor:
    """Take group g of the channels from the frame t + offsets[g], zeros outside the clip.

    Args:
        features: (batch·num_frames, channel, height, width).
        num_frames: frames of one clip.
        channels_per_group: channels in each group, from channel 0 on; the others pass unchanged.
        offsets: for each group, how many frames ahead it looks (negative: back).

    Returns:
        (batch·num_frames, channel, height, width).

    Source: Lin et al. 2018 (TSM); Chang et al. 2019, Fig. 2 (b).
    """
    shifted_channels = len(offsets) * channels_per_group
    _check(features, num_frames, shifted_channels)
    if shifted_channels == 0:
        return features
    video = unfold_time(features, num_frames)
    *groups, still = video.split([channels_per_group] * len(offsets) + [video.shape[-1] - shifted_channels], dim=-1)
    # A negative pad cuts: frames leave on one side and zeros enter on the other.
    moved = [
        F.pad(group, (0, 0, 0, 0, 0, 0, -offset, offset)) if abs(offset) < num_frames else group * 0
        for group, offset in zip(groups, offsets)
    ]
    return fold_time(torch.cat([*moved, still], dim=-1))


def unfold_time(features: Tensor, num_frames: int) -> Tensor:
    """Turn (batch·time, channel, height, width) into (batch, time, height, width, channel), without a copy."""
    return features.permute(0, 2, 3, 1).unflatten(0, (-1, num_frames))


def fold_time(video: Tensor) -> Tensor:
    """Turn (batch, time, height, width, channel) into (batch·time, channel, height, width), channels-last."""
    return video.flatten(0, 1).permute(0, 3, 1, 2)


def _check(features: Tensor, num_frames: int, shifted_channels: int) -> None:
    if features.ndim != 4 or num_frames < 1 or features.shape[0] % num_frames:
        raise ValueError(
            "features must be (batch·time, channel, height, width) with a whole number of clips of "
            f"num_frames={num_frames} frames; got {tuple(features.shape)}."
        )
    if shifted_channels > features.shape[1]:
        raise ValueError(
            f"The shifted groups need {shifted_channels} channels; features {tuple(features.shape)} have "
            f"{features.shape[1]}. Use fewer groups or fewer channels in each."
        )
