"""What the generators share: how video goes in and comes out, and how a stream of any length is filled."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from lgtsm.checks import check_video_and_hole
from lgtsm.layers.streaming import LayerState, stream
from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.receptive_field import spatial_reach
from lgtsm.ops.temporal_shift import fold_time, unfold_time

SIZE_STEP = 4


@dataclasses.dataclass(frozen=True)
class StreamState:
    """All that a network keeps between two pieces of a video.

    layers: what each layer keeps.
    video, hole: the frames that went in and have not come back yet; None before the first.
    """

    layers: tuple[LayerState, ...]
    video: Tensor | None = None
    hole: Tensor | None = None


class StreamingGenerator(nn.Module):
    """A stack of layers that each look a few frames behind and ahead.

    A subclass fills `layers`, an ordered nn.ModuleDict of layers that `lgtsm.layers.streaming.stream` can run, and sets
    `centered`: whether frames are in [-1, 1] inside.
    """

    layers: nn.ModuleDict
    centered: bool

    @property
    def temporal_reach(self) -> tuple[int, int]:
        """Frames behind and ahead of one that its result depends on."""
        reaches = [layer.reach for layer in self.layers.values()]
        return sum(behind for behind, _ in reaches), sum(ahead for _, ahead in reaches)

    @property
    def size_step(self) -> int:
        """Pixels after which the pattern of strides repeats: crops that start at multiples of it see the same."""
        return SIZE_STEP

    @property
    def spatial_reach(self) -> int:
        """Pixels each way (up, down, left, right) that the result at one pixel depends on, at most."""
        axes = zip(*(layer.steps() for layer in self.layers.values()), strict=True)
        return max(max(spatial_reach(axis, SIZE_STEP)) for axis in axes)

    def _output(self, features: Tensor, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Cut (batch·time, 3, height', width') back to the video's size and put it into the hole."""
        predicted = features[..., : video.shape[3], : video.shape[4]].unflatten(0, video.shape[:2])
        if self.centered:
            predicted = (predicted + 1) / 2
        return {"filled": composite(video, hole, predicted), "predicted": predicted}

    def initial_state(self) -> StreamState:
        """Return the state before the first frame of a video, for `step`."""
        return StreamState(tuple(LayerState() for _ in self.layers))

    def step(self, video: Tensor, hole: Tensor, state: StreamState) -> tuple[Tensor, StreamState]:
        """Fill a video piece by piece, every frame computed once, at a memory that does not grow with its length.

        The pieces given back, and what `flush` gives at the end, joined in time equal "filled" of the whole video.
        A frame comes back `temporal_reach[1]` frames after it went in (causal networks: at once).

        Args:
            video: (batch, time, 3, height, width) in [0, 1], the next frames, one or more.
            hole: (batch, time, 1, height, width), 1 = missing.
            state: `initial_state()` at first, then what the step before returned; it is not changed.

        Returns:
            the frames that are ready, (batch, time', 3, height, width), none or more, and the new state.

        Raises:
            ValueError: video and hole are not such tensors, or are not of the size of the frames before.
        """
        check_video_and_hole(video, hole)
        if state.video is not None and (state.video.shape[0], *state.video.shape[2:]) != (
            video.shape[0],
            *video.shape[2:],
        ):
            raise ValueError(
                f"A stream's frames must keep their size; it began with (batch, time, 3, height, width) = "
                f"{tuple(state.video.shape)} and now got {tuple(video.shape)}. Flush it and begin another."
            )
        features = unfold_time(network_input(video, hole, self.centered), video.shape[1])
        if state.video is not None:
            video, hole = torch.cat([state.video, video], 1), torch.cat([state.hole, hole], 1)
        return self._advance(features, video, hole, state, last=False)

    def flush(self, state: StreamState) -> Tensor:
        """Return the frames that a stream still owes, (batch, time, 3, height, width), at the end of the video.

        Args:
            state: what the last step returned.

        Raises:
            ValueError: nothing was ever put in.
        """
        if state.video is None:
            raise ValueError("There is nothing to flush: give the stream at least one frame with step() first.")
        return self._advance(None, state.video, state.hole, state, last=True)[0]

    def _advance(
        self, features: Tensor | None, video: Tensor, hole: Tensor, state: StreamState, last: bool
    ) -> tuple[Tensor, StreamState]:
        """Push features (batch, time, height', width', 5) through; video and hole are all frames not given back yet."""
        states = []
        for layer, layer_state in zip(self.layers.values(), state.layers, strict=True):
            features, layer_state = stream(layer, features, layer_state, last)
            states.append(layer_state)
        ready = 0 if features is None else features.shape[1]
        filled = video[:, :0]
        if ready:
            filled = self._output(fold_time(features), video[:, :ready], hole[:, :ready])["filled"]
        # Frames of no length are kept too: they hold the size of the stream.
        return filled, StreamState(tuple(states), video[:, ready:].clone(), hole[:, ready:].clone())


def network_input(video: Tensor, hole: Tensor, centered: bool, size_step: int = SIZE_STEP) -> Tensor:
    """Stack masked frames, known-mask and an empty guidance channel.

    Args:
        video: (batch, time, 3, height, width) in [0, 1].
        hole: (batch, time, 1, height, width), 1 = missing.
        centered: map the known pixels to [-1, 1]; pixels of the hole are 0 either way.
        size_step: the sizes are padded to multiples of this by repeating the last row and column.

    Returns:
        (batch·time, 5, height', width'), channels-last.
    """
    missing = (hole > 0.5).flatten(0, 1)  # (batch·time, 1, height, width)
    frames = video.flatten(0, 1)
    if centered:
        frames = frames * 2 - 1
    frames = frames.masked_fill(missing, 0)  # a select, so that nothing under the hole, not even NaN, gets through
    known = (~missing).to(frames.dtype)
    stacked = torch.cat([frames, known, torch.zeros_like(known)], dim=1)
    return pad_to_multiple(stacked, size_step).contiguous(memory_format=torch.channels_last)
