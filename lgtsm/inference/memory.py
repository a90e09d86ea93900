"""How much memory a stream needs, from the sizes of its layers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import nn

from lgtsm.inference.regions import Region

CHUNKS = (32, 16, 8, 4, 2, 1)
# Convolutions reorder their inputs and weights, and allocators keep more than is in use. On a CPU three runs
# (320x180 to 640x360, widths 16 and 32, 2 and 8 frames at once) peaked at 0.4 to 1.0 of what this gives.
OVERHEAD = 2.1
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def parse_bytes(text: str) -> int:
    """Return the number of bytes that 500M or 4G (1024-based) says.

    Raises:
        ValueError: it is not written so.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmMgG]?)(?:i?[bB])?", text.strip())
    if not match:
        raise ValueError(f"An amount of memory must be written like 500M or 4G; got {text!r}.")
    return int(float(match[1]) * UNITS[match[2].lower()])


def stream_bytes(model: nn.Module, height: int, width: int, chunk: int, dtype: torch.dtype) -> int:
    """Estimate what one rectangle's stream takes: what the layers keep, and the largest layer's work on a chunk.

    Args:
        model: network of layers in front of which a temporal shift stands.
        height, width: of the rectangle, in pixels.
        chunk: frames that go in at once.
        dtype: that the convolutions work in.

    Returns:
        Bytes, without the weights.
    """
    size = torch.empty((), dtype=dtype).element_size()
    rows, columns = (-(-length // model.size_step) * model.size_step for length in (height, width))
    kept = work = 0
    for layer in model.layers.values():
        behind, ahead = layer.reach
        conv = layer.feature
        before = conv.in_channels * rows * columns
        kept += (behind * layer.moving_channels * rows * columns + ahead * before) * size
        prepared = before * layer.resize**2
        rows, columns = (_out(step, length) for step, length in zip(layer.steps(), (rows, columns), strict=True))
        after = conv.out_channels * rows * columns
        # Input, input with what waited, resized input, its shifted copy; feature, gate and their product.
        work = max(work, (2 * before + 2 * prepared + 3 * after) * (chunk + ahead) * size)
    waiting = sum(layer.reach[1] for layer in model.layers.values()) + chunk
    frames = waiting * height * width * (4 * 4 + 2 * 4)  # floats inside the network, bytes outside it
    return int(OVERHEAD * (kept + work)) + frames


def _out(step, length: int) -> int:
    length = int(length * step.resize)
    after = step.before if step.resize != 0.5 else 3 - step.before  # the uneven padding of an even kernel
    return (length + step.before + after - (step.kernel - 1) * step.dilation - 1) // step.stride + 1


def choose_chunk(model: nn.Module, regions: Sequence[Region], budget: int, dtype: torch.dtype) -> int:
    """Return the largest number of frames at once that fits a budget with all regions open.

    Args:
        model: the network.
        regions: rectangles that are open at the same time.
        budget: bytes.
        dtype: that the convolutions work in.

    Raises:
        ValueError: not even one frame at once fits; the sentence says what would.
    """
    need = {chunk: total_bytes(model, regions, chunk, dtype) for chunk in CHUNKS}
    for chunk, needed in need.items():
        if needed <= budget:
            return chunk
    height = max(region.bottom - region.top for region in regions)
    fitting = next((h for h in range(height - 8, 31, -8) if _scaled(model, regions, h / height, dtype) <= budget), None)
    way_out = f"about --working-height {fitting} of the region's {height} rows" if fitting else "a smaller mask"
    raise ValueError(
        f"The memory budget must be at least {need[1] / 2**20:.0f} MiB for this hole; it is {budget / 2**20:.0f} MiB. "
        f"Raise --max-memory, or fill at a smaller size: {way_out} would fit."
    )


def total_bytes(model: nn.Module, regions: Sequence[Region], chunk: int, dtype: torch.dtype) -> int:
    """Estimate bytes for the weights and all regions' streams."""
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    streams = (stream_bytes(model, r.bottom - r.top, r.right - r.left, chunk, dtype) for r in regions)
    return weights + sum(streams)


def _scaled(model: nn.Module, regions: Sequence[Region], scale: float, dtype: torch.dtype) -> int:
    small = [Region(0, 0, int((r.bottom - r.top) * scale), int((r.right - r.left) * scale)) for r in regions]
    return total_bytes(model, small, 1, dtype)
