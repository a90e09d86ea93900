"""Give any 2-D network a view of time: a temporal shift in front of its convolutions."""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.layers.temporal_shift import FixedTemporalShift, LearnableTemporalShift

Where = str | Callable[[str, nn.Conv2d], bool] | None
SHIFTS = {"learnable": LearnableTemporalShift, "fixed": FixedTemporalShift}
NAME = "temporal_shift"


class ClipShift(nn.Module):
    """A shift that remembers how many frames a clip has, for a network that does not know of time.

    Args:
        shift: module (features, num_frames) -> features.
        num_frames: frames of one clip.
    """

    def __init__(self, shift: nn.Module, num_frames: int):
        super().__init__()
        self.shift = shift
        self.num_frames = num_frames

    def forward(self, features: Tensor) -> Tensor:
        """Shift (batch·num_frames, channel, height, width); the same shape comes back."""
        return self.shift(features, self.num_frames)


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
) -> nn.Module:
    """Put a temporal shift in front of the 2-D convolutions of a network.

    The network is called as before, with time folded into the batch: (batch·num_frames, channel, height, width). Its
    own parameters keep their names, so that its weight files still load with strict=False; each convolution chosen gets
    a submodule `temporal_shift`. A network with learnable shifts starts equal to one with fixed ones.

    Args:
        module: any network of `torch.nn.Conv2d` layers.
        num_frames: frames of one clip; `set_clip_length` changes it.
        where: which convolutions: None for all with channels enough to shift; a pattern of their names, e.g.
            "layer*.*.conv1"; or a function (name, convolution) -> bool.
        shift: "learnable" or "fixed".
        shift_fraction, groups, kernel_size, causal: see `lgtsm.layers.LearnableTemporalShift`.
        in_place: change `module` itself instead of a copy.

    Returns:
        The network with shifts.

    Raises:
        ValueError: no convolution is chosen, one has too few channels or a shift already, or a size is not possible.

    Source: Chang et al. 2019, Section 3.1; Lin et al. 2018 for putting shifts into image networks.
    """
    check_choice("shift", shift, tuple(SHIFTS))
    _check_num_frames(num_frames)
    if shift == "fixed" and kernel_size != 3:
        raise ValueError(
            f"A fixed shift moves by one frame, without a kernel; got kernel_size={kernel_size}. Take 'learnable'."
        )
    options = {"kernel_size": kernel_size} if shift == "learnable" else {}
    if not in_place:
        module = copy.deepcopy(module)
    chosen = []
    for name, conv in module.named_modules():
        if not isinstance(conv, nn.Conv2d) or not _is_chosen(where, name, conv):
            continue
        if hasattr(conv, NAME):
            raise ValueError(f"The convolution {name!r} has a temporal shift already. Convert a network once.")
        layer = SHIFTS[shift](conv.in_channels, shift_fraction, groups, causal=causal, **options)
        if layer.moving_channels:
            chosen.append((conv, layer))
        elif where is not None:
            raise ValueError(
                f"The convolution {name!r} has {conv.in_channels} input channels, too few for {groups} groups in "
                f"{shift_fraction} of them. Leave it out of where, or raise shift_fraction."
            )
    if not chosen:
        raise ValueError(
            f"There is no convolution to put a shift in front of (where={where!r}); the network must have "
            f"torch.nn.Conv2d layers that it chooses. Its layers: {_names(module)}."
        )
    for conv, layer in chosen:
        conv.add_module(NAME, ClipShift(layer.to(conv.weight.device, conv.weight.dtype), num_frames))
        conv.register_forward_pre_hook(_shift_first)
    return module


def set_clip_length(module: nn.Module, num_frames: int) -> None:
    """Tell a converted network that clips now have `num_frames` frames.

    Raises:
        ValueError: there is no shift in it, or no such number of frames.
    """
    _check_num_frames(num_frames)
    shifts = [layer for layer in module.modules() if isinstance(layer, ClipShift)]
    if not shifts:
        raise ValueError("The network has no temporal shift; put some in with add_temporal_shift first.")
    for layer in shifts:
        layer.num_frames = num_frames


def temporal_reach(module: nn.Module, frame: Tensor | None = None) -> tuple[int, int]:
    """Say how many frames behind and ahead of each other frame a network looks.

    Args:
        module: a converted network, or any with this library's shifts.
        frame: (1, channel, height, width), any example the network takes, to find out exactly; the network must return
            one tensor with time folded into its first dimension. Without it all shifts are added up, which is exact for
            a chain of layers and too much where branches run side by side.

    Returns:
        (behind, ahead), in frames; (0, 0) for a network without shifts.

    Raises:
        ValueError: `frame` is no single frame, or the network did not return one output for each frame.
    """
    shifts = [layer for layer in module.modules() if isinstance(layer, tuple(SHIFTS.values()))]
    behind, ahead = (sum(layer.reach[side] for layer in shifts) for side in (0, 1))
    if frame is None or not behind + ahead:
        return behind, ahead
    if frame.ndim != 4 or len(frame) != 1:
        raise ValueError(f"frame must be one frame (1, channel, height, width); got {tuple(frame.shape)}.")
    num_frames = behind + 1 + ahead
    probe = copy.deepcopy(module).eval()  # a copy, because what follows would spoil running statistics
    set_clip_length(probe, num_frames)
    # Not-a-number in one frame gets everywhere that this frame can get, whatever the weights.
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
    return (conv.temporal_shift(inputs[0]), *inputs[1:])


def _is_chosen(where: Where, name: str, conv: nn.Conv2d) -> bool:
    if where is None:
        return True
    return fnmatch.fnmatchcase(name, where) if isinstance(where, str) else bool(where(name, conv))


def _names(module: nn.Module) -> str:
    names = [name or "(itself)" for name, layer in module.named_modules() if isinstance(layer, nn.Conv2d)]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "none"


def _check_num_frames(num_frames: int) -> None:
    if isinstance(num_frames, bool) or not isinstance(num_frames, int) or num_frames < 1:
        raise ValueError(f"num_frames must be a whole number of frames, at least 1; got {num_frames!r}.")
