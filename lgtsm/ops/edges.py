"""Canny edges of gray frames."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GRAY = (0.2125, 0.7154, 0.0721)


def to_gray(frames: Tensor) -> Tensor:
    """Return the luminance (n, 1, height, width) of (n, 3, height, width) frames, by the weights of ITU-R BT.709."""
    return (frames * frames.new_tensor(GRAY).view(3, 1, 1)).sum(1, keepdim=True)


@torch.no_grad()
def canny(gray: Tensor, known: Tensor | None = None, sigma: float = 2.0, low: float = 0.1, high: float = 0.2) -> Tensor:
    """Mark edges one pixel wide: smooth, differentiate, keep ridges, and follow them from their strong parts.

    Args:
        gray: (n, 1, height, width) in [0, 1].
        known: like gray, above 0.5 where gray may be used; None uses all. Smoothing leaves the other pixels out, and no
            edge touches them or the border of the frame.
        sigma: of the Gaussian, in pixels.
        low, high: thresholds on the length of the Sobel gradient: an edge is a connected ridge above low that exceeds
            high somewhere.

    Returns:
        (n, 1, height, width), 1 on edges and 0 elsewhere, in the type of gray. No gradient flows through it.

    Source: Canny 1986, with interpolation along the gradient and normalized smoothing, so that it equals scikit-image's
    `feature.canny` with its defaults, which Nazeri et al. 2019 (Edge-Connect) use.
    """
    with torch.autocast(gray.device.type, enabled=False):
        weight = torch.ones_like(gray, dtype=torch.float64) if known is None else (known > 0.5).double()
        image = gray.double().masked_fill(weight == 0, 0)
        smooth = _blur(image, sigma) / (_blur(weight, sigma) + torch.finfo(torch.float64).eps)
        dy, dx = _sobel(smooth)
        length = (dx.square() + dy.square()).sqrt()
        inside = -F.max_pool2d(-F.pad(weight, (1, 1, 1, 1)), 3, stride=1) > 0  # all nine pixels known, and in the frame
        ridge = _is_ridge(length, dy, dx) & inside & (length >= low)
        return _connected_to(ridge & (length >= high), ridge).to(gray.dtype)


def _blur(image: Tensor, sigma: float) -> Tensor:
    """Blur with a Gaussian of radius 4 sigma and zeros outside the frame."""
    radius = int(4 * sigma + 0.5)
    kernel = torch.tensor([math.exp(-0.5 * (i / sigma) ** 2) for i in range(-radius, radius + 1)])
    kernel = (kernel / kernel.sum()).to(image)
    image = F.conv2d(image, kernel.view(1, 1, -1, 1), padding=(radius, 0))
    return F.conv2d(image, kernel.view(1, 1, 1, -1), padding=(0, radius))


def _sobel(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences down and to the right, with the border repeated."""
    p = F.pad(image, (1, 1, 1, 1), mode="replicate")
    down, right = p[..., 2:, :] - p[..., :-2, :], p[..., 2:] - p[..., :-2]
    dy = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    dx = right[..., :-2, :] + 2 * right[..., 1:-1, :] + right[..., 2:, :]
    return dy, dx


def _is_ridge(length: Tensor, dy: Tensor, dx: Tensor) -> Tensor:
    """Tell where the gradient is at least as long as at its two neighbors along itself, interpolated between pixels."""
    p = F.pad(length, (1, 1, 1, 1))
    height, width = length.shape[-2:]

    def at(down: int, right: int) -> Tensor:
        return p[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    steep, slow = torch.maximum(dy.abs(), dx.abs()), torch.minimum(dy.abs(), dx.abs())
    share = slow / steep.clamp(min=torch.finfo(steep.dtype).tiny)  # of the diagonal neighbor
    vertical, falling = dy.abs() >= dx.abs(), dy * dx >= 0
    ridge = torch.ones_like(vertical)
    for side in (1, -1):
        straight = torch.where(vertical, at(side, 0), at(0, side))
        # On the side that the gradient's larger component points to; the other diagonal where the signs differ.
        other = torch.where(vertical, at(side, -side), at(-side, side))
        diagonal = torch.where(falling, at(side, side), other)
        ridge &= diagonal * share + straight * (1 - share) <= length
    return ridge


def _connected_to(seeds: Tensor, area: Tensor) -> Tensor:
    """Return the parts of `area` that are 8-connected to a seed."""
    grown = seeds.float()
    while True:
        before = grown
        for _ in range(8):
            grown = F.max_pool2d(grown, 3, stride=1, padding=1) * area
        if torch.equal(grown, before):
            return grown
