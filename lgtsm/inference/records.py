"""The records that flow through a fill: frames with holes go in, filled frames come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np


class Frame(NamedTuple):
    """A frame to fill.

    number: its place in the video, from 0. image: uint8 (height, width, 3), RGB. hole: uint8 (height, width), 1 =
    missing. whole: the frame that this one is a smaller copy of; None for the video's own. source: the picture as it
    lies in the input, see `lgtsm.video.reader.Picture`.
    """

    number: int
    image: np.ndarray
    hole: np.ndarray
    whole: Frame | None = None
    source: Any = None


class Filled(NamedTuple):
    """A frame and its filled image, uint8 (height, width, 3)."""

    frame: Frame
    image: np.ndarray


class FrameStream(Protocol):
    """Take frames one by one and give them back filled, in order, each as soon as it is ready."""

    def push(self, frame: Frame) -> Iterator[Filled]:
        """Take the next frame; yield those that are ready."""

    def flush(self) -> Iterator[Filled]:
        """Yield all frames still owed, at a cut or at the end, and start over."""
