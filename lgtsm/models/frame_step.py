"""The streaming step as a function of tensors of fixed shapes, for exporters and accelerators."""

from __future__ import annotations

import copy
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from lgtsm.layers.convolution import ShiftedConv, conv_like
from lgtsm.layers.temporal_shift import TemporalShift
from lgtsm.models.lgtsm import GatedShiftGenerator
from lgtsm.models.streaming import network_input
from lgtsm.ops.padding import pad_to_multiple


class FrameStep(nn.Module):
    """Take one frame of a video and return one filled frame, some frames later; the state goes in and comes out.

    Feed blanks before the first and after the last frame. Every frame carries a flag (1 = real, 0 = blank) through the
    network, so that each layer sees zeros in blanks, as outside a whole clip. The state starts as zeros; at the end,
    `delay` blank frames bring out the frames still owed.

    Args:
        model: a network of lgtsm, gtsm or tsm. Its weights are copied, with spectral norm applied.

    Attributes:
        delay: frames until a frame comes out.

    Raises:
        ValueError: the model is another network.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        if not isinstance(model, GatedShiftGenerator):
            name = (getattr(model, "catalog_entry", None) or {}).get("name", type(model).__name__)
            raise ValueError(f"Only the shift networks lgtsm, gtsm and tsm can be stepped frame by frame; got {name}.")
        self.model = copy.deepcopy(model).requires_grad_(False)
        for layer in self.model.layers.values():
            for name, conv in layer.named_children():
                if isinstance(conv, nn.Conv2d) and is_parametrized(conv, "weight"):
                    setattr(layer, name, _plain(conv))
        self.delay = model.temporal_reach[1]
        for name, layer in self._layers():
            if layer.shift is not None and layer.moving_channels:
                self.register_buffer(f"taps_{name}", _taps(layer.shift, sum(layer.reach) + 1))
        self.eval()

    def _layers(self) -> list[tuple[str, ShiftedConv]]:
        """Return the layers by name, in order."""
        return cast("list[tuple[str, ShiftedConv]]", list(self.model.layers.items()))

    def state_shapes(self, height: int, width: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each tensor of the state, by its name, for frames of a size in pixels.

        "valid", "frame" and "hole" wait to come out; "LAYER.moving" holds the moving channels of the frames before and
        after the one that a layer works on, "LAYER.still" the other channels of those after it.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        if self.delay:
            for name, channels in (("frame", 3), ("hole", 1)):
                shapes[name] = (self.delay, channels, height, width)
            shapes["valid"] = (self.delay,)
        layers: Any = copy.deepcopy(self.model.layers).to("meta")
        features = pad_to_multiple(torch.empty(1, 5, height, width, device="meta"), self.model.size_step, 0.0)
        for name, layer in layers.items():
            channels, *size = features.shape[1:]
            behind, ahead = layer.reach
            if behind + ahead:
                shapes[f"{name}.moving"] = (behind + ahead, layer.moving_channels, *size)
            if ahead:
                shapes[f"{name}.still"] = (ahead, channels - layer.moving_channels, *size)
            features = layer(features, 1)
        return shapes

    def initial_state(self, height: int, width: int) -> dict[str, Tensor]:
        """Return the state before the first frame: zeros."""
        return {name: torch.zeros(shape) for name, shape in self.state_shapes(height, width).items()}

    def forward(
        self, frame: Tensor, hole: Tensor, valid: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Take one step.

        Args:
            frame: (1, 3, height, width) in [0, 1]; the pixels under the hole are never used.
            hole: (1, 1, height, width), 1 = missing.
            valid: (1,), 1 for a frame of the video, 0 for a blank one after its end.
            state: `initial_state` at first, then the state that the last step returned; it is not changed.

        Returns:
            the frame that went in `delay` steps ago, filled, (1, 3, height, width), clipped to [0, 1] inside the hole;
            its flag (1,), 0 if there was no such frame; and the new state.
        """
        model, late = self.model, 0
        new: dict[str, Tensor] = {}
        features = network_input(frame[:, None], hole[:, None], model.centered)
        flags = torch.cat([state["valid"], valid]) if self.delay else valid
        for name, layer in self._layers():
            features = torch.where(flags[self.delay - late] > 0.5, features, 0.0)
            present, shifted = self._shift(name, layer, features, state, new)
            features = layer.convolve(layer.prepare(present), None if shifted is None else layer.prepare(shifted))
            late += layer.reach[1]
        if self.delay:
            frame, new["frame"] = _delay(state["frame"], frame)
            hole, new["hole"] = _delay(state["hole"], hole)
            valid, new["valid"] = flags[:1], flags[1:]
        filled = model._frames(features, frame[:, None], hole[:, None], "filled")[:, 0]
        return filled, valid, {name: new[name] for name in state}

    def _shift(
        self, name: str, layer: ShiftedConv, features: Tensor, state: dict[str, Tensor], new: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Return the frame that a layer works on now, as it is and shifted; both (1, channel, h, w)."""
        behind, ahead = layer.reach
        if not behind + ahead:
            return features, None
        moving, still = features.split([layer.moving_channels, features.shape[1] - layer.moving_channels], dim=1)
        window = torch.cat([state[f"{name}.moving"], moving])
        new[f"{name}.moving"] = window[1:]
        if ahead:
            still, new[f"{name}.still"] = _delay(state[f"{name}.still"], still)
        shifted = (window * self.get_buffer(f"taps_{name}")).sum(0, keepdim=True)
        return torch.cat([window[behind : behind + 1], still], 1), torch.cat([shifted, still], 1)


def _plain(conv: Any) -> nn.Conv2d:
    """Return a convolution without spectral norm, with the weight that `conv` uses now.

    Taking the norm off a copy of the network would also take it off the original, which has the same class.
    """
    plain: Any = conv_like(conv).requires_grad_(False)
    plain.weight.copy_(conv.weight)
    plain.bias.copy_(conv.bias)
    return plain


def _taps(shift: TemporalShift, frames: int) -> Tensor:
    """Return the weight of each frame of a window, (frames, moving channels, 1, 1), from a shift's impulse response."""
    impulses = torch.eye(frames)[:, :, None, None, None].expand(-1, -1, 1, 1, shift.moving_channels)
    return shift.shift_window(impulses).detach().reshape(frames, -1, 1, 1)


def _delay(waiting: Tensor, frame: Tensor) -> tuple[Tensor, Tensor]:
    """Append a frame to those that wait; return the first of them, and the rest."""
    waiting = torch.cat([waiting, frame])
    return waiting[:1], waiting[1:]
