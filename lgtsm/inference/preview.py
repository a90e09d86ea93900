"""Write a preview: the input with its hole marked, beside the result."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lgtsm.inference.records import Filled
from lgtsm.video.encoding import Encoding
from lgtsm.video.pictures import HOLE_COLOR, side_by_side
from lgtsm.video.probe import VideoInfo
from lgtsm.video.writer import VideoWriter


class PreviewWriter:
    """Write each frame beside its filled version, with the timing of the input.

    Pass it to `Inpainter.fill_file` as `watch`, in a `with` block; the file appears once it is complete.

    Args:
        path: the video file to write.
        info: the input, from `probe`.

    Raises:
        VideoError: the file cannot be written.
    """

    def __init__(self, path: str | Path, info: VideoInfo):
        height, width = compare(*_empty(info)).shape[:2]
        self._writer = VideoWriter(path, None, height, width, Encoding(pix_fmt="yuv420p"), like=info)

    def __call__(self, filled: Filled) -> None:
        """Add a frame."""
        self._writer.write(compare(filled.frame.image, filled.frame.hole, filled.image))

    def __enter__(self) -> PreviewWriter:
        self._writer.__enter__()
        return self

    def __exit__(self, kind: type | None, *rest: object) -> None:
        self._writer.__exit__(kind, *rest)


def compare(frame: np.ndarray, hole: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Put a frame, hole tinted, beside the filled one; pad to even sizes, which every player shows."""
    picture = side_by_side({"input, hole marked": tint_hole(frame, hole)[None], "filled": filled[None]})[0]
    rows, columns = (length % 2 for length in picture.shape[:2])
    return np.pad(picture, ((0, rows), (0, columns), (0, 0)), mode="edge")


def tint_hole(frame: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Tint the hole, leaving its content visible, and draw its edge.

    Args:
        frame: uint8 (height, width, 3).
        hole: uint8 (height, width), 1 = missing.
    """
    out = frame.copy()
    inside = hole > 0
    out[inside] = out[inside] // 2 + np.array(HOLE_COLOR, np.uint8) // 2
    edge = inside & (cv2.erode(hole, np.ones((3, 3), np.uint8)) == 0)
    out[edge] = HOLE_COLOR
    return out


def _empty(info: VideoInfo) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = np.zeros((info.height, info.width, 3), np.uint8)
    return frame, frame[..., 0], frame
