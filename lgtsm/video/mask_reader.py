"""Decode masks (an image, a folder of images, a video or an array) into holes, 1 = missing, for filling and training.

The brightest channel of a pixel counts, so that red paint on black marks a hole like white does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lgtsm.checks import check_choice
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import list_images
from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS
from lgtsm.video.mask_array import MaskArray
from lgtsm.video.mask_edit import Mask
from lgtsm.video.mask_image import brightest_channel, of_rgba, read_mask_image
from lgtsm.video.mask_levels import Levels, chosen, cut_below, named
from lgtsm.video.mask_numbers import pair_by_number
from lgtsm.video.open import open_video
from lgtsm.video.orientation import Orientation
from lgtsm.video.reader import Picture

MEANINGS = ("hole", "valid", "objects")
ARRAY_EXTENSION = ".npy"


class MaskPictures:
    """The pictures of a mask as holes, at their own size and count.

    Args:
        path: an image, a folder of images, a video, or an array (see `lgtsm.video.mask_array.MaskArray`). In images
            with a colored palette (DAVIS annotations) every entry but the first counts as white.
        meaning: "hole": bright is missing; "valid": bright is known, as in FVI and FaceForensics; "objects": any color
            but black is an object to remove, as in DAVIS.
        levels: gray levels that count as bright, (first, last) pairs; of a colored palette, its entries. Without, those
            above 127, or all labels of objects that `lgtsm.video.mask_levels.Levels` finds.

    Attributes:
        files: the images; None for a video or an array.
        is_still: whether it is one image, for any number of frames.
        levels_read: the levels read so far, as `Levels`.
        by_alpha: an image or video read so far whose alpha alone holds the mask; None if there is none.

    Raises:
        VideoError: the path is missing or holds no images or video.
    """

    def __init__(self, path: str | Path, meaning: str = "hole", levels: Sequence[tuple[int, int]] = ()):
        check_choice("meaning", meaning, MEANINGS)
        self.path, self.meaning, self.levels = Path(path), meaning, tuple(levels)
        self.levels_read, self.by_alpha, self._cut = Levels(), None, cut_below([])
        if not self.path.exists():
            raise VideoError(f"{path} must be a mask (image, folder of images, or video); there is nothing there.")
        self.is_still, self.files, self._source = is_still(self.path), None, None
        if self.path.is_dir():
            self.files = list_images(self.path)
        elif self.path.suffix.lower() == ARRAY_EXTENSION:
            self._source = MaskArray(self.path)
        elif self.is_still:
            self.files = [self.path]
        else:
            self._source = _open_video(self.path)

    def __len__(self) -> int:
        return len(self._source if self.files is None else self.files)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every hole in order, (height, width) uint8, 1 = missing, at constant memory."""
        if self.files is None and not isinstance(self._source, MaskArray):
            return map(self._hole, self._source.pictures())
        return map(self._hole, self._source if self.files is None else self.files)

    def in_order(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield the holes of images by their numbers, which never decrease; equal numbers give the same array."""
        before = hole = None
        for number in numbers:
            if number != before:
                before, hole = number, self._hole(self.files[number])
            yield hole

    def read(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """Return the holes of the frames `numbers` (any order, repeats allowed), (height, width) uint8 each.

        Labels of objects are recognized by these frames alone.
        """
        wanted = sorted(set(numbers))
        if self.files is not None:
            pictures = [self.files[number] for number in wanted]
        elif isinstance(self._source, MaskArray):
            pictures = [self._source[number] for number in wanted]
        else:
            with self._source as video:
                pictures = video.read(wanted)
        self.levels_read = Levels()
        pictures = [self._levels(picture) for picture in pictures]
        self.settle()
        holes = {number: self._cut_out(picture) for number, picture in zip(wanted, pictures)}
        return [holes[number] for number in numbers]

    def settle(self) -> bool:
        """Recognize labels by all levels read so far; return whether that changes the holes."""
        before, self._cut = self._cut, cut_below(self.levels_read.labels())
        return self._cut != before and self.meaning != "objects" and not self.levels

    def _hole(self, picture: np.ndarray | Path | Picture) -> np.ndarray:
        return self._cut_out(self._levels(picture))

    def _levels(self, picture: np.ndarray | Path | Picture) -> np.ndarray:
        """Return the levels of an image, a frame, or an array, uint8 (height, width)."""
        if isinstance(picture, Path):
            file, (picture, by_alpha) = picture, read_mask_image(picture, labels=bool(self.levels))
            self.by_alpha = self.by_alpha or (file if by_alpha else None)
        elif isinstance(picture, Picture):
            rgba = with_alpha(picture)
            picture, by_alpha = (brightest_channel(picture.image), False) if rgba is None else of_rgba(rgba)
            self.by_alpha = self.by_alpha or (self.path if by_alpha else None)
        elif picture.ndim == 3:
            picture = brightest_channel(picture)
        self.levels_read.add(picture)
        return picture

    def _cut_out(self, picture: np.ndarray) -> np.ndarray:
        if self.levels:
            return chosen(picture, self.levels) ^ np.uint8(self.meaning == "valid")
        if self.meaning == "objects":
            return (picture > 0).astype(np.uint8)
        return ((picture > self._cut) == (self.meaning == "hole")).astype(np.uint8)


def is_still(path: Path) -> bool:
    """Return whether a mask is one picture for all frames: an image by its name, or an array without time."""
    if not path.is_file():
        return False
    ending = path.suffix.lower()
    return ending in IMAGE_EXTENSIONS or (ending == ARRAY_EXTENSION and MaskArray(path).is_still)


def with_alpha(picture: Picture) -> np.ndarray | None:
    """Return a frame of a video as upright RGB and alpha, uint8 (height, width, 4); None if it has no alpha."""
    source = picture.source
    if source is None or not any(part.is_alpha for part in source.format.components):
        return None
    alpha = Orientation.of_frame(source).apply(source.reformat(format="rgba").to_ndarray())[..., 3:]
    return np.concatenate([picture.image, alpha], -1)


def _open_video(path: Path):
    try:
        return open_video(path, "pyav")
    except VideoError as error:
        if path.suffix.lower() in VIDEO_EXTENSIONS:
            raise
        raise VideoError(
            f"{path} must be a mask: an image ({', '.join(sorted(IMAGE_EXTENSIONS))}), a folder of images, a video, or "
            f"an array from `np.save` ({ARRAY_EXTENSION}); it is none of them. Save it as one."
        ) from error


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
        path: an image for all frames, a folder of images, a video, or an array, as in `MaskPictures`.
        num_frames: number of frames of the video; None takes that of the mask.
        height, width: size of the video, in pixels.
        resize: scale the mask to the video (nearest neighbor).
        repeat: repeat the last frame of a mask that is too short, cut one that is too long.
        by_order: pair images with frames by order, whatever the numbers in their names.
        levels: as in `MaskPictures`.
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
                f"{path} must have {num_frames} frames like the video; it has {length}. Use one mask per frame or one "
                "image for all, or set `repeat` to repeat the last mask or cut extra ones."
            )

    @property
    def why_empty(self) -> str:
        """Advice for a mask that masks nothing."""
        brightest = self.pictures.levels_read.brightest
        if self.pictures.levels:
            there = [int(level) for level in np.flatnonzero(self.pictures.levels_read.counts)]
            return f"The levels in it are {named(there)}."
        if 0 < brightest < 128:
            return f"Its brightest value is {brightest}, but a hole must exceed 127: scale it to 255."
        return "Paint the hole white."

    @property
    def remarks(self) -> list[str]:
        """Sentences about how the mask is understood, after `settle`."""
        pictures, said = self.pictures, []
        if pictures.by_alpha is not None:
            said.append(
                f"{pictures.by_alpha} is dark and differs in alpha only: its opaque part is taken as the hole. If the "
                "transparent part is meant, set `invert`."
            )
        labels = [] if pictures.levels else pictures.levels_read.labels()
        if len(labels) > 1:
            said.append(
                f"{self.name} has areas of the gray levels {named(labels)}: all of them are taken as objects to "
                "remove. To take only some, set `levels`, like 128-255."
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
        hole = before = fitted = None
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
