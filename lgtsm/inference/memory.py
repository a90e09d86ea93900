"""Estimate the memory of a stream from the sizes of its layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch

from lgtsm.inference.regions import Region

CHUNKS = (32, 16, 8, 4, 2, 1)
# Convolutions reorder their inputs and weights, and allocators hold more than is in use. Eight runs on a CPU
# (320x180 to 1920x1080, widths 16 to 64, 1 to 8 frames at once) peaked at 0.56 to 0.97 of this estimate.
OVERHEAD = 2.1
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def parse_bytes(text: str) -> int:
    """Return the bytes in an amount like 500M or 4G (1024-based).

    Raises:
        ValueError: it is not such an amount.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKmMgG]?)(?:i?[bB])?", text.strip())
    if not match:
        raise ValueError(f"An amount of memory must be written like 500M or 4G; got {text!r}.")
    return int(float(match[1]) * UNITS[match[2].lower()])


def stream_bytes(
    model: Any, height: int, width: int, chunk: int, dtype: torch.dtype, inner: Region | None = None
) -> tuple[int, int]:
    """Estimate the memory of one rectangle's stream.

    Args:
        model: network of layers that each begin with a temporal shift.
        height, width: of the rectangle, in pixels.
        chunk: frames that go in at once.
        dtype: of the convolutions.
        inner: the part of it to return; None for all.

    Returns:
        bytes that layers and waiting frames hold throughout, and bytes that the largest layer needs while it works on
        a chunk; both without the weights.
    """
    size = torch.empty((), dtype=dtype).element_size()
    rows, columns = (-(-length // model.size_step) * model.size_step for length in (height, width))
    kept = work = 0
    wanted = inner and (slice(inner.top, inner.bottom), slice(inner.left, inner.right))
    for layer, part in zip(model.layers.values(), model.layer_parts(wanted), strict=True):
        behind, ahead = layer.reach
        conv = layer.feature
        before = conv.in_channels * rows * columns
        kept += (behind * layer.moving_channels * rows * columns + ahead * before) * size
        prepared = before * layer.resize**2
        rows, columns = (_out(step, length) for step, length in zip(layer.steps(), (rows, columns), strict=True))
        after = conv.out_channels * rows * columns
        # Input, input with what waited, resized input, its shifted copy; feature, gate and their product.
        work = max(work, (2 * before + 2 * prepared + 3 * after) * (chunk + ahead) * size)
        if part is not None:
            rows, columns = len(range(rows)[part[0]]), len(range(columns)[part[1]])
    waiting = sum(layer.reach[1] for layer in model.layers.values()) + chunk
    frames = waiting * height * width * (4 * 4 + 2 * 4)  # floats inside the network, bytes outside it
    return int(OVERHEAD * kept) + frames, int(OVERHEAD * work)


def _out(step, length: int) -> int:
    length = int(length * step.resize)
    after = step.before if step.resize != 0.5 else 3 - step.before  # the uneven padding of an even kernel
    return (length + step.before + after - (step.kernel - 1) * step.dilation - 1) // step.stride + 1


def choose_chunk(model: Any, regions: Sequence[Region], budget: int, dtype: torch.dtype, frame: tuple[int, int]) -> int:
    """Return the largest number of frames at once that fits a budget with all regions open.

    Args:
        model: the network.
        regions: rectangles that are open at the same time.
        budget: bytes.
        dtype: of the convolutions.
        frame: height and width of the whole frames, in pixels.

    Raises:
        ValueError: not even one frame at once fits; the sentence says what would.
    """
    need = {chunk: total_bytes(model, regions, chunk, dtype, frame) for chunk in CHUNKS}
    for chunk, needed in need.items():
        if needed <= budget:
            return chunk
    shares = (share / 20 for share in range(19, 0, -1))
    fitting = next((share for share in shares if _scaled(model, regions, share, dtype) <= budget), None)
    way_out = f"a working_height of about {int(fitting * frame[0])}" if fitting else "a smaller mask"
    raise ValueError(
        f"max_memory must be at least {need[1] / 2**20:.0f} MiB for this hole; it is {budget / 2**20:.0f} MiB. "
        f"Raise max_memory, or use {way_out}."
    )


def total_bytes(
    model: Any,
    regions: Sequence[Region],
    chunk: int,
    dtype: torch.dtype,
    frame: tuple[int, int] | None = None,
) -> int:
    """Estimate the bytes of the weights and of all regions' streams; one stream works at a time.

    Args:
        model, chunk, dtype: as in `stream_bytes`.
        regions: rectangles that are open at the same time.
        frame: height and width of the whole frames; None if the regions are whole frames.
    """
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    streams = []
    for region in regions:
        inner = None if frame is None else region.inner(model.spatial_reach, *frame).seen_from(region)
        height, width = region.bottom - region.top, region.right - region.left
        streams.append(stream_bytes(model, height, width, chunk, dtype, inner))
    return weights + sum(kept for kept, _ in streams) + max((work for _, work in streams), default=0)


def _scaled(model: Any, regions: Sequence[Region], scale: float, dtype: torch.dtype) -> int:
    small = [Region(0, 0, int((r.bottom - r.top) * scale), int((r.right - r.left) * scale)) for r in regions]
    return total_bytes(model, small, 1, dtype)
