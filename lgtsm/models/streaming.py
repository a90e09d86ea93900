"""The base of the generators: take video in, give it out, and fill a stream of any length."""

from __future__ import annotations

import dataclasses
from typing import cast

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_video_and_hole
from lgtsm.layers.streaming import LayerState, StreamingLayer, cut_into_parts, run_in_parts, stream
from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.receptive_field import needed_slices, spatial_reach
from lgtsm.ops.temporal_shift import fold_time, unfold_time

SIZE_STEP = 4
OUTPUTS = ("filled", "predicted")
Part = tuple[slice, slice]


@dataclasses.dataclass(frozen=True)
class StreamState:
    """All that a network keeps between two pieces of a video.

    layers: the state of each layer.
    video, hole: the frames that went in and have not come back yet; None before the first.
    size: batch, height and width of the frames that go in; None before the first.
    steady: whether a frame has come back; from then on no tensor of the state changes its shape.
    inner: rows and columns that come back; None for all.
    """

    layers: tuple[LayerState, ...]
    video: Tensor | None = None
    hole: Tensor | None = None
    size: tuple[int, int, int] | None = None
    steady: bool = False
    inner: Part | None = None


class StreamingGenerator(nn.Module):
    """A stack of layers that each look a few frames behind and ahead.

    A subclass fills `layers` in order, with layers that `lgtsm.layers.streaming.stream` can run.

    Args:
        centered: whether frames are in [-1, 1] inside.
    """

    def __init__(self, centered: bool):
        super().__init__()
        self.centered = centered
        self.layers = nn.ModuleDict()

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; the pixels under the hole are never used.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the network's own output everywhere.
            Neither is clipped to [0, 1], so that training sees by how much a pixel is out of range; `step` and
            `lgtsm.Inpainter` clip.

        Raises:
            ValueError: video or hole has another shape or type.
        """
        check_video_and_hole(video, hole)
        features = self.run_layers(network_input(video, hole, self.centered), video.shape[1])
        return self._output(features, video, hole)

    def run_layers(self, features: Tensor, num_frames: int) -> Tensor:
        """Map (batch·time, 5, height', width'), sizes multiples of `size_step`, to (batch·time, 3, height', width')."""
        video = unfold_time(features, num_frames)
        first = next(iter(self.layers.values()))
        widest = max((len(weight) for weight in first.parameters() if weight.ndim > 1), default=1)
        parts = cut_into_parts(video, self.stack, widest * video[0, 0, ..., :1].nbytes)
        if len(parts) == 1:
            for layer in self.stack:
                features = layer(features, num_frames)
            return features
        for layer in self.stack:
            parts = run_in_parts(layer, parts)
        return fold_time(torch.cat(parts, 1))

    @property
    def stack(self) -> list[StreamingLayer]:
        """The layers, in order."""
        return cast("list[StreamingLayer]", list(self.layers.values()))

    @property
    def temporal_reach(self) -> tuple[int, int]:
        """Frames behind and ahead of one that its result depends on."""
        reaches = [layer.reach for layer in self.stack]
        return sum(behind for behind, _ in reaches), sum(ahead for _, ahead in reaches)

    @property
    def size_step(self) -> int:
        """Pixels after which the pattern of strides repeats: crops that start at multiples of it give the same."""
        return SIZE_STEP

    @property
    def spatial_reach(self) -> int:
        """Pixels each way (up, down, left, right) that the result at one pixel depends on, at most."""
        axes = zip(*(layer.steps() for layer in self.stack), strict=True)
        return max(max(spatial_reach(axis, SIZE_STEP)) for axis in axes)

    def _output(self, features: Tensor, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Cut (batch·time, 3, height', width') back to the video's size and put it into the hole."""
        predicted = features[..., : video.shape[3], : video.shape[4]].unflatten(0, video.shape[:2])
        if self.centered:
            predicted = (predicted + 1) / 2
        return {"filled": composite(video, hole, predicted), "predicted": predicted}

    def _frames(self, features: Tensor, video: Tensor, hole: Tensor, output: str) -> Tensor:
        """Return one of OUTPUTS, with "filled" clipped to [0, 1] inside the hole."""
        predicted = self._output(features, video, hole)["predicted"]
        return predicted if output == "predicted" else composite(video, hole, predicted.clamp(0, 1))

    def initial_state(self, inner: tuple[int, int, int, int] | None = None) -> StreamState:
        """Return the state before the first frame of a video, for `step`.

        Args:
            inner: top, left, bottom, right of the part to give back, in pixels, the ends not included. Each layer then
                computes only the pixels that this part depends on. None for whole frames.
        """
        part = None
        if inner is not None:
            top, left, bottom, right = inner
            part = slice(top, bottom), slice(left, right)
        return StreamState(tuple(LayerState() for _ in self.stack), inner=part)

    def layer_parts(self, inner: Part | None) -> list[Part | None]:
        """Return the rows and columns to keep of each layer's output to compute `inner`."""
        if inner is None:
            return [None] * len(self.stack)
        axes = zip(*(layer.steps() for layer in self.stack), strict=True)
        rows, columns = (needed_slices(axis, part.start, part.stop) for axis, part in zip(axes, inner, strict=True))
        return list(zip(rows, columns, strict=True))

    def step(
        self, video: Tensor, hole: Tensor, state: StreamState, output: str = "filled"
    ) -> tuple[Tensor, StreamState]:
        """Fill a video piece by piece, computing every frame once, in memory that does not grow with its length.

        The returned pieces and the one of `flush`, joined in time, are the frames of `lgtsm.Inpainter(model).fill` of
        the whole video: clipped to [0, 1] inside the hole, known pixels bit for bit.
        A frame comes back `temporal_reach[1]` frames after it went in (causal networks: at once).
        With `torch.compile(model.step)`, steps run compiled once the first frame has come back.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], the next frames, one or more.
            hole: (batch, time, 1, height, width), 1 = missing.
            state: `initial_state()` at first, then the state that the last step returned; it is not changed.
            output: "filled", or "predicted" for the network's own pixels everywhere, not clipped.

        Returns:
            the frames that are ready, (batch, time', 3, height, width), none or more, or the state's inner part of
            them; and the new state.

        Raises:
            ValueError: video or hole has another shape or type, or another size than the frames before.
        """
        check_video_and_hole(video, hole)
        check_choice("output", output, OUTPUTS)
        if not state.steady:
            # Until then every state has other shapes, and a compiler would compile each for a single use.
            # Not a decorator: that imports the compiler, a second's work, for everyone who imports this module.
            step = torch.compiler.disable(self._step) if torch.compiler.is_compiling() else self._step
            return step(video, hole, state, output)
        return self._step(video, hole, state, output)

    def flush(self, state: StreamState, output: str = "filled") -> Tensor:
        """Return the frames that a stream still owes, (batch, time, 3, height, width), at the end of the video.

        Layer by layer, finish the waiting frames and send them through the later layers, a frame or two at once, so the
        end of a video takes no more memory than its middle.

        Args:
            state: the state that the last step returned.
            output: as in `step`.

        Raises:
            ValueError: the stream never got a frame.
        """
        if state.video is None or state.hole is None:
            raise ValueError("There is nothing to flush: give the stream at least one frame with step() first.")
        check_choice("output", output, OUTPUTS)
        layers, states, given = self.stack, list(state.layers), 0
        pieces: list[Tensor] = []
        parts = self.layer_parts(state.inner)
        for ending in range(len(layers)):
            features: Tensor | None = None
            for index in range(ending, len(layers)):
                features, states[index] = stream(layers[index], features, states[index], last=index == ending)
                features = _cut(features, parts[index])
            if features is not None:
                owed = slice(given, given + features.shape[1])
                pieces.append(self._frames(fold_time(features), state.video[:, owed], state.hole[:, owed], output))
                given = owed.stop
        return torch.cat(pieces, 1) if pieces else state.video

    def _step(self, video: Tensor, hole: Tensor, state: StreamState, output: str) -> tuple[Tensor, StreamState]:
        features: Tensor | None = unfold_time(network_input(video, hole, self.centered), video.shape[1])
        size = (video.shape[0], *video.shape[3:])
        if state.inner is not None:
            video, hole = (frames[..., state.inner[0], state.inner[1]] for frames in (video, hole))
        if state.video is not None and state.hole is not None:
            if state.size != size:
                raise ValueError(
                    f"A stream's frames must keep their size; it began with (batch, height, width) = {state.size} and "
                    f"now got {size}. Flush it and start a new one."
                )
            video, hole = torch.cat([state.video, video], 1), torch.cat([state.hole, hole], 1)
        states = []
        for layer, layer_state, part in zip(self.stack, state.layers, self.layer_parts(state.inner), strict=True):
            features, layer_state = stream(layer, features, layer_state, last=False)
            features = _cut(features, part)
            states.append(layer_state)
        ready = 0 if features is None else features.shape[1]
        out = video[:, :0]
        if features is not None and ready:
            out = self._frames(fold_time(features), video[:, :ready], hole[:, :ready], output)
        video, hole, steady = video[:, ready:].clone(), hole[:, ready:].clone(), state.steady or ready > 0
        return out, StreamState(tuple(states), video, hole, size, steady, state.inner)


def _cut(features: Tensor | None, part: Part | None) -> Tensor | None:
    """Keep some rows and columns of (batch, time, height, width, channel)."""
    if features is None or part is None:
        return features
    return features[:, :, part[0], part[1]]


def network_input(video: Tensor, hole: Tensor, centered: bool) -> Tensor:
    """Stack masked frames, known-mask and an empty guidance channel.

    Args:
        video: (batch, time, 3, height, width) in [0, 1].
        hole: (batch, time, 1, height, width), 1 = missing.
        centered: map the known pixels to [-1, 1]; pixels of the hole are 0 either way.

    Returns:
        (batch·time, 5, height', width'), channels-last, padded to multiples of SIZE_STEP with the last row and column.
    """
    missing = (hole > 0.5).flatten(0, 1)  # (batch·time, 1, height, width)
    frames = video.flatten(0, 1)
    if centered:
        frames = frames * 2 - 1
    frames = frames.masked_fill(missing, 0)  # a select, so that nothing under the hole, not even NaN, gets through
    known = (~missing).to(frames.dtype)
    stacked = torch.cat([frames, known, torch.zeros_like(known)], dim=1)
    return pad_to_multiple(stacked, SIZE_STEP).contiguous(memory_format=torch.channels_last)
