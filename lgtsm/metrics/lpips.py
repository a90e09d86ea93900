"""LPIPS: how different two frames look to a network that was fitted to people's judgments."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.features.frozen import Frozen
from lgtsm.features.weight_files import WeightFile, load_weight_file
from lgtsm.metrics.video_means import VideoMeans
from lgtsm.optional import require

VERSION = "0.1"
ALEXNET_FILE = WeightFile(
    "alexnet-owt-7be5be79.pth",
    "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    "BSD-3-Clause (torchvision)",
)
NETS = ("alex", "squeeze")
LEAST_SIDE = {"alex": 31, "squeeze": 17}  # pixels; below, a layer has nothing left to look at


class LPIPS(VideoMeans):
    """Learned perceptual distance of frames, its mean over the frames of a video; 0 is equal.

    With net "alex" and the published weights this is the LPIPS of papers, and is called `lpips`. Anything else is not
    comparable with published numbers and says so in its name: `lpips_squeeze_not_published`.

    Args:
        net: "alex" or "squeeze". The heads that weigh the layers come with the package lpips.
        weights: "published" ("alex" only: downloaded once, see `lgtsm.features.weight_files`), or a file with a state
            dict of the torchvision network, its convolutions at least.

    Raises:
        ValueError: no such net, no such file, or one that does not fit.
        WeightsUnavailableError: the published weights are not to be had.
        MissingPackageError: the package lpips is not installed.

    Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features, version 0.1, frames in [-1, 1].
    """

    def __init__(self, net: str = "alex", weights: str | Path = "published", **kwargs):
        check_choice("net", net, NETS)
        published = net == "alex" and weights == "published"
        self.names = ("lpips" if published else f"lpips_{net}_not_published",)
        super().__init__(**kwargs)
        self.net = net
        self.network = Frozen(_build(net, weights))

    def _score(self, filled: Tensor, video: Tensor, hole: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        least = LEAST_SIDE[self.net]
        if min(video.shape[-2:]) < least:
            raise ValueError(
                f"LPIPS with net {self.net!r} needs frames of at least {least} pixels on each side; got "
                f"{video.shape[-2]}x{video.shape[-1]}. Score larger frames, or leave LPIPS out."
            )
        # Video by video: a batch is then the same sum of the same numbers, however it was put together.
        values = torch.stack([
            self.network.network(2 * f - 1, 2 * v - 1).double().mean() for f, v in zip(filled, video)
        ])  # fmt: skip
        return {self.names[0]: values}, {self.names[0]: torch.ones(len(values), dtype=torch.bool, device=values.device)}


def _build(net: str, weights: str | Path) -> nn.Module:
    package = require("lpips", "The metric LPIPS", "lpips")
    with warnings.catch_warnings():  # the package calls torchvision in an old way, which warns
        warnings.simplefilter("ignore")
        # Without `pretrained` it would draw the heads at random; without `pnet_rand` it would download by itself.
        whole = package.LPIPS(net=net, version=VERSION, pnet_rand=True, pretrained=False, verbose=False)
    heads = Path(inspect.getfile(package)).parent / "weights" / f"v{VERSION}" / f"{net}.pth"
    whole.load_state_dict(torch.load(heads, map_location="cpu", weights_only=True), strict=False)
    whole.net.load_state_dict(_of_slices(whole.net, _weights(net, weights), net, weights))
    return whole


def _weights(net: str, weights: str | Path) -> dict[str, Tensor]:
    if weights != "published":
        path = Path(weights)
        if not path.is_file():
            raise ValueError(f"There is no weight file {path} for LPIPS with net {net!r}. Check metric.lpips.weights.")
        return torch.load(path, map_location="cpu", weights_only=True)
    if net != "alex":
        raise ValueError(
            f"Published LPIPS is computed with net 'alex'; for {net!r} name a weight file, metric.lpips.weights=FILE."
        )
    return load_weight_file(ALEXNET_FILE, "LPIPS", "To do without, set metric.lpips=null.")


def _of_slices(network: nn.Module, state: dict[str, Tensor], net: str, weights: str | Path) -> dict[str, Tensor]:
    """Rename torchvision's keys, features.<i>.<rest>, to the package's slices, slice<k>.<i>.<rest>."""
    renamed = {}
    for key, value in network.state_dict().items():
        old = "features." + key.split(".", 1)[1]
        if old not in state or state[old].shape != value.shape:
            raise ValueError(
                f"The weight file {weights} for LPIPS with net {net!r} has no {old} of shape {tuple(value.shape)}."
            )
        renamed[key] = state[old]
    return renamed
