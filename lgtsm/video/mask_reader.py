"""Decode masks (an image, a folder of images or a video) into holes, 1 = missing, for filling and training.

The brightest channel of a pixel counts, so that red paint on black marks a hole like white does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from lgtsm.checks import check_choice
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import list_images
from lgtsm.video.listing import IMAGE_EXTENSIONS
from lgtsm.video.mask_edit import Mask
from lgtsm.video.open import open_video

MEANINGS = ("hole", "valid", "objects")


class MaskPictures:
    """The pictures of a mask as holes, at their own size and count.

    Args:
        path: an image, a folder of images, or a video. In images with a colored palette (DAVIS annotations) every
            entry but the first counts as white.
        meaning: "hole": brighter than 127 is missing; "valid": brighter than 127 is known, as in FVI and
            FaceForensics; "objects": any color but black is an object to remove, as in DAVIS.

    Attributes:
        files: the images; None for a video.
        is_still: whether it is one image, for any number of frames.
        brightest: the brightest value read so far, 0 to 255.

    Raises:
        VideoError: the path is missing or holds no images or video.
    """

    def __init__(self, path: str | Path, meaning: str = "hole"):
        check_choice("meaning", meaning, MEANINGS)
        self.path, self.meaning, self.brightest = Path(path), meaning, 0
        if not self.path.exists():
            raise VideoError(f"{path} must be a mask (image, folder of images, or video); there is nothing there.")
        self.is_still = self.path.is_file() and self.path.suffix.lower() in IMAGE_EXTENSIONS
        self.files = [self.path] if self.is_still else list_images(self.path) if self.path.is_dir() else None
        self._source = open_video(self.path, "pyav") if self.files is None else self.files

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every hole in order, (height, width) uint8, 1 = missing, at constant memory."""
        return map(self._hole, self._source)

    def read(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """Return the holes of the frames `numbers` (any order, repeats allowed), (height, width) uint8 each."""
        wanted = sorted(set(numbers))
        if self.files is None:
            with self._source as video:
                pictures = video.read(wanted)
        else:
            pictures = [self.files[number] for number in wanted]
        holes = {number: self._hole(picture) for number, picture in zip(wanted, pictures)}
        return [holes[number] for number in numbers]

    def _hole(self, picture: np.ndarray | Path) -> np.ndarray:
        brightness = read_brightness(picture) if self.files is not None else _brightest_channel(picture)
        self.brightest = max(self.brightest, int(brightness.max()))
        if self.meaning == "objects":
            return (brightness > 0).astype(np.uint8)
        return ((brightness > 127) == (self.meaning == "hole")).astype(np.uint8)


def read_brightness(file: Path) -> np.ndarray:
    """Read a mask image, upright, as (height, width) uint8: the brightest channel, 0 where it is transparent.

    Raises:
        VideoError: it is not an image.
    """
    try:
        with Image.open(file) as image:
            ImageOps.exif_transpose(image, in_place=True)
            if image.mode in ("1", "L") and "transparency" not in image.info:
                return np.array(image.convert("L"))
            if image.mode == "P" and _is_colored(image):
                return np.where(np.asarray(image) > 0, 255, 0).astype(np.uint8)
            if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more
                pixels = np.asarray(image).astype(np.float64)
                return np.clip(pixels / 257 if pixels.max() > 255 else pixels, 0, 255).astype(np.uint8)
            rgba = np.asarray(image.convert("RGBA"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise VideoError(f"{file} must be a mask image (PNG, JPEG, ...); it cannot be decoded.") from error
    return (_brightest_channel(rgba).astype(np.uint16) * rgba[..., 3] // 255).astype(np.uint8)


def _brightest_channel(picture: np.ndarray) -> np.ndarray:
    red, green, blue = (cv2.extractChannel(picture, channel) for channel in range(3))
    return cv2.max(cv2.max(red, green), blue)


def _is_colored(image: Image.Image) -> bool:
    """Return whether the image uses palette colors other than gray, so that they are labels, not brightness."""
    palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = palette[np.unique(np.asarray(image))]
    return bool((used != used[:, :1]).any())


def read_mask(
    path: str | Path,
    num_frames: int,
    height: int,
    width: int,
    invert: bool = False,
    resize: bool = False,
    repeat: bool = False,
    notice: Callable[[str], None] | None = None,
) -> np.ndarray:
    """Read a whole mask; see `MaskReader` and `lgtsm.video.mask_edit.Mask` for arguments and errors.

    Returns:
        (num_frames, height, width) uint8, 1 = missing, 0 = known.
    """
    return np.stack(list(Mask(MaskReader(path, num_frames, height, width, resize, repeat), invert, notice=notice)))


class MaskReader:
    """A mask as holes that match a video in number and size; can be iterated repeatedly.

    Args:
        path: an image for all frames, a folder of images, or a video, as in `MaskPictures`.
        num_frames: number of frames of the video; None takes that of the mask.
        height, width: size of the video, in pixels.
        resize: scale the mask to the video (nearest neighbor).
        repeat: repeat the last frame of a mask that is too short, cut one that is too long.

    Raises:
        VideoError: the length differs; while iterating: a frame is unreadable or the size differs.
    """

    def __init__(
        self,
        path: str | Path,
        num_frames: int | None,
        height: int,
        width: int,
        resize: bool = False,
        repeat: bool = False,
    ):
        self.name, self.height, self.width, self.resize = str(path), height, width, resize
        self.pictures = MaskPictures(path)
        length = len(self.pictures)
        self.num_frames = length if num_frames is None else num_frames
        if length != self.num_frames and not self.pictures.is_still and not repeat:
            raise VideoError(
                f"{path} must have {num_frames} frames like the video; it has {length}. Use one mask per frame or one "
                "image for all, or set `repeat` to repeat the last mask or cut extra ones."
            )

    @property
    def why_empty(self) -> str:
        """Advice for a mask that masks nothing."""
        brightest = self.pictures.brightest
        if 0 < brightest < 128:
            return f"Its brightest value is {brightest}, but a hole must exceed 127: scale it to 255."
        return "Paint the hole white."

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        hole, count = None, 0
        for hole in itertools.islice(self.pictures, self.num_frames):
            if hole.shape != (self.height, self.width):
                if not self.resize:
                    raise VideoError(
                        f"{self.name} must be {self.width}x{self.height} like the video; it is "
                        f"{hole.shape[1]}x{hole.shape[0]}. Use a mask of that size, or set `resize` to scale it."
                    )
                hole = cv2.resize(hole, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)
            yield hole
            count += 1
        yield from itertools.repeat(hole, self.num_frames - count)
