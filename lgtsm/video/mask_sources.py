"""Holes without a mask file: boxes, and a key color in the video itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lgtsm.video.errors import VideoError
from lgtsm.video.times import Moment, Span, parse_moment, parse_span

if TYPE_CHECKING:
    from lgtsm.video.mask_edit import HoleSource
    from lgtsm.video.probe import VideoInfo

Box = tuple[int, int, int, int]
BOX_TIME = "@"  # stands between a box and its part of the video, or its moment
NEXT_BOX = "/"  # stands between boxes around one object
KEY_TOLERANCE = 24  # levels of 255


def parse_box(text: str) -> Box:
    """Parse a box written as x,y,w,h, in pixels, into x, y, width, height.

    Raises:
        VideoError: the text does not match, or the box is empty.
    """
    numbers = [int(part) for part in text.split(",")] if re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*){3}", text) else []
    if not numbers or min(numbers[2:]) == 0:
        raise VideoError(
            f"Write a box as x,y,w,h in whole pixels, its top left corner and a size above 0, like 20,10,200,40; "
            f"got {text!r}."
        )
    x, y, width, height = numbers
    return x, y, width, height


def parse_timed_box(text: str) -> tuple[Box, Span | None]:
    """Parse a box as `parse_box` does, with the part of the video behind an @ if it has one, like 20,10,200,40@3s-8s.

    Raises:
        VideoError: the text does not match.
    """
    box, at, part = text.partition(BOX_TIME)
    return parse_box(box), parse_span(part) if at else None


def parse_track(text: str) -> list[tuple[Box, Moment | None]]:
    """Parse boxes around one object, each with its moment behind an @ if it has one: 20,10,80,90@3s/60,10,80,90@5s.

    Raises:
        VideoError: the text does not match, or one of several boxes has no moment.
    """
    boxes = []
    for part in text.split(NEXT_BOX):
        box, at, moment = part.partition(BOX_TIME)
        boxes.append((parse_box(box), parse_moment(moment) if at else None))
    if len(boxes) > 1 and any(moment is None for _, moment in boxes):
        raise VideoError(
            f"Of several boxes around one object, each needs its moment, like 20,10,80,90@3s; got {text!r}."
        )
    return boxes


def parse_color(text: str) -> tuple[int, int, int]:
    """Parse a color written as RRGGBB into red, green, blue, 0 to 255 each.

    Raises:
        VideoError: the text does not match.
    """
    match = re.fullmatch(r"#?([0-9a-fA-F]{6})", text.strip())
    if not match:
        raise VideoError(f"Write a color as hexadecimal RRGGBB, such as 00FF00 for green; got {text!r}.")
    red, green, blue = bytes.fromhex(match[1])
    return red, green, blue


def box_hole(boxes: Sequence[Box], height: int, width: int) -> np.ndarray:
    """Return a hole, (height, width) uint8, with 1 inside the boxes.

    Raises:
        VideoError: a box reaches outside the frame; the message gives the part inside.
    """
    hole = np.zeros((height, width), np.uint8)
    for x, y, columns, rows in boxes:
        if x + columns > width or y + rows > height:
            inside = (x, y, min(columns, width - x), min(rows, height - y))
            hint = f"The part inside is {','.join(map(str, inside))}." if min(inside[2:]) > 0 else "No part is inside."
            raise VideoError(f"The box {x},{y},{columns},{rows} must fit into the frame of {width}x{height}. {hint}")
        hole[y : y + rows, x : x + columns] = 1
    return hole


def key_hole(frame: np.ndarray, color: tuple[int, int, int], tolerance: int) -> np.ndarray:
    """Return a hole, (height, width) uint8: 1 where every channel is within `tolerance` of a color.

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
        return itertools.repeat(self.hole, self.num_frames)


class TimedBoxes:
    """Boxes of which each is there in some frames only.

    Args:
        holes: one for each box, (height, width) uint8.
        there: for each frame, whether each box is there.
    """

    name = "The box"

    def __init__(self, holes: Sequence[np.ndarray], there: Sequence[Sequence[bool]]):
        self.holes, self.there = holes, there

    def __len__(self) -> int:
        return len(self.there)

    def __iter__(self) -> Iterator[np.ndarray]:
        for there, frames in itertools.groupby(self.there):  # the same object while nothing changes
            yield from itertools.repeat(union_of(self.holes, there), len(list(frames)))


def union_of(holes: Sequence[np.ndarray], there: Sequence[bool]) -> np.ndarray:
    """Return the union of the holes that are there, of at least one hole in all."""
    union = np.zeros_like(holes[0])
    for hole, is_there in zip(holes, there):
        if is_there:
            union |= hole
    return union


class UnionMask:
    """The union of what several finders found."""

    name = "What was found"
    why_empty = "Mark it with a box."

    def __init__(self, sources: Sequence[HoleSource]):
        self.sources = sources

    @property
    def remarks(self) -> list[str]:
        """What the sources say, and which of them found nothing."""
        said = [remark for source in self.sources for remark in getattr(source, "remarks", ())]
        for source in self.sources:
            if not any(hole.any() for hole in source):
                name = getattr(source, "name", "A mask")
                said.append(f"{name} masks nothing. {getattr(source, 'why_empty', '')}".strip())
        return said

    def __len__(self) -> int:
        return len(self.sources[0])

    def __iter__(self) -> Iterator[np.ndarray]:
        return (np.maximum.reduce(holes) for holes in zip(*self.sources, strict=True))


class KeyColorMask:
    """The `key_hole` of every frame of a video, from `probe`; every iteration reads the file again."""

    def __init__(self, info: VideoInfo, color: tuple[int, int, int], tolerance: int):
        self.info, self.color, self.tolerance = info, color, tolerance
        self.name = f"The key color {bytes(color).hex().upper()} with key_tolerance={tolerance}"

    def __len__(self) -> int:
        return self.info.frames

    def __iter__(self) -> Iterator[np.ndarray]:
        from lgtsm.video.open import open_probed  # parsers read KEY_TOLERANCE above before torch is loaded

        with open_probed(self.info) as video:
            for frame in video:
                yield key_hole(frame, self.color, self.tolerance)
