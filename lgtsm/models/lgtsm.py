"""The generator: an encoder, dilated layers and a decoder, every one behind a temporal shift.

One network serves three names of the paper's tables: LGTSM (learnable shift, gated), GTSM (fixed shift, gated)
and TSM (fixed shift, plain convolutions).
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_positive, check_video_and_hole
from lgtsm.layers.convolution import GatedConv, ShiftedConv
from lgtsm.layers.streaming import LayerState, stream
from lgtsm.layers.temporal_shift import FixedTemporalShift, LearnableTemporalShift
from lgtsm.ops.compositing import composite
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.receptive_field import spatial_reach
from lgtsm.ops.temporal_shift import fold_time, unfold_time

# name, input width, output width (in units of `width`; colours given below), kernel, stride, padding, dilation, scale before
LAYERS = (
    ("conv1", None, 1, 5, 1, 1, 1, 1),
    ("conv2", 1, 2, 4, 2, 2, 1, 1),
    ("conv3", 2, 2, 3, 1, 1, 1, 1),
    ("conv4", 2, 4, 4, 2, 1, 1, 1),
    ("conv5", 4, 4, 3, 1, 1, 1, 1),
    ("conv6", 4, 4, 3, 1, 1, 1, 1),
    ("dilated_conv1", 4, 4, 3, 1, 2, 2, 1),
    ("dilated_conv2", 4, 4, 3, 1, 4, 4, 1),
    ("dilated_conv3", 4, 4, 3, 1, 8, 8, 1),
    ("dilated_conv4", 4, 4, 3, 1, 16, 16, 1),
    ("conv7", 4, 4, 3, 1, 1, 1, 1),
    ("conv8", 4, 4, 3, 1, 1, 1, 1),
    ("deconv1", 4, 2, 3, 1, 1, 1, 2),
    ("conv9", 2, 2, 3, 1, 1, 1, 1),
    ("deconv2", 2, 1, 3, 1, 1, 1, 2),
    ("conv10", 1, 0.5, 3, 1, 1, 1, 1),
    ("conv11", 0.5, None, 3, 1, 1, 1, 1),
)
# In the paper's geometry these two halve by interpolation and convolve with stride 1; an even kernel pads unevenly.
PAPER_DOWN = {"conv2": (1, 2, 1, 2), "conv4": (2, 1, 2, 1)}
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


class GatedShiftGenerator(nn.Module):
    """Fill the hole of a video with 2-D convolutions that see neighbouring frames through temporal shifts.

    Args:
        width: channels of the first layer (the released networks: 64); even.
        shift: "learnable" or "fixed".
        gated: gated convolutions, or plain ones.
        shift_kernel_size: taps of a learnable shift, in frames.
        shift_groups: kernels (or fixed groups) in each layer.
        shift_fraction: share of the channels that move, in [0, 1].
        causal: look at past frames only.
        spectral_norm: normalise every convolution's weight by its largest singular value (all but the last layer's).
        geometry: "released" (strided convolutions and nearest up-sampling of the authors' networks) or "paper"
            (bilinear interpolation before the down- and up-sampling convolutions).
        initialization: "variance_preserving" or "pytorch" (the framework's default).
        centered: work on frames in [-1, 1] inside, so that an untrained network predicts gray; the authors' networks
            work on [0, 1].

    Source: Chang et al. 2019, Sections 3.1 and 3.3; layer sizes of the released networks.
    Differs: the paper speaks of 11 layers; the released networks, and these, have 17. Any height and width: frames are
    padded to multiples of 4 inside and cut back. New networks start linear, from weights that keep the variance of the
    features (with the framework's default start, 17 gated layers keep nothing of it).
    """

    def __init__(
        self,
        width: int = 64,
        shift: str = "learnable",
        gated: bool = True,
        shift_kernel_size: int = 3,
        shift_groups: int = 2,
        shift_fraction: float = 0.5,
        causal: bool = False,
        spectral_norm: bool = False,
        geometry: str = "released",
        initialization: str = "variance_preserving",
        centered: bool = True,
    ):
        super().__init__()
        check_choice("shift", shift, ("learnable", "fixed"))
        check_choice("geometry", geometry, ("released", "paper"))
        check_choice("initialization", initialization, ("variance_preserving", "pytorch"))
        check_positive("width", width)
        if width % 2:
            raise ValueError(f"width must be even, because the last but one layer has half of it; got {width}.")
        if shift == "fixed" and shift_kernel_size != 3:
            raise ValueError(
                f"A fixed shift moves by one frame, which is kernel size 3; got shift_kernel_size={shift_kernel_size}. "
                "Leave it at 3, or take the learnable shift (model lgtsm)."
            )
        self.centered = centered
        self.layers = nn.ModuleDict()
        for name, in_width, out_width, kernel, stride, padding, dilation, scale in LAYERS:
            in_channels = 5 if in_width is None else int(in_width * width)
            out_channels = 3 if out_width is None else int(out_width * width)
            resize_mode = "nearest"
            if geometry == "paper" and (scale != 1 or name in PAPER_DOWN):
                resize_mode = "bilinear"
                if name in PAPER_DOWN:
                    scale, stride, padding = 0.5, 1, PAPER_DOWN[name]
            elif geometry == "paper" and name == "conv1":
                padding = 2  # the released first layer loses a pixel on each side, which its second one gives back
            if shift == "learnable":
                shift_layer = LearnableTemporalShift(in_channels, shift_fraction, shift_groups, shift_kernel_size, causal)
            else:
                shift_layer = FixedTemporalShift(in_channels, shift_fraction, shift_groups, causal)
            last = out_width is None
            self.layers[name] = (GatedConv if gated else ShiftedConv)(
                in_channels,
                out_channels,
                kernel,
                stride,
                padding,
                dilation,
                shift=shift_layer,
                resize=scale,
                resize_mode=resize_mode,
                activation=not last,
                spectral_norm=spectral_norm and not last,
            )
        if initialization == "variance_preserving":
            for name, layer in self.layers.items():
                layer.start_with_variance_kept(paired_input=name != LAYERS[0][0])
        self.to(memory_format=torch.channels_last)

    @property
    def temporal_reach(self) -> tuple[int, int]:
        """Frames behind and ahead of one that its result depends on."""
        reaches = [layer.shift.reach for layer in self.layers.values()]
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

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; what lies under the hole is never looked at.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the network's own output everywhere, not clipped to [0, 1].

        Raises:
            ValueError: video and hole are not such tensors.
        """
        check_video_and_hole(video, hole)
        num_frames = video.shape[1]
        features = network_input(video, hole, self.centered)
        for layer in self.layers.values():
            features = layer(features, num_frames)
        return self._output(features, video, hole)

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
        if state.video is not None and (state.video.shape[0], *state.video.shape[2:]) != (video.shape[0], *video.shape[2:]):
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
