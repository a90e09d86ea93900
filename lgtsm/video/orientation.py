"""Rotate decoded pictures upright, like a player does."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Orientation:
    """How to rotate a stored picture upright: transpose, then mirror columns, then mirror rows."""

    transpose: bool = False
    mirror_columns: bool = False
    mirror_rows: bool = False

    @classmethod
    def of_frame(cls, frame) -> Orientation:
        """Read the display matrix of a decoded PyAV frame; a frame without one is upright."""
        data = frame.side_data.get("DISPLAYMATRIX")
        if data is None:
            return cls()
        # (x', y') = (a x + c y, b x + d y), 16.16 fixed point in native byte order.
        a, b, _, c, d = struct.unpack("=9i", bytes(data))[:5]
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    @property
    def degrees(self) -> int:
        """Clockwise rotation in degrees: 0, 90, 180 or 270, without mirroring."""
        if self.transpose:
            return 90 if self.mirror_columns else 270
        return 180 if self.mirror_rows else 0

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Return the (height, width, 3) picture upright, contiguous in memory."""
        if self.transpose:
            picture = picture.transpose(1, 0, 2)
        if self.mirror_columns:
            picture = picture[:, ::-1]
        if self.mirror_rows:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)
