"""Activations of a torchvision image network, for perceptual and style losses."""

from __future__ import annotations

from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from lgtsm.counted import counted
from lgtsm.features.frozen import Frozen
from lgtsm.features.weight_files import WeightFile, load_weights

# The layers' usual names in VGG16, and where they sit in torchvision's.
VGG16_LAYERS = {
    name: f"features.{index}"
    for name, index in {
        "relu1_1": 1, "relu1_2": 3, "relu2_1": 6, "relu2_2": 8, "relu3_1": 11, "relu3_2": 13, "relu3_3": 15,
        "relu4_1": 18, "relu4_2": 20, "relu4_3": 22, "relu5_1": 25, "relu5_2": 27, "relu5_3": 29,
    }.items()
}  # fmt: skip
VGG16_FILE = WeightFile(
    "vgg16-397923af.pth", "https://download.pytorch.org/models/vgg16-397923af.pth", "BSD-3-Clause (torchvision)"
)


class ImageFeatures(Frozen):
    """Return the activations of named layers of a frozen torchvision network.

    Args:
        network: name of a torchvision classification network.
        layers: names of its layers, in order; VGG16 also takes the usual names, e.g. relu2_2, other networks only the
            paths of torchvision's feature extraction, e.g. features.4.
        weights: "published" (VGG16 only: downloaded once, see `lgtsm.features.weight_files`), or a file with a state
            dict of the network; it may lack the layers that are not needed.
        mean, std: per color, to subtract and then divide by; None leaves frames in [0, 1], as the authors' program
            does.

    Raises:
        ValueError: there is no such network or layer, or the file does not fit it.
        WeightsUnavailableError: the published weights are not available.

    Source: Chang et al. 2019, Section 3.2 (VGG16, relu2_2, relu3_3, relu4_3).
    """

    mean: Tensor | None
    std: Tensor | None

    def __init__(
        self,
        network: str = "vgg16",
        layers: tuple[str, ...] = ("relu2_2", "relu3_3", "relu4_3"),
        weights: str | Path = "published",
        mean: tuple[float, float, float] | None = None,
        std: tuple[float, float, float] | None = None,
    ):
        if network not in torchvision.models.list_models(module=torchvision.models):
            raise ValueError(
                f"torchvision has no classification network named {network!r}; for example 'vgg16' or 'squeezenet1_1'."
            )
        with torch.device("meta"):  # nothing is allocated or drawn until the needed layers are known
            whole = torchvision.models.get_model(network, weights=None)
        nodes = {VGG16_LAYERS.get(name, name) if network == "vgg16" else name: name for name in layers}
        try:
            extractor = create_feature_extractor(whole, return_nodes=nodes)
        except ValueError as error:
            raise ValueError(f"{network} has no layer among {list(layers)}: {error}") from error
        _fill(extractor, network, weights)
        super().__init__(extractor.to(memory_format=torch.channels_last))
        self.layers = tuple(layers)
        self.register_buffer("mean", None if mean is None else torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", None if std is None else torch.tensor(std).view(3, 1, 1), persistent=False)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Map frames (n, 3, height, width) in [0, 1] to one (n, channel, height', width') for each layer."""
        if self.mean is not None:
            frames = frames - self.mean
        if self.std is not None:
            frames = frames / self.std
        activations = self.network(frames)
        return [activations[name] for name in self.layers]


def _fill(extractor: nn.Module, network: str, weights: str | Path) -> None:
    """Give the extractor its weights; ignore those of layers that were cut off."""
    if weights == "published" and network != "vgg16":
        raise ValueError(
            f"Published weights are known for vgg16 only; for {network} name a file: loss.features.weights=FILE."
        )
    without = (
        "To do without, train with loss=reconstruction, or with another network: loss/features=squeezenet "
        "loss.features.weights=FILE."
    )
    state = load_weights(weights, VGG16_FILE, f"A perceptual or style loss on {network} features", without)
    wanted = extractor.state_dict()
    missing = sorted(key for key in wanted if key not in state or state[key].shape != wanted[key].shape)
    if missing:
        raise ValueError(
            f"The weight file for {network} lacks {counted(len(missing), 'weight')} of the right shape: {missing[:3]}."
        )
    extractor.load_state_dict({key: state[key] for key in wanted}, assign=True)
