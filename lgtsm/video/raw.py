"""Read and write raw rgb24 frames through a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from lgtsm.counted import counted
from lgtsm.video.errors import VideoError


def parse_size(text: str) -> tuple[int, int]:
    """Parse a size written as WIDTHxHEIGHT, in pixels, into (height, width).

    Raises:
        VideoError: the text does not match.
    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text.strip())
    if not match:
        raise VideoError(f"Write a size as WIDTHxHEIGHT in pixels, such as 1280x720; got {text!r}.")
    return int(match[2]), int(match[1])


def read_raw(source: BinaryIO, height: int, width: int) -> Iterator[np.ndarray]:
    """Yield frames, uint8 (height, width, 3), from a pipe of rgb24 until it ends.

    Raises:
        VideoError: the pipe is empty or ends within a frame.
    """
    size, count = height * width * 3, 0
    while data := source.read(size):
        while len(data) < size and (more := source.read(size - len(data))):
            data += more
        if len(data) < size:
            raise VideoError(
                f"The pipe must deliver whole frames of {size} bytes ({width}x{height} in rgb24); it ended after "
                f"{counted(count, 'frame')} and {counted(len(data), 'byte')}. Check the size that the sender writes."
            )
        yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        count += 1
    if not count:
        raise VideoError("The pipe must deliver at least one frame; it was empty.")


class RawSink:
    """Write frames into a pipe as rgb24, without buffering."""

    def __init__(self, target: BinaryIO):
        self.target = target

    def write(self, frame: np.ndarray) -> None:
        """Send one frame, uint8 (height, width, 3).

        Raises:
            VideoError: the reader has closed the pipe; OSError: it leads to a full disk.
        """
        try:
            self.target.write(np.ascontiguousarray(frame).data)
            self.target.flush()
        except BrokenPipeError as error:
            raise VideoError("Frames could not be sent: the reader has closed the pipe.") from error
        except OSError as error:
            error.filename = error.filename or "The pipe"  # for the sentence
            raise
