"""Edge-Connect: complete the edges of each frame, then paint the frame along them."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_positive, check_video_and_hole
from lgtsm.layers.convolution import apply_spectral_norm
from lgtsm.ops.compositing import composite
from lgtsm.ops.edges import canny, to_gray

STAGES = ("edges", "frames", "joint")
SIZE_STEP = 4
LEAST_SIZE = 12  # pixels: the smallest frame whose quarter can be reflected by two pixels


class EdgeConnect(nn.Module):
    """Fill the hole of each frame by itself: edges first, then colors.

    Args:
        width: channels of the first layers (published: 64).
        residual_blocks: in the middle of each of the two networks (published: 8).
        sigma: of the Gaussian of the Canny edges, in pixels.
        stage: part to train: "edges", the network that completes edges; "frames", the one that paints, along true
            edges; "joint", both, painting along completed edges. Filling always does the last.

    Source: Nazeri et al. 2019 (EdgeConnect: generative image inpainting with adversarial edge learning), the row
    Edge-Connect of the tables.
    Differs: any height and width: frames are padded to multiples of 4 inside and cut back. Training, like filling,
    completes edges found without looking under the hole, and paints along the completed ones everywhere; the published
    program trains on the true ones outside the hole.
    """

    def __init__(self, width: int = 64, residual_blocks: int = 8, sigma: float = 2.0, stage: str = "joint"):
        super().__init__()
        check_choice("stage", stage, STAGES)
        check_positive("width", width)
        check_positive("residual_blocks", residual_blocks)
        check_positive("sigma", sigma)
        self.sigma = sigma
        self.stage = stage
        self.edges = EdgeConnectGenerator(3, 1, width, residual_blocks, spectral_norm=True)
        self.frames = EdgeConnectGenerator(4, 3, width, residual_blocks, spectral_norm=False)
        self.edges.requires_grad_(stage != "frames")
        self.frames.requires_grad_(stage != "edges")
        self.to(memory_format=torch.channels_last)

    @property
    def temporal_reach(self) -> tuple[int, int]:
        """Frames behind and ahead of one that its result depends on: none."""
        return 0, 0

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; the pixels under the hole are never used.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, the inpainting network's own output, in [0, 1];
            "edges": (batch, time, 1, height, width) in [0, 1], the completed edges.

        Raises:
            ValueError: video or hole has another shape or type.
        """
        check_video_and_hole(video, hole)
        return self._painted(video, hole, self._completed_edges(video, hole))

    def training_output(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Compute the output that the stage learns from; unlike filling, this uses the true video under the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], the true one.
            hole: (batch, time, 1, height, width), 1 = missing.

        Returns:
            in the stage "edges", "edges" as of `forward`, and "real" and "judged" for the discriminator,
            (batch, time, 2, height, width) each: the true gray frames with their true and their completed edges;
            in "frames", the output of `forward`, painted along the true edges; in "joint", that of `forward`.

        Raises:
            ValueError: video or hole has another shape or type.
        """
        if self.stage == "joint":
            return self(video, hole)
        check_video_and_hole(video, hole)
        gray = to_gray(video.flatten(0, 1))
        true_edges = canny(gray, sigma=self.sigma)
        if self.stage == "frames":
            return self._painted(video, hole, true_edges)
        edges = self._completed_edges(video, hole)
        real, judged = (torch.cat([gray, e.to(gray)], 1).unflatten(0, video.shape[:2]) for e in (true_edges, edges))
        return {"edges": edges.unflatten(0, video.shape[:2]), "real": real, "judged": judged}

    def _completed_edges(self, video: Tensor, hole: Tensor) -> Tensor:
        missing = (hole > 0.5).flatten(0, 1)  # (batch·time, 1, height, width)
        gray = to_gray(video.flatten(0, 1).masked_fill(missing, 0))
        return self.complete_edges(gray, canny(gray, ~missing, self.sigma), missing)

    def _painted(self, video: Tensor, hole: Tensor, edges: Tensor) -> dict[str, Tensor]:
        predicted = self.paint(video.flatten(0, 1), edges, (hole > 0.5).flatten(0, 1))
        predicted, edges = (x.unflatten(0, video.shape[:2]) for x in (predicted, edges))
        return {"filled": composite(video, hole, predicted), "predicted": predicted, "edges": edges}

    def complete_edges(self, gray: Tensor, edges: Tensor, missing: Tensor) -> Tensor:
        """Predict the edges of whole frames.

        Args:
            gray: (n, 1, height, width) in [0, 1].
            edges: (n, 1, height, width), the edges of gray, 0 or 1.
            missing: bool (n, 1, height, width); gray and edges are not used where it is true.

        Returns:
            (n, 1, height, width) in (0, 1).
        """
        known_gray, known_edges = gray.masked_fill(missing, 1), edges.masked_fill(missing, 0)
        stacked = torch.cat([known_gray, known_edges, missing.to(gray.dtype)], dim=1)
        return torch.sigmoid(_at_fitting_size(self.edges, stacked))

    def paint(self, frames: Tensor, edges: Tensor, missing: Tensor) -> Tensor:
        """Predict whole frames.

        Args:
            frames: (n, 3, height, width) in [0, 1].
            edges: (n, 1, height, width), the completed edges.
            missing: bool (n, 1, height, width); frames are not used where it is true.

        Returns:
            (n, 3, height, width) in (0, 1).
        """
        stacked = torch.cat([frames.masked_fill(missing, 1), edges.to(frames.dtype)], dim=1)
        return (torch.tanh(_at_fitting_size(self.frames, stacked)) + 1) / 2


class EdgeConnectGenerator(nn.Module):
    """One of the two networks: two halvings, dilated residual blocks, two doublings.

    The weights have their published names, except spectral norm's: `weight_orig`, `weight_u` and `weight_v` are
    `parametrizations.weight.original`, `parametrizations.weight.0._u` and `..._v` here.

    Args:
        in_channels, out_channels: of the images.
        width: channels of the first layer.
        residual_blocks: number of blocks in the middle.
        spectral_norm: on every convolution but the last.
    """

    def __init__(self, in_channels: int, out_channels: int, width: int, residual_blocks: int, spectral_norm: bool):
        super().__init__()

        def conv(cls: type[nn.Module], *args: Any, norm: bool = spectral_norm, **kwargs: Any) -> nn.Module:
            layer: Any = cls(*args, **kwargs)
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            if norm:
                apply_spectral_norm(layer)
            return layer

        def then(channels: int) -> list[nn.Module]:
            return [nn.InstanceNorm2d(channels), nn.ReLU()]

        w = width
        halve: dict[str, Any] = {"kernel_size": 4, "stride": 2, "padding": 1}
        self.encoder = nn.Sequential(
            *[nn.ReflectionPad2d(3), conv(nn.Conv2d, in_channels, w, 7), *then(w)],
            *[conv(nn.Conv2d, w, 2 * w, **halve), *then(2 * w)],
            *[conv(nn.Conv2d, 2 * w, 4 * w, **halve), *then(4 * w)],
        )
        self.middle = nn.Sequential()
        for _ in range(residual_blocks):
            self.middle.append(
                _Residual(
                    *[nn.ReflectionPad2d(2), conv(nn.Conv2d, 4 * w, 4 * w, 3, dilation=2, bias=not spectral_norm)],
                    *then(4 * w),
                    *[nn.ReflectionPad2d(1), conv(nn.Conv2d, 4 * w, 4 * w, 3, bias=not spectral_norm)],
                    nn.InstanceNorm2d(4 * w),
                )
            )
        self.decoder = nn.Sequential(
            *[conv(nn.ConvTranspose2d, 4 * w, 2 * w, **halve), *then(2 * w)],
            *[conv(nn.ConvTranspose2d, 2 * w, w, **halve), *then(w)],
            *[nn.ReflectionPad2d(3), conv(nn.Conv2d, w, out_channels, 7, norm=False)],
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, in_channels, height, width), sizes multiples of 4, to (n, out_channels, height, width)."""
        return self.decoder(self.middle(self.encoder(images)))


class _Residual(nn.Module):
    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


def _at_fitting_size(network: nn.Module, images: Tensor) -> Tensor:
    """Pad images with their last row and column until the size fits, run a network, and cut the result back."""
    height, width = images.shape[-2:]
    bottom = max(LEAST_SIZE - height, -height % SIZE_STEP)
    right = max(LEAST_SIZE - width, -width % SIZE_STEP)
    if bottom or right:
        images = F.pad(images, (0, right, 0, bottom), mode="replicate")
    images = images.contiguous(memory_format=torch.channels_last)
    return network(images)[..., :height, :width]
