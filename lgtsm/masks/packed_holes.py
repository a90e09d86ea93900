"""Keep the holes of a long video small in memory."""

from __future__ import annotations

import zlib

import cv2
import numpy as np


class PackedHoles:
    """Holes by the numbers of their frames, found at a small size.

    Args:
        small: (height, width), in pixels, at which they were found.
        size: (height, width) of the video.
    """

    def __init__(self, small: tuple[int, int], size: tuple[int, int]):
        self.small, self.size = small, size
        self._packed: dict[int, bytes] = {}

    def keep(self, number: int, hole: np.ndarray) -> None:
        """Keep a hole, of numbers (height, width) at the small size, above 0 = missing; one that is empty is none."""
        if hole.any():
            self._packed[number] = zlib.compress(np.packbits(hole > 0).tobytes(), 1)
        else:
            self.drop(number)

    def drop(self, number: int) -> None:
        """Forget a hole."""
        self._packed.pop(number, None)

    def at_small_size(self, number: int) -> np.ndarray:
        """Return the hole of a frame, uint8 (height, width) at the small size, 1 = missing."""
        if number not in self._packed:
            return np.zeros(self.small, np.uint8)
        bits = np.frombuffer(zlib.decompress(self._packed[number]), np.uint8)
        return np.unpackbits(bits, count=self.small[0] * self.small[1]).reshape(self.small)

    def __getitem__(self, number: int) -> np.ndarray:
        """Return the hole of a frame, uint8 (height, width) at the video's size, 1 = missing."""
        if number not in self._packed:
            return np.zeros(self.size, np.uint8)
        small = self.at_small_size(number).astype(np.float32)
        return (cv2.resize(small, self.size[::-1], interpolation=cv2.INTER_LINEAR) >= 0.5).astype(np.uint8)
