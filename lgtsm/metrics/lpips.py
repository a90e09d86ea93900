"""LPIPS: how different two frames look to a network fitted to people's judgments."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.features.frozen import Frozen
from lgtsm.features.weight_files import WeightFile, load_weights
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

    With net "alex" and the published weights this is the LPIPS of papers, named `lpips`. Anything else does not compare
    with published numbers and says so in its name: `lpips_squeeze_not_published`.

    Args:
        net: "alex" or "squeeze". The weights of the layers come with the package lpips.
        weights: "published" ("alex" only: downloaded once, see `lgtsm.features.weight_files`), or a file with a state
            dict of the torchvision network, its convolutions at least.

    Raises:
        ValueError: there is no such net or file, or the file does not fit.
        WeightsUnavailableError: the published weights are not available.
        MissingPackageError: the package lpips is not installed.

    Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features, version 0.1, frames in [-1, 1].
    """

    def __init__(self, net: str = "alex", weights: str | Path = "published", **kwargs: Any):
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
        # Video by video, so the batch size does not change the numbers.
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
    if weights == "published" and net != "alex":
        raise ValueError(f"Published LPIPS has net 'alex'; for {net!r} name a weight file, metric.lpips.weights=FILE.")
    state = load_weights(weights, ALEXNET_FILE, "LPIPS", "To do without, set metric.lpips=null.")
    whole.net.load_state_dict(_of_slices(whole.net, state, net, weights))
    return whole


def _of_slices(network: nn.Module, state: dict[str, Tensor], net: str, weights: str | Path) -> dict[str, Tensor]:
    """Rename torchvision's keys, features.<i>.<rest>, to the package's slices, slice<k>.<i>.<rest>."""
    old = {key: "features." + key.split(".", 1)[1] for key in network.state_dict()}
    for key, value in network.state_dict().items():
        if old[key] not in state or state[old[key]].shape != value.shape:
            raise ValueError(f"{weights} for LPIPS with net {net!r} has no {old[key]} of shape {tuple(value.shape)}.")
    return {key: state[name] for key, name in old.items()}
