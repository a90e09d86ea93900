"""The protocol of all readers of videos, and the check of frame numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from lgtsm.video.errors import VideoError


class VideoReader(Protocol):
    """What every backend offers. Frames are uint8 RGB, upright."""

    fps: Fraction
    height: int
    width: int

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every frame in order, (height, width, 3), at constant memory."""

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return the frames at `indices` (any order, repeats allowed), (n, height, width, 3)."""

    def close(self) -> None: ...

    def __enter__(self) -> VideoReader: ...

    def __exit__(self, *_: object) -> None: ...


def check_indices(path: Path, indices: Sequence[int], length: int) -> list[int]:
    """Return the indices as ints in [0, length), or say which one is not there.

    Raises:
        VideoError: one lies outside the video.
    """
    indices = [int(index) for index in indices]
    wrong = [index for index in indices if not 0 <= index < length]
    if wrong:
        raise VideoError(f"{path} has frames 0 to {length - 1}; got index {wrong[0]}. Read within the video.")
    return indices
