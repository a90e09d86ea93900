"""The planes of a PyAV frame as arrays in its own memory."""

from __future__ import annotations

import numpy as np


def samples(frame) -> list[np.ndarray]:
    """Return the planes of a frame as bytes in its own memory: (rows, columns, bytes of a sample) uint8 each.

    In packed formats a sample has all colors, in NV12 both chroma values.
    """
    found = []
    for number, plane in enumerate(frame.planes):
        parts = [part for part in frame.format.components if part.plane == number]
        columns, rows = max(part.width for part in parts), max(part.height for part in parts)
        size = sum((part.bits + 7) // 8 for part in parts)
        if len(parts) > 1 and len(frame.planes) == 1:
            size = frame.format.padded_bits_per_pixel // 8  # bgr0 has a byte of no color
        lines = np.frombuffer(plane, np.uint8).reshape(-1, abs(plane.line_size))[:rows]
        if plane.line_size < 0:
            lines = lines[::-1]
        found.append(lines[:, : columns * size].reshape(rows, columns, size))
    return found


def values(frame) -> list[np.ndarray]:
    """Return the planes of a planar frame as numbers in its own memory, (rows, columns) uint8 or uint16 each."""
    order = ">" if frame.format.is_big_endian else "<"
    return [plane.view(f"{order}u{plane.shape[2]}")[..., 0] for plane in samples(frame)]


def color_bytes(format, number: int, size: int) -> list[int]:
    """Return the bytes of a sample of plane `number` that are not alpha."""
    alphas = [part for part in format.components if part.is_alpha]
    if not alphas or alphas[0].plane != number:
        return list(range(size))
    if len(format.components) == 4 and len({part.plane for part in format.components}) == 1:
        deep = size // 4
        first = format.name.index("a") * deep  # rgba, argb64le
        return [byte for byte in range(size) if not first <= byte < first + deep]
    return []
