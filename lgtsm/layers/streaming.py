"""Run a layer with a temporal shift on a video that arrives in pieces, computing every frame once.

A layer that looks `ahead` frames into the future returns each frame that many frames later. Its state is explicit: a
`LayerState` goes in with each piece and a new one comes out.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import torch
from torch import Tensor

from lgtsm.ops.receptive_field import Step


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


def _zero_frames(like: Tensor, count: int) -> Tensor:
    return like.new_zeros(like.shape[0], count, *like.shape[2:])
