"""Run a layer with a temporal shift on a video that arrives in pieces, computing every frame once.

A layer that looks `ahead` frames into the future returns each frame that many frames later. Its state is explicit: a
`LayerState` goes in with each piece and a new one comes out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from lgtsm.ops.receptive_field import Step

# Larger blocks of memory come from the system each time, page by page, and do not stay in the cache.
BYTES_AT_ONCE, BYTES_AT_ONCE_ON_DEVICE = 24 * 2**20, 512 * 2**20


@dataclasses.dataclass(frozen=True)
class LayerState:
    """The frames that a layer keeps between two pieces of a video.

    past: (batch, behind, height, width, moving channels), the frames before the first pending one; None at the start.
    pending: (batch, n, height, width, channel), frames that wait for later ones; None for none.
    """

    past: Tensor | None = None
    pending: Tensor | None = None


class StreamingLayer(Protocol):
    """A layer for `stream`."""

    @property
    def reach(self) -> tuple[int, int]:
        """Frames that the layer looks at behind and ahead of the present one."""

    @property
    def moving_channels(self) -> int:
        """Channels, from channel 0 on, that it looks at in other frames."""

    def steps(self) -> tuple[Step, Step]:
        """Return the layer's step along height and along width."""

    def __call__(self, features: Tensor, num_frames: int) -> Tensor:
        """Map (batch·num_frames, channel, height, width) to (batch·num_frames, channel', height', width')."""

    def convolve_window(self, window: Tensor, frames: Tensor) -> Tensor:
        """Return (batch, time, height', width', channel') for (batch, time, height, width, channel) frames.

        window: (batch, behind + time + ahead, height, width, moving channels).
        """


def stream(
    layer: StreamingLayer, frames: Tensor | None, state: LayerState, last: bool
) -> tuple[Tensor | None, LayerState]:
    """Push frames through a layer.

    Args:
        layer: the layer.
        frames: (batch, time, height, width, channel), or None for none.
        state: the layer's state before them.
        last: no more frames follow: finish the waiting ones, with zeros after the end.

    Returns:
        (batch, time', height', width', channel'), or None for no frame, and the new state.
    """
    behind, ahead = layer.reach
    received = frames
    if state.pending is not None:
        received = state.pending if frames is None else torch.cat([state.pending, frames], dim=1)
    count = 0 if received is None else received.shape[1]
    ready = count if last else max(0, count - ahead)
    if received is None or ready == 0:
        return None, LayerState(state.past, received)
    moving = received[:, : ready + ahead, ..., : layer.moving_channels]
    past = _zero_frames(moving, behind) if state.past is None else state.past
    missing = ready + ahead - moving.shape[1]
    window = torch.cat([past, moving, _zero_frames(moving, missing)], dim=1)
    out = layer.convolve_window(window, received[:, :ready])
    kept = window[:, ready : ready + behind].clone() if behind else past
    pending = received[:, ready:].clone() if count > ready else None
    return out, LayerState(kept, pending)


def run_in_parts(layer: StreamingLayer, parts: Sequence[Tensor]) -> list[Tensor]:
    """Run a layer on the consecutive parts of clips, as on whole clips; see `cut_into_parts`."""
    return [layer.convolve_window(window, part) for window, part in zip(windows(layer, parts), parts)]


def windows(layer: StreamingLayer, parts: Sequence[Tensor]) -> Iterator[Tensor]:
    """Yield the moving channels of each part with the frames around it, zeros before the first and after the last."""
    behind, ahead = layer.reach
    moving = [part[..., : layer.moving_channels] for part in parts]
    ends = _zero_frames(moving[0], max(behind, ahead))
    for index, part in enumerate(moving):
        before, after = (moving[near] if 0 <= near < len(parts) else ends for near in (index - 1, index + 1))
        yield torch.cat([before[:, before.shape[1] - behind :], part, after[:, :ahead]], 1)


def cut_into_parts(video: Tensor, layers: Iterable[StreamingLayer], bytes_per_frame: int) -> list[Tensor]:
    """Cut clips into parts for `run_in_parts`, so short that their memory is used again for the next.

    With gradients, which keep all features anyway, clips stay whole.

    Args:
        video: (batch, time, height, width, channel).
        layers: that will run on the parts; each must find all frames that it looks at in the next part.
        bytes_per_frame: of a frame's largest features.
    """
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return [video]
    batch, time = video.shape[:2]
    most = BYTES_AT_ONCE if video.device.type == "cpu" else BYTES_AT_ONCE_ON_DEVICE
    longest = max((frames for layer in layers for frames in layer.reach), default=0)
    count = min(-(-time * batch * bytes_per_frame // most), time // max(1, longest))
    return list(video.tensor_split(max(1, count), 1))


def _zero_frames(like: Tensor, count: int) -> Tensor:
    return like.new_zeros(like.shape[0], count, *like.shape[2:])
