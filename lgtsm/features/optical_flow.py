"""Optical flow between frames: OpenCV's DIS, which needs no weights, or RAFT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.features.frozen import Frozen
from lgtsm.features.weight_files import WeightFile, load_weights
from lgtsm.ops.to_uint8 import to_uint8

DIS_PRESETS = ("ultrafast", "fast", "medium")
DIS_LEAST_SIDE = 16
RAFT_FILES = {
    name: WeightFile(file, f"https://download.pytorch.org/models/{file}", "BSD-3-Clause (torchvision)")
    for name, file in {
        "raft_large": "raft_large_C_T_SKHT_V2-ff5fadd5.pth",
        "raft_small": "raft_small_C_T_V2-01064c6d.pth",
    }.items()
}
RAFT_MULTIPLE, RAFT_LEAST_SIDE = 8, 128


class DISFlow(nn.Module):
    """Dense inverse search, on the processor, without weights; `name` goes into the names of scores.

    Args:
        preset: "ultrafast", "fast" or "medium".

    Source: Kroeger et al. 2016, Fast Optical Flow using Dense Inverse Search, as in OpenCV.
    """

    def __init__(self, preset: str = "medium"):
        super().__init__()
        check_choice("preset", preset, DIS_PRESETS)
        self.preset = preset
        self.name = "dis" if preset == "medium" else f"dis_{preset}"

    @torch.no_grad()
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the flow from `first` to `second`, both (n, 3, height, width) in [0, 1]: (n, 2, height, width) pixels.

        Raises:
            ValueError: the frames are smaller than 16 pixels on a side.
        """
        import cv2

        if min(first.shape[-2:]) < DIS_LEAST_SIDE:
            raise ValueError(
                f"DIS flow needs frames of at least {DIS_LEAST_SIDE} pixels on each side; got "
                f"{first.shape[-2]}x{first.shape[-1]}. Score larger frames, or set metric.warping_error=null."
            )
        estimator: Any = cv2.DISOpticalFlow.create(getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{self.preset.upper()}"))
        flows = [estimator.calc(a, b, None) for a, b in zip(_gray(first), _gray(second))]
        return torch.from_numpy(np.stack(flows)).permute(0, 3, 1, 2).contiguous().to(first.device)


class RAFTFlow(Frozen):
    """RAFT of torchvision, frozen; `name` goes into the names of scores.

    Args:
        network: "raft_large" or "raft_small".
        weights: "published" (downloaded once, see `lgtsm.features.weight_files`), a file with such a state dict, or
            None for random weights.

    Raises:
        ValueError: there is no such network or file.
        WeightsUnavailableError: the published weights are not available.

    Source: Teed and Deng 2020.
    """

    def __init__(self, network: str = "raft_large", weights: str | Path | None = "published"):
        check_choice("network", network, tuple(RAFT_FILES))
        raft = torchvision.models.get_model(network, weights=None)
        if weights is not None:
            without = "To do without, leave metric=raft out: DIS flow needs no weights."
            raft.load_state_dict(load_weights(weights, RAFT_FILES[network], "RAFT flow", without))
        super().__init__(raft)
        self.name = network if weights == "published" else f"{network}_not_published"

    @torch.no_grad()
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the flow from `first` to `second`, both (n, 3, height, width) in [0, 1]: (n, 2, height, width) pixels.

        Frames are padded at the right and below, repeating their edge, to multiples of 8 and to at least 128 pixels.
        """
        height, width = first.shape[-2:]
        right, below = (max(-side % RAFT_MULTIPLE, RAFT_LEAST_SIDE - side) for side in (width, height))
        a, b = (nn.functional.pad(2 * x.float() - 1, (0, right, 0, below), mode="replicate") for x in (first, second))
        # Frame by frame: correlation volumes are large, and a batch then does not change the numbers.
        flows = [self.network(x[None], y[None])[-1] for x, y in zip(a, b)]
        return torch.cat(flows)[..., :height, :width]


def _gray(frames: Tensor) -> np.ndarray:
    """Return (n, 3, height, width) in [0, 1] as uint8 (n, height, width), by the usual weights of the colors."""
    weights = frames.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    return to_uint8((frames.clamp(0, 1) * weights).sum(1, keepdim=True))[..., 0]
