"""Measure how far a stack of resizing and convolving steps sees: follow one output pixel back to the input."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Step:
    """One layer along one axis.

    resize: scale factor before the convolution: 2, 1 or 0.5.
    bilinear: whether resizing interpolates, or repeats the nearest pixel.
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
        """Return the first and last input pixel that output pixels first..last depend on, ignoring edges."""
        first = first * self.stride - self.before
        last = last * self.stride - self.before + (self.kernel - 1) * self.dilation
        if self.resize == 2:
            return ((first - 1) // 2, (last + 1) // 2) if self.bilinear else (first // 2, last // 2)
        if self.resize == 0.5:
            return 2 * first, 2 * last + 1
        return first, last


def spatial_reach(steps: Sequence[Step], period: int) -> tuple[int, int]:
    """Return how many pixels before and after a pixel its result depends on, at most.

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


def needed_slices(steps: Sequence[Step], start: int, stop: int) -> list[slice]:
    """Return the part to keep of each layer's output, so that some pixels of the last one come out as from the whole.

    The input stays whole. Cut outputs differ from the whole at their new edges only, where no kept pixel looks.

    Args:
        steps: the layers along one axis, first to last.
        start, stop: pixels of the last output, the stop not included.

    Returns:
        for each layer the slice of its output, after cutting the layers before it.
    """
    kept = [(start, stop - 1)]
    for step in reversed(steps[1:]):
        first, last = step.back(*kept[0])
        first = max(0, first)
        # Start where the cut input meets the same strides and resizing as the whole.
        while first * step.resize % 1 or first * step.resize % step.stride:
            first -= 1
        kept.insert(0, (first, last))
    slices, begin = [], 0
    for step, (first, last) in zip(steps, kept, strict=True):
        begin = int(begin * step.resize) // step.stride  # where in the whole this layer's output begins
        slices.append(slice(first - begin, last + 1 - begin))
        begin = first
    return slices
