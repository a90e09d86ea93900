"""The interface of all video readers, and the check of frame numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from lgtsm.video.errors import VideoError

Reader = TypeVar("Reader", bound="VideoReader")


class Picture(NamedTuple):
    """A frame as RGB, and as it lies in the file.

    image: uint8 (height, width, 3), upright. source: an `av.VideoFrame` of a video file, the path of an image in a
    folder; None if there is none. `VideoWriter.write` takes it, to keep all known samples as they are.
    """

    image: np.ndarray
    source: Any = None


class VideoReader(Protocol):
    """The interface of every backend. Frames are upright RGB, uint8 (height, width, 3)."""

    fps: Fraction
    height: int
    width: int

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every frame in order, at constant memory.

        Raises:
            VideoError: a frame cannot be decoded or has another size, or frames are missing.
        """

    def pictures(self) -> Iterator[Picture]:
        """Yield every frame in order with its source; errors as in `__iter__`."""
        return map(Picture, self)

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return the frames at `indices` (any order, repeats allowed), (n, height, width, 3).

        Raises:
            VideoError: an index is out of range, or a frame cannot be decoded.
        """

    def close(self) -> None:
        """Release the file, if it is kept open."""
        return  # a reader that keeps nothing open has nothing to do

    def __enter__(self: Reader) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_indices(path: Path, indices: Sequence[int], length: int) -> list[int]:
    """Return the indices as ints in [0, length).

    Raises:
        VideoError: an index is out of range.
    """
    indices = [int(index) for index in indices]
    for index in indices:
        if not 0 <= index < length:
            raise VideoError(f"{path} has frames 0 to {length - 1}; got index {index}. Read within the video.")
    return indices
