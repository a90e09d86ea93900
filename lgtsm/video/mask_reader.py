"""The one decoder of masks: an image, a folder of images or a video as holes (1 = missing), to fill or to train with.

A pixel is as bright as its brightest channel, so that whatever is painted on black, white or red, counts as marked.
"""

from __future__ import annotations

import functools
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
from lgtsm.video.mask_edit import FirstTime
from lgtsm.video.open import open_video

MEANINGS = ("hole", "valid", "objects")


class MaskPictures:
    """The pictures of a mask as holes, as many and as large as they are.

    Args:
        path: an image, a folder of images, or a video. In images with a colored palette (DAVIS annotations) every
            entry but the first counts as white.
        meaning: "hole": brighter than 127 is missing; "valid": brighter than 127 is known, as in FVI and
            FaceForensics; "objects": whatever is not black is an object to remove, as in DAVIS.

    Attributes:
        files: the images; None for a video.
        is_still: one image, for any number of frames.
        brightest: the brightest value that was read so far, 0 to 255.

    Raises:
        VideoError: there is nothing to read.
    """

    def __init__(self, path: str | Path, meaning: str = "hole"):
        check_choice("meaning", meaning, MEANINGS)
        self.path, self.meaning, self.brightest = Path(path), meaning, 0
        if not self.path.exists():
            raise VideoError(
                f"{path} must be a mask (an image, a folder of images, or a video); there is nothing there. "
                "Check the path."
            )
        self.is_still = self.path.is_file() and self.path.suffix.lower() in IMAGE_EXTENSIONS
        self.files = [self.path] if self.is_still else list_images(self.path) if self.path.is_dir() else None
        self._source = open_video(self.path, "pyav") if self.files is None else self.files

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every hole in order, (height, width) uint8, 1 = missing, at constant memory."""
        for picture in self._source:
            yield self._hole(picture)

    def read(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """Return the holes of some frames (any order, repeats allowed), (height, width) uint8 each."""
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
    """Read a mask image as (height, width) uint8: the brightest channel, 0 where it is transparent, upright.

    Raises:
        VideoError: it is no image.
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
        raise VideoError(
            f"{file} must be a mask image (PNG, JPEG, ...); it cannot be decoded. Write it again."
        ) from error
    return (_brightest_channel(rgba).astype(np.uint16) * rgba[..., 3] // 255).astype(np.uint8)


def _brightest_channel(picture: np.ndarray) -> np.ndarray:
    red, green, blue = (cv2.extractChannel(picture, channel) for channel in range(3))
    return cv2.max(cv2.max(red, green), blue)


def _is_colored(image: Image.Image) -> bool:
    """Whether the palette holds a color that is not gray, so that its entries are labels rather than brightness."""
    palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = palette[np.unique(np.asarray(image))]
    return bool((used != used[:, :1]).any())


def read_mask(path: str | Path, num_frames: int, height: int, width: int, **options) -> np.ndarray:
    """Read a whole mask. Arguments and errors are those of `MaskReader`.

    Returns:
        (num_frames, height, width) uint8, 1 = missing, 0 = known.
    """
    return np.stack(list(MaskReader(path, num_frames, height, width, **options)))


class MaskReader:
    """The mask of a video, for any length; `for hole in reader` gives (height, width) uint8, as often as asked.

    Opening looks at its length; what the pictures hold is checked at the end of the first time through. So go through
    it with `lgtsm.video.survey.survey` before any work is done.

    Args:
        path: an image for all frames, a folder of images, or a video, as in `MaskPictures`.
        num_frames: frames of the video to fill; None for as many as the mask has.
        height: its height in pixels.
        width: its width.
        invert: the mask is black where something is to be removed.
        resize: scale a mask of another size to the video (nearest neighbor).
        repeat: a mask that is too short goes on with its last frame, one that is too long is cut.
        notice: called with a sentence if more than half of the pixels are masked.

    Raises:
        VideoError: another length; when it is gone through: unreadable, another size, nothing or everything masked.
    """

    def __init__(
        self,
        path: str | Path,
        num_frames: int | None,
        height: int,
        width: int,
        invert: bool = False,
        resize: bool = False,
        repeat: bool = False,
        notice: Callable[[str], None] | None = None,
    ):
        self.path, self.height, self.width = Path(path), height, width
        self._invert, self._resize, self._repeat = invert, resize, repeat
        self._pictures = MaskPictures(path, "valid" if invert else "hole")
        self.num_frames = len(self._pictures) if num_frames is None else num_frames
        self._check_length()
        self._first_time = FirstTime(functools.partial(self._check_share, notice=notice))

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._first_time.watch(self._in_number())

    def _in_number(self) -> Iterator[np.ndarray]:
        """Yield as many holes as the video has frames."""
        hole, count = None, 0
        for hole in itertools.islice(self._holes(), self.num_frames):
            yield hole
            count += 1
        yield from itertools.repeat(hole, self.num_frames - count)

    def _holes(self) -> Iterator[np.ndarray]:
        """Yield the holes of the source as they are, in its own number."""
        for hole in self._pictures:
            if hole.shape != (self.height, self.width):
                if not self._resize:
                    raise VideoError(
                        f"{self.path} must be {self.width}x{self.height} like the video; it is "
                        f"{hole.shape[1]}x{hole.shape[0]}. Give a mask of that size, or let it be scaled with "
                        "--resize-mask (resize=True)."
                    )
                hole = cv2.resize(hole, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)
            yield hole

    def _check_length(self) -> None:
        length = len(self._pictures)
        if length != self.num_frames and not self._pictures.is_still and not self._repeat:
            raise VideoError(
                f"{self.path} must have {self.num_frames} frames like the video; it has {length}. Give one mask per "
                "frame, one image for all, or let the last one be repeated (a longer one cut) with --repeat-mask "
                "(repeat=True)."
            )

    def _check_share(self, share: float, notice: Callable[[str], None] | None) -> None:
        if share == 0:
            hint = "Paint white what is to be removed."
            if self._invert:
                hint = "Leave out --invert-mask (invert=False), if white marks what is to be removed."
            elif 0 < self._pictures.brightest < 128:
                brightest = self._pictures.brightest
                hint = f"Its brightest value is {brightest}, and a hole is brighter than 127: multiply it up to 255."
            raise VideoError(f"{self.path} must mask something; no pixel in it is masked. {hint}")
        if share == 1:
            raise VideoError(
                f"{self.path} must leave something of the video; every pixel of every frame is masked, so that nothing "
                "is known to fill from. Paint white only what is to be removed."
            )
        if share > 0.5 and notice is not None:
            notice(
                f"{self.path} masks {share:.0%} of the video. If black marks what is to be removed, "
                + ("leave out --invert-mask (invert=False)." if self._invert else "add --invert-mask (invert=True).")
            )
