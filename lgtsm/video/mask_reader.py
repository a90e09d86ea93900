"""Fit masks to a video in number and size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lgtsm.counted import counted
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import VIDEO_EXTENSIONS
from lgtsm.video.mask_edit import Mask
from lgtsm.video.mask_levels import named
from lgtsm.video.mask_numbers import pair_by_number
from lgtsm.video.mask_pictures import MaskPictures


def read_mask(
    path: str | Path,
    num_frames: int,
    height: int,
    width: int,
    invert: bool = False,
    resize: bool = False,
    repeat: bool = False,
    notice: Callable[[str], None] | None = None,
    **options: Any,
) -> np.ndarray:
    """Read a whole mask; see `MaskReader` (also for `options`) and `lgtsm.video.mask_edit.Mask`.

    Returns:
        (num_frames, height, width) uint8, 1 = missing, 0 = known.
    """
    reader = MaskReader(path, num_frames, height, width, resize, repeat, **options)
    return np.stack(list(Mask(reader, invert, notice=notice)))


class MaskReader:
    """A mask as holes that match a video in number and size; can be iterated repeatedly.

    Call `settle` after the first pass: only then are labels of objects known (`lgtsm.video.mask_edit.Mask` does).

    Args:
        path: an image for all frames, a folder of images, a video, or an array; see
            `lgtsm.video.mask_pictures.MaskPictures`.
        num_frames: number of frames of the video; None takes that of the mask.
        height, width: size of the video, in pixels.
        resize: scale the mask to the video (nearest neighbor).
        repeat: repeat the last frame of a mask that is too short, cut one that is too long.
        by_order: pair images with frames by order, whatever the numbers in their names.
        levels: as in `lgtsm.video.mask_pictures.MaskPictures`.
        frames: the images of the video, to pair by number; None for a file.
        turned: how the video comes to be shown upright, like "rotation=90"; for messages.

    Raises:
        VideoError: the length or the numbers differ; while iterating: a frame is unreadable or the size differs.
    """

    def __init__(
        self,
        path: str | Path,
        num_frames: int | None,
        height: int,
        width: int,
        resize: bool = False,
        repeat: bool = False,
        by_order: bool = False,
        levels: Sequence[tuple[int, int]] = (),
        frames: Sequence[Path] | None = None,
        turned: str = "",
    ):
        self.name, self.height, self.width, self.resize, self.turned = str(path), height, width, resize, turned
        self.pictures = MaskPictures(path, levels=levels)
        length, files = len(self.pictures), self.pictures.files
        self.num_frames = length if num_frames is None else num_frames
        self._numbers = None
        if files is not None and not self.pictures.is_still and not by_order:
            self._numbers = pair_by_number(self.name, files, frames, self.num_frames, repeat)
        if length != self.num_frames and self._numbers is None and not self.pictures.is_still and not repeat:
            raise VideoError(
                f"{path} must have {counted(self.num_frames, 'frame')} like the video; it has {length}. Use one "
                "mask per frame or one image for all, or set `repeat` to repeat the last mask or cut extra ones."
            )

    @property
    def why_empty(self) -> str:
        """Advice for a mask that masks nothing."""
        if self.pictures.faults:
            return " ".join(self.pictures.faults)
        brightest = self.pictures.levels_read.brightest
        if self.pictures.levels:
            there = [int(level) for level in np.flatnonzero(self.pictures.levels_read.counts)]
            return f"The levels in it are {named(there)}."
        if 0 < brightest < 128:
            return f"Its brightest value is {brightest}, but a hole must exceed 127: scale it to 255."
        return "Paint the hole white."

    @property
    def remarks(self) -> list[str]:
        """Sentences about how the mask is understood, and what it lacks, after `settle`."""
        pictures, said = self.pictures, list(self.pictures.faults)
        if pictures.by_alpha is not None:
            said.append(
                f"{pictures.by_alpha} is dark and differs in alpha only: its opaque part is taken as the hole. If the "
                "transparent part is meant, set `invert`."
            )
        if pictures.is_still and self.num_frames > 1 and pictures.path.suffix.lower() in VIDEO_EXTENSIONS:
            said.append(f"{self.name} holds one picture, which is taken for all frames.")
        labels = [] if pictures.levels else pictures.levels_read.labels()
        if len(labels) > 1:
            said.append(
                f"{self.name} has areas of the gray levels {named(labels)}: all of them are taken as objects to "
                f"remove. To take only some, set `levels`, like {(labels[-2] + labels[-1]) // 2 + 1}-255."
            )
        elif labels and labels[0] < 128:
            said.append(f"{self.name} is black and gray: its level {labels[0]} is taken as white.")
        return said

    def settle(self) -> bool:
        """Recognize labels of objects, after the first pass; return whether the holes change."""
        return self.pictures.settle()

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        before: np.ndarray | None = None
        fitted: Any = None
        count = 0
        holes = iter(self.pictures) if self._numbers is None else self.pictures.in_order(self._numbers)
        for hole in itertools.islice(holes, self.num_frames):
            if hole is not before:
                before, fitted = hole, self._fit(hole)
            yield fitted
            count += 1
        yield from itertools.repeat(fitted, self.num_frames - count)

    def _fit(self, hole: np.ndarray) -> np.ndarray:
        height, width = hole.shape
        if (height, width) == (self.height, self.width):
            return hole
        if self.resize:
            return cv2.resize(hole, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)
        mend = "Use a mask of that size, or set `resize` to scale it."
        if (height, width) == (self.width, self.height):
            mend = "Width and height are swapped: turn the mask by 90 degrees."
            if self.turned:
                mend = f"The video is stored as {width}x{height} and shown turned ({self.turned}): draw the mask on "
                mend += "the picture as shown, or turn it the same way."
        raise VideoError(
            f"{self.name} must be {self.width}x{self.height} like the video; it is {width}x{height}. {mend}"
        )
