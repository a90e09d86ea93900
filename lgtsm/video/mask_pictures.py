"""Decode masks (an image, a folder of images, a video or an array) into holes, 1 = missing, for filling and training.

The brightest channel of a pixel counts, so that red paint on black marks a hole like white does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.checks import check_choice
from lgtsm.regular_file import check_file, is_folder
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import list_images
from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS
from lgtsm.video.mask_array import MaskArray
from lgtsm.video.mask_image import brightest_channel, of_rgba, read_mask_image
from lgtsm.video.mask_levels import Levels, chosen, cut_below
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
        is_still: whether it is one picture, for any number of frames; a folder never is, nor a film that was cut off.
        levels_read: the levels read so far, as `Levels`.
        by_alpha: an image or video read so far whose alpha alone holds the mask; None if there is none.

    Raises:
        VideoError: the path is missing or holds no images or video.
    """

    def __init__(self, path: str | Path, meaning: str = "hole", levels: Sequence[tuple[int, int]] = ()):
        check_choice("meaning", meaning, MEANINGS)
        self.path, self.meaning, self.levels = Path(path), meaning, tuple(levels)
        self.levels_read, self._cut = Levels(), cut_below([])
        self.by_alpha: Path | None = None
        what = "a mask (image, folder of images, or video)"
        in_folder = is_folder(self.path, what)
        if not in_folder:
            check_file(self.path, what)
        self.files: list[Path] | None = None
        self._source: Any = None  # an array or a video, where there are no images
        if in_folder:
            self.files = list_images(self.path, allow_gaps=True)  # masks are paired by number
        elif self.path.suffix.lower() == ARRAY_EXTENSION:
            self._source = MaskArray(self.path)
        elif self.path.suffix.lower() in IMAGE_EXTENSIONS:
            self.files = [self.path]
        else:
            self._source = _open_video(self.path)
        self.is_still = not in_folder and len(self) == 1 and not self.faults

    @property
    def faults(self) -> tuple[str, ...]:
        """Sentences on what is wrong with a video, such as a missing end."""
        return getattr(getattr(self._source, "index", None), "faults", ())

    def __len__(self) -> int:
        return len(self._source if self.files is None else self.files)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every hole in order, (height, width) uint8, 1 = missing, at constant memory."""
        if self.files is None and not isinstance(self._source, MaskArray):
            return map(self._hole, self._source.pictures())
        return map(self._hole, self._source if self.files is None else self.files)

    def in_order(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield the holes of images by their numbers, which never decrease; equal numbers give the same array."""
        files: Any = self.files
        before, hole = None, np.empty(0)
        for number in numbers:
            if number != before:
                before, hole = number, self._hole(files[number])
            yield hole

    def read(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """Return the holes of the frames `numbers` (any order, repeats allowed), (height, width) uint8 each.

        Labels of objects are recognized by these frames alone.
        """
        wanted = sorted(set(numbers))
        pictures: Sequence[Any]
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
