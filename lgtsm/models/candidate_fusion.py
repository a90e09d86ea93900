"""A network of gated temporal shifts that weighs candidates for each missing pixel and corrects the result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.candidate_channels import AFTER, BEFORE, COMPLETED, COUNT, HOLE, SHADES
from lgtsm.checks import check_positive
from lgtsm.layers.convolution import GatedConv, set_weight
from lgtsm.layers.joining import JoiningConv
from lgtsm.layers.streaming import cut_into_parts, run_in_parts, windows
from lgtsm.layers.temporal_shift import create_shift
from lgtsm.ops.cell_conv import convolve_cells
from lgtsm.ops.padding import pad_to_multiple
from lgtsm.ops.temporal_shift import fold_time, unfold_time

CELL = 2  # pixels; cells of 2x2 pixels are the channels of an image of half the size
SIZE_STEP = 8  # pixels; the network halves frames three times
CONTRAST = 4.0  # candidates differ by little

# name, input and output width (in units of `width`; None: the candidates), kernel, stride, padding, dilation; with the
# widths of small and of large frames a `JoiningConv`, which has no other sizes
LAYERS: Sequence[tuple[Any, ...]] = (
    ("in", None, 1, 3, 1, 1, 1),
    ("down1", 1, 2, 4, 2, 1, 1),
    ("mid1", 2, 2, 3, 1, 1, 1),
    ("down2", 2, 4, 4, 2, 1, 1),
    ("m1", 4, 4, 3, 1, 1, 1),
    ("m2", 4, 4, 3, 1, 2, 2),
    ("m3", 4, 4, 3, 1, 4, 4),
    ("m4", 4, 4, 3, 1, 1, 1),
    ("up1", (4, 2), 2),
    ("up2", (2, 1), 1),
    ("last", 1, 1, 3, 1, 1, 1),
)


class CandidateFusion(nn.Module):
    """Move the completed frames towards other candidates by learned shares, and add a learned correction.

    A U-Net on cells of 2x2 pixels, down to an eighth of the frame's size. Its last layer starts at zero, so that an
    untrained network returns the completed frames exactly.

    Args:
        width: channels at half size.
        shift_kernel_size: taps of each temporal shift, in frames.
        shift_groups: kernels in each layer.
        shift_fraction: share of the channels that move, in [0, 1].

    Source: the layers of Chang et al. 2019, Section 3.1; what they compute here is ours.
    """

    def __init__(
        self, width: int = 24, shift_kernel_size: int = 3, shift_groups: int = 2, shift_fraction: float = 0.25
    ):
        super().__init__()
        check_positive("width", width)
        self.layers = nn.ModuleDict()
        for name, in_width, out_width, *sizes in LAYERS:
            out_channels = out_width * width
            if in_width is None:
                self.layers[name] = GatedConv(CELL**2 * COUNT, out_channels, *sizes, pointwise_gate=True)
                continue
            parts = [part * width for part in (in_width if isinstance(in_width, tuple) else (in_width,))]
            shift = create_shift("learnable", sum(parts), shift_fraction, shift_groups, shift_kernel_size, False)
            if len(parts) > 1:
                small, large = parts
                self.layers[name] = JoiningConv(small, large, out_channels, shift)
            else:
                # Gates of single pixels where the size stays: two thirds of the work, and no worse.
                self.layers[name] = GatedConv(*parts, out_channels, *sizes, shift=shift, pointwise_gate=sizes[1] == 1)
        self.out = nn.Conv2d(width, CELL**2 * 6, 3, padding=1)
        # On the meta device there is nothing to draw, and torch would load its compiler, a second's work, to do so.
        if not self.out.weight.is_meta:
            self._start()
        self.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def _start(self) -> None:
        """Draw weights that keep the variance of the features; gates start half open, with small weights."""
        layers: Iterable[Any] = self.layers.values()
        for layer in layers:
            nn.init.kaiming_normal_(layer.feature.weight, a=0.2)
            layer.feature.weight.mul_(1.3)
            nn.init.zeros_(layer.feature.bias)
            nn.init.normal_(layer.gate.weight, std=0.3 / layer.gate.weight[0].numel() ** 0.5)
            nn.init.constant_(layer.gate.bias, 1.0)
        set_weight(self.out, torch.zeros_like(self.out.weight))

    def forward(self, candidates: Tensor) -> Tensor:
        """Fuse the candidates.

        Args:
            candidates: (batch, time, 16, height, width) in [0, 1]: completed frames, copies from frames after and from
                frames before, and coarse shades, three channels each; the hole; what no frame shows; 1 / distance in
                frames of the two copies, 0 where there is none.

        Returns:
            float32 (batch, time, 3, height, width), not clipped; in known pixels the completed frames.
        """
        layers: Any = self.layers.values()
        parts = cut_into_parts(candidates, layers, candidates[0, 0].nbytes)
        half = [unfold_time(self._enter(part.flatten(0, 1)), part.shape[1]) for part in parts]
        quarter = self._layer("mid1", self._layer("down1", half))
        eighth = self._layer("down2", quarter)
        for name in ("m1", "m2", "m3", "m4"):
            eighth = [(before + after) * 0.7 for before, after in zip(eighth, self._layer(name, eighth))]
        quarter = self._join("up1", eighth, quarter)
        half = self._layer("last", self._join("up2", quarter, half))
        fused = [self._leave(fold_time(features), part.flatten(0, 1)) for features, part in zip(half, parts)]
        return torch.cat([frames.unflatten(0, part.shape[:2]) for frames, part in zip(fused, parts)], 1)

    def _enter(self, frames: Tensor) -> Tensor:
        """Return the features at half size of frames (n, 16, height, width)."""
        completed = frames[:, COMPLETED]
        others = (CONTRAST * (frames[:, part] - completed) for part in (AFTER, BEFORE, SHADES))
        seen = torch.cat([completed * 2 - 1, *others, frames[:, HOLE.start :]], 1)
        seen = pad_to_multiple(seen, SIZE_STEP).contiguous(memory_format=torch.channels_last)
        layer: Any = self.layers["in"]
        return layer.gated(*(convolve_cells(seen, conv, CELL) for conv in (layer.feature, layer.gate)))

    def _leave(self, features: Tensor, frames: Tensor) -> Tensor:
        """Return the fused frames (n, 3, height, width) of features at half size."""
        height, width = frames.shape[2:]
        change = F.pixel_shuffle(self.out(features).float(), CELL)[..., :height, :width]
        completed, shares, correction = frames[:, COMPLETED], change[:, :3], change[:, 3:] / 2
        others = [frames[:, part] - completed for part in (AFTER, BEFORE, SHADES)]
        moved: Any = sum(shares[:, k : k + 1] * other for k, other in enumerate(others))
        return torch.where(frames[:, HOLE] > 0.5, completed + moved + correction, completed)

    def _layer(self, name: str, parts: list[Tensor]) -> list[Tensor]:
        layer: Any = self.layers[name]
        return run_in_parts(layer, parts)

    def _join(self, name: str, small: list[Tensor], large: list[Tensor]) -> list[Tensor]:
        layer: Any = self.layers[name]
        return [layer.join_window(*given) for given in zip(windows(layer, small), small, large)]
