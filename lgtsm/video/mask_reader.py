"""Read a mask (white = remove) as holes (1 = missing): one image for all frames, a folder of images, or a video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import list_images
from lgtsm.video.listing import IMAGE_EXTENSIONS
from lgtsm.video.open import open_video


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
    """Read a whole mask. Arguments and errors are those of `open_mask`.

    Returns:
        (num_frames, height, width) uint8, 1 = missing, 0 = known.
    """
    return np.stack(list(open_mask(path, num_frames, height, width, invert, resize, repeat, notice)))


def open_mask(
    path: str | Path,
    num_frames: int,
    height: int,
    width: int,
    invert: bool = False,
    resize: bool = False,
    repeat: bool = False,
    notice: Callable[[str], None] | None = None,
) -> MaskReader:
    """Open a mask of any length to go through it frame by frame at constant memory.

    The mask is read once at opening, so that whatever is wrong with it comes up before any work is done.

    Args:
        path: an image for all frames, a folder of images, or a video. Brighter than 127 is a hole; in images with a
            coloured palette (DAVIS annotations) every entry but the first is.
        num_frames: frames of the video to fill.
        height: its height in pixels.
        width: its width.
        invert: the mask is black where something is to be removed.
        resize: scale a mask of another size to the video (nearest neighbour).
        repeat: a mask that is too short goes on with its last frame, one that is too long is cut.
        notice: called with a sentence if more than half of the pixels are masked.

    Raises:
        VideoError: unreadable, another size or length, nothing masked, or everything masked.
    """
    return MaskReader(path, num_frames, height, width, invert, resize, repeat, notice)


class MaskReader:
    """Holes, frame by frame; `for hole in reader` gives (height, width) uint8, 1 = missing, as often as asked.

    Attributes:
        hole_share: share of all pixels that is missing, 0 to 1.
    """

    def __init__(
        self,
        path: str | Path,
        num_frames: int,
        height: int,
        width: int,
        invert: bool,
        resize: bool,
        repeat: bool,
        notice: Callable[[str], None] | None,
    ):
        self.path, self.num_frames, self.height, self.width = Path(path), num_frames, height, width
        self._invert, self._resize, self._repeat = invert, resize, repeat
        if not self.path.exists():
            raise VideoError(
                f"{path} must be a mask (an image, a folder of images, or a video); there is nothing there. "
                "Check the path."
            )
        self._is_image = self.path.is_file() and self.path.suffix.lower() in IMAGE_EXTENSIONS
        self._brightest = 0
        self._check_length()
        self.hole_share = self._measure()
        self._check_share(notice)

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        hole, count = None, 0
        for hole in self._holes():
            if count == self.num_frames:
                return
            yield hole
            count += 1
        while count < self.num_frames:
            yield hole
            count += 1

    def _holes(self) -> Iterator[np.ndarray]:
        """Yield the holes of the source as they are, in its own number."""
        for gray in self._grays():
            self._brightest = max(self._brightest, int(gray.max()))
            hole = (gray > 127).astype(np.uint8)
            if self._invert:
                hole = 1 - hole
            if hole.shape != (self.height, self.width):
                if not self._resize:
                    raise VideoError(
                        f"{self.path} must be {self.width}x{self.height} like the video; it is "
                        f"{hole.shape[1]}x{hole.shape[0]}. Give a mask of that size, or let it be scaled with "
                        "--resize-mask (resize=True)."
                    )
                hole = cv2.resize(hole, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)
            yield hole

    def _grays(self) -> Iterator[np.ndarray]:
        """Yield (h, w) uint8 brightness."""
        if self._is_image:
            yield _mask_image(self.path)
        elif self.path.is_dir():
            yield from map(_mask_image, list_images(self.path))
        else:
            with open_video(self.path, backend="pyav") as video:
                for frame in video:
                    yield cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)

    def _check_length(self) -> None:
        if self._is_image or self._repeat:
            return
        if self.path.is_dir():
            length = len(list_images(self.path))
        else:
            with open_video(self.path, backend="pyav") as video:
                length = len(video)
        if length != self.num_frames:
            raise VideoError(
                f"{self.path} must have {self.num_frames} frames like the video; it has {length}. Give one mask per "
                "frame, one image for all, or let the last one be repeated (a longer one cut) with --repeat-mask "
                "(repeat=True)."
            )

    def _measure(self) -> float:
        if self._is_image:
            return float(next(iter(self)).mean())
        return sum(float(hole.mean()) for hole in self) / self.num_frames

    def _check_share(self, notice: Callable[[str], None] | None) -> None:
        if self.hole_share == 0:
            hint = "Paint white what is to be removed."
            if self._invert:
                hint = "Leave out --invert-mask (invert=False), if white marks what is to be removed."
            elif 0 < self._brightest < 128:
                hint = (
                    f"Its brightest value is {self._brightest}, and a hole is brighter than 127: multiply it up to 255."
                )
            raise VideoError(f"{self.path} must mask something; no pixel in it is masked. {hint}")
        if self.hole_share == 1:
            raise VideoError(
                f"{self.path} must leave something of the video; every pixel of every frame is masked, so that nothing "
                "is known to fill from. Paint white only what is to be removed."
            )
        if self.hole_share > 0.5 and notice is not None:
            notice(
                f"{self.path} masks {self.hole_share:.0%} of the video. If black marks what is to be removed, "
                + ("leave out --invert-mask (invert=False)." if self._invert else "add --invert-mask (invert=True).")
            )


def _mask_image(file: Path) -> np.ndarray:
    """Read one mask image as (height, width) uint8 brightness; 0 where it is transparent.

    Raises:
        VideoError: it is no image.
    """
    try:
        with Image.open(file) as image:
            if image.mode in ("1", "L") and "transparency" not in image.info:
                return np.array(image.convert("L"))
            if image.mode == "P" and _is_coloured(image):
                return np.where(np.asarray(image) > 0, 255, 0).astype(np.uint8)
            if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more
                pixels = np.asarray(image).astype(np.float64)
                return np.clip(pixels / 257 if pixels.max() > 255 else pixels, 0, 255).astype(np.uint8)
            rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
    except (UnidentifiedImageError, OSError) as error:
        raise VideoError(
            f"{file} must be a mask image (PNG, JPEG, ...); it cannot be decoded. Write it again."
        ) from error
    gray = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3].astype(np.uint8)), cv2.COLOR_RGB2GRAY)
    return (gray.astype(np.uint16) * rgba[..., 3] // 255).astype(np.uint8)


def _is_coloured(image: Image.Image) -> bool:
    """Whether the palette holds a colour that is not gray, so that its entries are labels rather than brightness."""
    palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = palette[np.unique(np.asarray(image))]
    return bool((used != used[:, :1]).any())
