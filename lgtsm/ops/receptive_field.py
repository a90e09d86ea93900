"""How far a stack of resizing and convolving steps sees, by following one output pixel back to the input."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Step:
    """One layer along one axis.

    resize: scale factor before the convolution: 2, 1 or 0.5.
    bilinear: whether the resizing interpolates, or repeats the nearest pixel.
    before: zeros padded before the first pixel.
    kernel, stride, dilation: of the convolution.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1
    resize: float = 1
    bilinear: bool = False

    def back(self, first: int, last: int) -> tuple[int, int]:
        """Return the first and last input pixel that output pixels first..last depend on (edges left aside)."""
        first = first * self.stride - self.before
        last = last * self.stride - self.before + (self.kernel - 1) * self.dilation
        if self.resize == 2:
            return ((first - 1) // 2, (last + 1) // 2) if self.bilinear else (first // 2, last // 2)
        if self.resize == 0.5:
            return 2 * first, 2 * last + 1
        return first, last


def spatial_reach(steps: Sequence[Step], period: int) -> tuple[int, int]:
    """Return how many pixels before and after one the result at that pixel depends on, at most.

    Args:
        steps: the layers along one axis, first to last.
        period: pixels after which the pattern of strides and resizing repeats.
    """
    before = after = 0
    for pixel in range(1000 * period, 1001 * period):
        first = last = pixel
        for step in reversed(steps):
            first, last = step.back(first, last)
        before, after = max(before, pixel - first), max(after, last - pixel)
    return before, after
