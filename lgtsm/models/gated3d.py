"""The 3-D baseline: a generator of gated space-time convolutions and the Temporal PatchGAN discriminator.

Both have the layers of the shift networks (`lgtsm.models.lgtsm`, `lgtsm.models.discriminator`), three frames deep
instead of behind a shift, and so three times their parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from lgtsm.layers.space_time import GatedSpaceTimeConv, SpaceTimeConv
from lgtsm.models.discriminator import PatchDiscriminator
from lgtsm.models.lgtsm import GatedShiftGenerator, layer_sizes
from lgtsm.models.streaming import StreamingGenerator


class Gated3DGenerator(StreamingGenerator):
    """Fill the hole of a video with space-time convolutions.

    Args:
        width: channels of the first layer (the released networks: 64); even.
        gated: gated convolutions, or plain ones.
        causal: look at past frames only.
        spectral_norm: divide every convolution's weight by its largest singular value (all but the last layer's), as
            the released 3-D networks do.
        spectral_norm_last: the last layer's too, under `spectral_norm`.
        spectral_gain: multiply each normalized weight by a learned number, so that a new network carries a signal; see
            `lgtsm.layers.convolution.SpectralGain`.
        initialization: "variance_preserving" (start as a network that looks at single frames and keeps their variance)
            or "pytorch" (the framework's default).
        centered: work on frames in [-1, 1] inside, so that an untrained network predicts gray; the authors' networks
            work on [0, 1].

    Source: Chang et al. 2019 (free-form video inpainting with 3D gated convolution and Temporal PatchGAN), the row
    3DGated of the tables; layer sizes of the released networks.
    Differs: any height and width (padded to multiples of 4 inside and cut back); causal, centered and the
    variance-preserving start are ours.
    """

    def __init__(
        self,
        width: int = 64,
        gated: bool = True,
        causal: bool = False,
        spectral_norm: bool = False,
        spectral_norm_last: bool = False,
        spectral_gain: bool = False,
        initialization: str = "variance_preserving",
        centered: bool = True,
    ):
        super().__init__(centered)
        layer_class = GatedSpaceTimeConv if gated else SpaceTimeConv
        for name, channels, sizes in layer_sizes(
            width, initialization, spectral_norm, spectral_norm_last, spectral_gain
        ):
            self.layers[name] = layer_class(*channels, **sizes, causal=causal)
        if initialization == "variance_preserving":
            single_frames = GatedShiftGenerator(width, "fixed", gated, shift_fraction=0.0)
            layers: Iterable[tuple[str, Any]] = self.layers.items()
            for name, layer in layers:
                layer.start_from(single_frames.layers[name])
        self.to(memory_format=torch.channels_last_3d)


class TemporalPatchDiscriminator(PatchDiscriminator):
    """Score space-time patches with convolutions of kernel 3x5x5 and stride 1x2x2 (T-PatchGAN).

    Args:
        width: channels of the first layer (the released networks: 64).
        spectral_norm: divide every convolution's weight by its largest singular value (all but the last layer's), as
            the released networks do.
        spectral_norm_last: the last layer's too, under `spectral_norm`.
        sigmoid: squash the scores to (0, 1), as the released networks do.

    Source: Chang et al. 2019 (free-form video inpainting with 3D gated convolution and Temporal PatchGAN); layer
    sizes of the released networks.
    """

    def __init__(
        self, width: int = 64, spectral_norm: bool = False, spectral_norm_last: bool = False, sigmoid: bool = False
    ):
        super().__init__(SpaceTimeConv, width, spectral_norm, spectral_norm_last, sigmoid)
        self.to(memory_format=torch.channels_last_3d)

    def _run_layers(self, features: Tensor, num_frames: int) -> Tensor:
        if features.device.type != "cpu":
            return super()._run_layers(features, num_frames)
        # A fault of oneDNN: on some processors the bf16 weight gradient of such a layer holds uninitialized numbers.
        first: Any = self.layers["conv1"]
        with torch.autocast("cpu", enabled=False):
            return super()._run_layers(features.to(first.feature.bias.dtype), num_frames)
