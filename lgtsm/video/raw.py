"""Raw frames in a pipe: rgb24 in and out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from lgtsm.video.errors import VideoError


def parse_size(text: str) -> tuple[int, int]:
    """Return (height, width) of a size that is written WIDTHxHEIGHT.

    Raises:
        VideoError: it is not written so.
    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text.strip())
    if not match:
        raise VideoError(f"A size must be written WIDTHxHEIGHT in pixels, like 1280x720; got {text!r}.")
    return int(match[2]), int(match[1])


def read_raw(source: BinaryIO, height: int, width: int) -> Iterator[np.ndarray]:
    """Yield the frames (height, width, 3), uint8, of a pipe of rgb24 until it ends.

    Raises:
        VideoError: it is empty, or ends within a frame.
    """
    size, count = height * width * 3, 0
    while data := source.read(size):
        while len(data) < size and (more := source.read(size - len(data))):
            data += more
        if len(data) < size:
            raise VideoError(
                f"The pipe must bring whole frames of {size} bytes ({width}x{height} in rgb24); it ended after {count} "
                f"frames and {len(data)} bytes. Compare that size with what the sender writes."
            )
        yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        count += 1
    if not count:
        raise VideoError("The pipe must bring at least one frame; it was empty.")


class RawSink:
    """Write frames into a pipe as rgb24; each goes on its way at once."""

    def __init__(self, target: BinaryIO):
        self.target = target

    def write(self, frame: np.ndarray) -> None:
        """Send one frame, uint8 (height, width, 3).

        Raises:
            VideoError: whoever reads the pipe has gone.
        """
        try:
            self.target.write(np.ascontiguousarray(frame).data)
            self.target.flush()
        except BrokenPipeError as error:
            raise VideoError("The frames could not all be sent; whoever read them has closed the pipe.") from error
