"""Edge-Connect's patch discriminator of single frames, for its edges and for its colors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgtsm.checks import check_positive, check_video_and_hole
from lgtsm.layers.convolution import apply_spectral_norm

LEAST_SIZE = 24  # pixels: five convolutions of kernel 4 turn them into one score


class EdgeConnectDiscriminator(nn.Module):
    """Score patches of single frames as real or filled: five convolutions of kernel 4.

    The inpainting network's discriminator sees color frames; the edge network's has `channels=2`, gray and edges.

    Args:
        width: channels of the first layer (published: 64).
        channels: of the images.
        spectral_norm: divide every convolution's weight by its largest singular value.
        sigmoid: squash the scores to (0, 1), as the published networks do.

    Source: Nazeri et al. 2019.
    """

    def __init__(self, width: int = 64, channels: int = 3, spectral_norm: bool = True, sigmoid: bool = False):
        super().__init__()
        check_positive("width", width)
        check_positive("channels", channels)
        self.channels = channels
        self.sigmoid = sigmoid
        sizes = [(channels, width, 2), (width, 2 * width, 2), (2 * width, 4 * width, 2), (4 * width, 8 * width, 1)]
        for index, (c_in, c_out, stride) in enumerate([*sizes, (8 * width, 1, 1)]):
            conv = nn.Conv2d(c_in, c_out, 4, stride, 1, bias=not spectral_norm)
            nn.init.normal_(conv.weight, std=0.02)
            if spectral_norm:
                apply_spectral_norm(conv)
            last = index == len(sizes)
            self.add_module(f"conv{index + 1}", nn.Sequential(conv, *([] if last else [nn.LeakyReLU(0.2)])))
        self.to(memory_format=torch.channels_last)

    def forward(self, video: Tensor, hole: Tensor) -> Tensor:
        """Score a video, each frame by itself.

        Args:
            video: (batch, time, channels, height, width) in [0, 1], real or filled.
            hole: (batch, time, 1, height, width), 1 = missing; not used.

        Returns:
            (batch, time, 1, height', width'), each number the score of one patch; higher is more real.

        Raises:
            ValueError: video and hole do not fit together, or the frames are too small or of other channels.
        """
        check_video_and_hole(video[:, :, :1].expand(-1, -1, 3, -1, -1), hole)
        if video.shape[2] != self.channels:
            raise ValueError(
                f"This discriminator sees {self.channels} channels; got {tuple(video.shape)}. Set "
                "discriminator.channels to 2 for Edge-Connect's stage 'edges', and to 3 for all else."
            )
        if min(video.shape[-2:]) < LEAST_SIZE:
            raise ValueError(
                f"The discriminator needs frames of at least {LEAST_SIZE} pixels each way; got {tuple(video.shape)}."
            )
        scores = self.activations(video.flatten(0, 1))[-1].unflatten(0, video.shape[:2])
        return torch.sigmoid(scores) if self.sigmoid else scores

    def activations(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the five layers for (n, channels, height, width), the scores last, not squashed.

        Their differences between real and filled images are the feature matching loss.
        """
        seen = []
        for layer in self.children():
            images = layer(images)
            seen.append(images)
        return seen
