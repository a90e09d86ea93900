"""Give any 2-D network a view of time: a temporal shift in front of its convolutions."""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lgtsm.layers.temporal_shift import TemporalShift, create_shift

Where = str | Callable[[str, nn.Conv2d], bool] | None
NAME = "temporal_shift"


class ClipShift(nn.Module):
    """Hold a shift and the clips of a batch, for a network that does not know of time.

    Args:
        shift: the shift.
        num_frames: frames of one clip.
        clips: clips in a batch; None for any number.
    """

    def __init__(self, shift: TemporalShift, num_frames: int, clips: int | None = 1):
        super().__init__()
        self.shift = shift
        self.num_frames = num_frames
        self.clips = clips

    def forward(self, features: Tensor) -> Tensor:
        """Shift (clips·num_frames, channel, height, width); the same shape comes back.

        Raises:
            ValueError: the batch holds other clips than the network was told of.
        """
        count = len(features)
        if count % self.num_frames or self.clips not in (None, count // self.num_frames):
            raise ValueError(self._sentence(count))
        return self.shift(features, self.num_frames)

    def _sentence(self, count: int) -> str:
        """Say what a batch of `count` frames should have been, and how to give these."""
        if self.clips is None:
            told = f"a whole number of clips of num_frames={self.num_frames} frames"
        else:
            told = f"clips={self.clips} of num_frames={self.num_frames} frames each"
        ways = [f"set_clip_length(network, {count}) if they are one clip"]
        if not count % self.num_frames:
            clips = count // self.num_frames
            ways.append(f"set_clip_length(network, {self.num_frames}, clips={clips}) if they are {clips}")
        return f"The batch must hold {told}; it holds {count} frames. Call {', or '.join(ways)}."


def add_temporal_shift(
    module: nn.Module,
    num_frames: int,
    where: Where = None,
    shift: str = "learnable",
    shift_fraction: float = 0.5,
    groups: int = 2,
    kernel_size: int = 3,
    causal: bool = False,
    in_place: bool = False,
    clips: int | None = 1,
) -> nn.Module:
    """Put a temporal shift in front of the 2-D convolutions of a network, so that it sees neighboring frames.

    Call the network as before, with the frames of a clip as its batch: (num_frames, channel, height, width), or
    (clips·num_frames, channel, height, width), clip after clip. Clips do not see each other. Its own parameters keep
    their names, so its weight files still load with strict=False; each chosen convolution gets a submodule
    `temporal_shift`. A network with learnable shifts starts equal to one with fixed ones.

    Args:
        module: any network of `torch.nn.Conv2d` layers.
        num_frames: frames of one clip; `set_clip_length` changes it.
        where: which convolutions: None for all with enough channels to shift; a pattern of their names, e.g.
            "layer*.*.conv1"; or a function (name, convolution) -> bool.
        shift: "learnable" or "fixed".
        shift_fraction, groups, kernel_size, causal: see `lgtsm.layers.LearnableTemporalShift`.
        in_place: change `module` itself instead of a copy.
        clips: clips in a batch, so that 8 frames are not taken for two clips of 4 unless that is meant; None for any
            number, as in training, where the last batch may be smaller. `set_clip_length` changes it.

    Returns:
        The network with shifts.

    Raises:
        ValueError: no convolution is chosen, one has too few channels or already a shift, or a size is not possible.

    Source: Chang et al. 2019, Section 3.1; Lin et al. 2018 for putting shifts into image networks.
    """
    _check_clips(num_frames, clips)
    if not in_place:
        module = copy.deepcopy(module)
    chosen = []
    for name, conv in module.named_modules():
        if not isinstance(conv, nn.Conv2d) or not _is_chosen(where, name, conv):
            continue
        if hasattr(conv, NAME):
            raise ValueError(f"The convolution {name!r} already has a temporal shift. Convert a network once.")
        layer = create_shift(shift, conv.in_channels, shift_fraction, groups, kernel_size, causal)
        if layer.moving_channels:
            chosen.append((conv, layer))
        elif where is not None:
            raise ValueError(
                f"The convolution {name!r} has {conv.in_channels} input channels, too few for {groups} groups in "
                f"{shift_fraction} of them. Leave it out of where, or raise shift_fraction."
            )
    if not chosen:
        raise ValueError(
            f"where={where!r} chooses no convolution to put a shift in front of; it must choose torch.nn.Conv2d "
            f"layers. Those of the network: {_names(module)}."
        )
    for conv, layer in chosen:
        conv.add_module(NAME, ClipShift(layer.to(conv.weight.device, conv.weight.dtype), num_frames, clips))
        conv.register_forward_pre_hook(_shift_first)
    return module


def set_clip_length(module: nn.Module, num_frames: int, clips: int | None = 1) -> None:
    """Tell a converted network that batches now hold `clips` clips of `num_frames` frames.

    Args:
        module: the network, changed in place.
        num_frames: frames of one clip.
        clips: clips in a batch; None for any number.

    Raises:
        ValueError: the network has no shift, or a number is not a whole one of at least 1.
    """
    _check_clips(num_frames, clips)
    shifts = [layer for layer in module.modules() if isinstance(layer, ClipShift)]
    if not shifts:
        raise ValueError("The network has no temporal shift; put some in with add_temporal_shift first.")
    for layer in shifts:
        layer.num_frames, layer.clips = num_frames, clips


def temporal_reach(module: nn.Module, frame: Tensor | None = None) -> tuple[int, int]:
    """Return how many frames behind and ahead of each frame a network looks.

    Args:
        module: a converted network, or any with this library's shifts.
        frame: (1, channel, height, width), an example input, to measure exactly; the network must return one tensor
            with time folded into its first dimension. None adds up all shifts, which is exact for a chain of layers and
            too much for parallel branches.

    Returns:
        (behind, ahead), in frames; (0, 0) for a network without shifts.

    Raises:
        ValueError: `frame` is not a single frame, or the network did not return one output per frame.
    """
    shifts = [layer for layer in module.modules() if isinstance(layer, TemporalShift)]
    behind, ahead = (sum(layer.reach[side] for layer in shifts) for side in (0, 1))
    if frame is None or not behind + ahead:
        return behind, ahead
    if frame.ndim != 4 or len(frame) != 1:
        raise ValueError(f"frame must be one frame (1, channel, height, width); got {tuple(frame.shape)}.")
    num_frames = behind + 1 + ahead
    probe = copy.deepcopy(module).eval()  # a copy, because NaN would spoil running statistics
    set_clip_length(probe, num_frames)
    # NaN in one frame reaches everything that depends on this frame, for any weights.
    clip = frame.repeat(num_frames, 1, 1, 1)
    clip[ahead] = torch.nan
    with torch.no_grad():
        out = probe(clip)
    if not isinstance(out, Tensor) or len(out) != num_frames:
        what = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise ValueError(
            f"The network must return one tensor (batch·time, ...) for its reach to be measured; {num_frames} frames "
            f"gave {what}. Call temporal_reach without a frame."
        )
    reached = out.flatten(1).isnan().any(1).nonzero().flatten().tolist()
    return max(reached) - ahead, ahead - min(reached)


def _shift_first(conv: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (conv.get_submodule(NAME)(inputs[0]), *inputs[1:])


def _is_chosen(where: Where, name: str, conv: nn.Conv2d) -> bool:
    if isinstance(where, str):
        return fnmatch.fnmatchcase(name, where)
    return where is None or bool(where(name, conv))


def _names(module: nn.Module) -> str:
    names = [name or "(itself)" for name, layer in module.named_modules() if isinstance(layer, nn.Conv2d)]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "none"


def _check_clips(num_frames: int, clips: int | None) -> None:
    for name, value in (("num_frames", num_frames), ("clips", clips)):
        if name == "clips" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            or_none = " or None" if name == "clips" else ""
            raise ValueError(f"{name} must be a whole number, at least 1{or_none}; got {value!r}.")
