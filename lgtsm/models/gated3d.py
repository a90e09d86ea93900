"""The 3-D baseline: a generator of gated space-time convolutions and the Temporal PatchGAN discriminator.

Both have the layers of the shift networks (`lgtsm.models.lgtsm`, `lgtsm.models.discriminator`), three frames deep
instead of behind a shift, and so three times their parameters.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_positive, check_video_and_hole
from lgtsm.layers.space_time import GatedSpaceTimeConv, SpaceTimeConv
from lgtsm.models.discriminator import WIDTHS, discriminator_input
from lgtsm.models.lgtsm import LAYERS, GatedShiftGenerator
from lgtsm.models.streaming import StreamingGenerator, network_input


class Gated3DGenerator(StreamingGenerator):
    """Fill the hole of a video with space-time convolutions.

    Args:
        width: channels of the first layer (the released networks: 64); even.
        gated: gated convolutions, or plain ones.
        causal: look at past frames only.
        spectral_norm: normalize every convolution's weight by its largest singular value (all but the last layer's),
            as the released 3-D networks do.
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
        initialization: str = "variance_preserving",
        centered: bool = True,
    ):
        super().__init__()
        check_choice("initialization", initialization, ("variance_preserving", "pytorch"))
        check_positive("width", width)
        if width % 2:
            raise ValueError(f"width must be even, because the last but one layer has half of it; got {width}.")
        self.centered = centered
        self.layers = nn.ModuleDict()
        for name, in_width, out_width, kernel, stride, padding, dilation, scale in LAYERS:
            last = out_width is None
            self.layers[name] = (GatedSpaceTimeConv if gated else SpaceTimeConv)(
                5 if in_width is None else int(in_width * width),
                3 if last else int(out_width * width),
                kernel,
                stride,
                padding,
                dilation,
                resize=scale,
                activation=not last,
                causal=causal,
                spectral_norm=spectral_norm and not last,
            )
        if initialization == "variance_preserving":
            single_frames = GatedShiftGenerator(width, "fixed", gated, shift_fraction=0.0)
            for name, layer in self.layers.items():
                layer.start_from(single_frames.layers[name])
        self.to(memory_format=torch.channels_last_3d)

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; what lies under the hole is never looked at.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the network's own output everywhere, not clipped to [0, 1].

        Raises:
            ValueError: video and hole are not such tensors.
        """
        check_video_and_hole(video, hole)
        num_frames = video.shape[1]
        # (batch·time, 5, height', width') -> (batch, 5, time, height', width'); channels stay the innermost in memory
        features = network_input(video, hole, self.centered).unflatten(0, (-1, num_frames)).transpose(1, 2)
        for layer in self.layers.values():
            features = layer(features)
        return self._output(features.transpose(1, 2).flatten(0, 1), video, hole)


class TemporalPatchDiscriminator(nn.Module):
    """Score space-time patches of a video as real or filled, with space-time convolutions (T-PatchGAN).

    Six convolutions of kernel 3x5x5 and stride 1x2x2.

    Args:
        width: channels of the first layer (the released networks: 64).
        spectral_norm: normalize every convolution's weight by its largest singular value (all but the last layer's),
            as the released networks do.
        sigmoid: squash the scores to (0, 1), as the released networks do.

    Source: Chang et al. 2019 (free-form video inpainting with 3D gated convolution and Temporal PatchGAN); layer
    sizes of the released networks.
    """

    def __init__(self, width: int = 64, spectral_norm: bool = False, sigmoid: bool = False):
        super().__init__()
        check_positive("width", width)
        self.sigmoid = sigmoid
        self.layers = nn.ModuleDict()
        in_channels = 5
        for index, factor in enumerate(WIDTHS):
            last = index == len(WIDTHS) - 1
            self.layers[f"conv{index + 1}"] = SpaceTimeConv(
                in_channels,
                factor * width,
                kernel_size=5,
                stride=2,
                padding=1 if index == 0 else 2,
                activation=not last,
                spectral_norm=spectral_norm and not last,
            )
            in_channels = factor * width
        self.to(memory_format=torch.channels_last_3d)

    def forward(self, video: Tensor, hole: Tensor) -> Tensor:
        """Score a video.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], real or filled.
            hole: (batch, time, 1, height, width), 1 = missing: where the video may have been filled.

        Returns:
            (batch, time, channel, height', width'), each number the score of one patch; higher is more real.

        Raises:
            ValueError: video and hole do not fit together, or the frames are too small.
        """
        features = discriminator_input(video, hole).transpose(1, 2)
        features = features.contiguous(memory_format=torch.channels_last_3d)  # (batch, 5, time, height, width)
        # A fault of oneDNN: on some processors the bf16 weight gradient of such a layer holds uninitialized numbers.
        on_cpu = features.device.type == "cpu"
        with torch.autocast("cpu", enabled=False) if on_cpu else nullcontext():
            features = features.to(self.layers["conv1"].feature.bias.dtype) if on_cpu else features
            for layer in self.layers.values():
                features = layer(features)
        scores = features.transpose(1, 2)  # (batch, time, channel, height', width')
        return torch.sigmoid(scores) if self.sigmoid else scores
