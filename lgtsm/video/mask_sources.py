"""Holes that need no mask file: boxes, and a key color of the video itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lgtsm.video.errors import VideoError

if TYPE_CHECKING:
    from lgtsm.video.probe import VideoInfo

Box = tuple[int, int, int, int]
KEY_TOLERANCE = 24  # levels of 255


def parse_box(text: str) -> Box:
    """Return x, y, width, height of a box that is written x,y,w,h, in pixels.

    Raises:
        VideoError: it is not written so, or has no pixel.
    """
    numbers = [int(part) for part in text.split(",")] if re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*){3}", text) else []
    if not numbers or min(numbers[2:]) == 0:
        raise VideoError(
            f"A box must be written x,y,w,h in whole pixels, its left top corner and a size above 0; got {text!r}. "
            "For example 20,10,200,40."
        )
    return tuple(numbers)


def parse_color(text: str) -> tuple[int, int, int]:
    """Return red, green, blue, 0 to 255 each, of a color that is written RRGGBB.

    Raises:
        VideoError: it is not written so.
    """
    match = re.fullmatch(r"#?([0-9a-fA-F]{6})", text.strip())
    if not match:
        raise VideoError(f"A color must be written RRGGBB in hexadecimal, 00FF00 for green; got {text!r}.")
    return tuple(bytes.fromhex(match[1]))


def box_hole(boxes: Sequence[Box], height: int, width: int) -> np.ndarray:
    """Return (height, width) uint8 with the boxes missing.

    Raises:
        VideoError: a box does not lie inside the frame; the sentence says which part of it would.
    """
    hole = np.zeros((height, width), np.uint8)
    for x, y, columns, rows in boxes:
        if x + columns > width or y + rows > height:
            inside = (x, y, min(columns, width - x), min(rows, height - y))
            hint = f"The part inside is {','.join(map(str, inside))}." if min(inside[2:]) > 0 else "No part of it does."
            raise VideoError(
                f"The box {x},{y},{columns},{rows} must lie inside the frame of {width}x{height}; it does not. {hint}"
            )
        hole[y : y + rows, x : x + columns] = 1
    return hole


def key_hole(frame: np.ndarray, color: tuple[int, int, int], tolerance: int) -> np.ndarray:
    """Return (height, width) uint8: 1 where no channel of the frame differs by more than `tolerance` from a color.

    Args:
        frame: uint8 (height, width, 3), RGB.
        color: red, green, blue.
        tolerance: 0 to 255.
    """
    lowest = np.clip(np.array(color) - tolerance, 0, 255).astype(np.uint8)
    highest = np.clip(np.array(color) + tolerance, 0, 255).astype(np.uint8)
    return ((frame >= lowest) & (frame <= highest)).all(-1).astype(np.uint8)


class StillMask:
    """The same hole (height, width), 1 = missing, for all frames."""

    def __init__(self, hole: np.ndarray, num_frames: int, name: str):
        self.hole, self.num_frames, self.name = hole, num_frames, name

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        for _ in range(self.num_frames):
            yield self.hole


class KeyColorMask:
    """The pixels of a video that have a color, read anew from the file each time.

    Args:
        info: the video, from `probe`.
        color, tolerance: as in `key_hole`.
    """

    def __init__(self, info: VideoInfo, color: tuple[int, int, int], tolerance: int):
        self.info, self.color, self.tolerance = info, color, tolerance
        self.name = f"The key color {bytes(color).hex().upper()} with key_tolerance={tolerance}"

    def __len__(self) -> int:
        return self.info.frames

    def __iter__(self) -> Iterator[np.ndarray]:
        from lgtsm.video.open import open_video  # parsers read KEY_TOLERANCE above before torch is loaded

        with open_video(self.info.path, "pyav", index=self.info.index) as video:
            for frame in video:
                yield key_hole(frame, self.color, self.tolerance)
