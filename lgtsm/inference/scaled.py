"""Fill at a smaller size and bring the result back up inside the hole."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import cv2
import numpy as np

from lgtsm.inference.feather import paste_feathered
from lgtsm.inference.stream import FrameStream


class ScaledStream:
    """A stream that works on smaller copies of the frames.

    For holes larger than the network can see around: at a smaller size the same network sees further. The fill has
    the smaller size's detail; known pixels come back byte for byte at the full size.

    Args:
        stream: what fills the small frames.
        height, width: of the small frames, in pixels.
        feather: pixels of the full frame over which the fill meets the known pixels.
    """

    def __init__(self, stream: FrameStream, height: int, width: int, feather: int):
        self.stream = stream
        self.size = (width, height)
        self.feather = feather
        self.owed: collections.deque[tuple[np.ndarray, np.ndarray]] = collections.deque()

    def push(self, frames: np.ndarray, holes: np.ndarray) -> Iterator[np.ndarray]:
        """Give uint8 frames (time, height, width, 3) and holes (time, height, width); yields those that are ready."""
        self.owed.extend(zip(frames, holes, strict=True))
        small = np.stack([cv2.resize(frame, self.size, interpolation=cv2.INTER_AREA) for frame in frames])
        return self._paste(self.stream.push(small, np.stack([shrink_hole(hole, self.size) for hole in holes])))

    def flush(self) -> Iterator[np.ndarray]:
        """Yield all frames that are still owed."""
        return self._paste(self.stream.flush())

    def _paste(self, filled: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for small in filled:
            frame, hole = self.owed.popleft()
            fill = cv2.resize(small, frame.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            yield paste_feathered(frame, hole, fill, self.feather)


def shrink_hole(hole: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a hole (height, width) to (width, height) = size so that every pixel that it touches is missing."""
    return (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
