"""Fill at a smaller size, and scale the fill back up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from lgtsm.inference.feather import paste_feathered
from lgtsm.inference.records import Filled, Frame, FrameStream


class ScaledStream:
    """A stream that works on smaller copies of the frames.

    For holes larger than the network can see across: at a smaller size it sees further. The fill has the detail of the
    smaller size; known pixels come back byte for byte at full size.

    Args:
        stream: fills the small frames.
        height, width: of the small frames, in pixels.
        feather: pixels of the full frame over which the fill is blended into the known pixels.
    """

    def __init__(self, stream: FrameStream, height: int, width: int, feather: int):
        self.stream = stream
        self.size = (width, height)
        self.feather = feather

    def push(self, frame: Frame) -> Iterator[Filled]:
        """Take the next frame; yield those that are ready."""
        image = cv2.resize(frame.image, self.size, interpolation=cv2.INTER_AREA)
        return self._paste(self.stream.push(Frame(frame.number, image, shrink_hole(frame.hole, self.size), frame)))

    def flush(self) -> Iterator[Filled]:
        """Yield all frames still owed, at a cut or at the end, and start over."""
        return self._paste(self.stream.flush())

    def _paste(self, smaller: Iterable[Filled]) -> Iterator[Filled]:
        for small in smaller:
            frame = small.frame.whole
            assert frame is not None  # from `push`
            fill = cv2.resize(small.image, frame.image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            yield Filled(frame, paste_feathered(frame.image, frame.hole, fill, self.feather))


def shrink_hole(hole: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a hole (height, width) to (width, height) = size; every pixel that it touches is missing."""
    return (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
