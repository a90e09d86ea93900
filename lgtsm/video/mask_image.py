"""Read one mask image as levels from 0 to 255."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import image_size
from lgtsm.video.mask_levels import BRIGHT

ONE_COLOR = 8  # largest difference within a color, for what compression does to it


class MaskImage(NamedTuple):
    """A mask image, upright.

    levels: uint8 (height, width). by_alpha: whether they are the alpha of dark paint, which has no levels itself.
    """

    levels: np.ndarray
    by_alpha: bool = False


def read_mask_image(file: Path, labels: bool = False) -> MaskImage:
    """Read a mask image: the brightest channel, 0 where it is transparent.

    Where all that shows has one color, its alpha alone holds the mask. Entries of a colored palette are objects
    whatever their color: all but the first become 255.

    Args:
        file: PNG, JPEG, TIFF, ...; 8 bits, 16 bits, or floating point from 0 to 1 or to 255.
        labels: keep the numbers of the entries of a colored palette.

    Raises:
        VideoError: it is not an image, or holds several.
    """
    image_size(file, "a mask image (PNG, JPEG, ...)")
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file) as image:  # Pillow warns of large ones
            pages = getattr(image, "n_frames", 1)
            if pages > 1 and image.format != "MPO":  # a photo with a second view
                raise VideoError(
                    f"{file} must hold one mask; it holds {pages} pages or pictures. Save each as an image "
                    "in a folder, or all as a video."
                )
            ImageOps.exif_transpose(image, in_place=True)
            if image.mode in ("1", "L") and "transparency" not in image.info:
                return MaskImage(np.array(image.convert("L")))
            if image.mode == "P" and _is_colored(image):
                return MaskImage(np.asarray(image) if labels else np.where(np.asarray(image) > 0, np.uint8(255), 0))
            if image.mode.startswith("I") or image.mode == "F":
                return MaskImage(to_levels(np.asarray(image)))
            rgba = np.asarray(image.convert("RGBA"))
    except VideoError:
        raise
    except Exception as error:  # Pillow's decoders raise anything: OSError, SyntaxError, struct.error, ...
        raise VideoError(f"{file} must be a mask image (PNG, JPEG, ...); it cannot be decoded.") from error
    return of_rgba(rgba)


def of_rgba(rgba: np.ndarray) -> MaskImage:
    """Return the levels of a picture with alpha, uint8 (height, width, 4); see `read_mask_image`."""
    alpha = np.ascontiguousarray(rgba[..., 3])
    if alpha.min() < alpha.max():
        shown = rgba[alpha > 0, :3]
        if (shown.max(0) - shown.min(0)).max() <= ONE_COLOR:
            return MaskImage(alpha, by_alpha=bool(shown.max() <= BRIGHT))
    return MaskImage((brightest_channel(rgba).astype(np.uint16) * alpha // 255).astype(np.uint8))


def to_levels(values: np.ndarray, most: float | None = None) -> np.ndarray:
    """Scale numbers of any type to uint8: true to 255, 16 bits and fractions of 1 too.

    Args:
        values: any shape.
        most: the largest value of the whole mask; None takes that of `values`.
    """
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    fractions = values.dtype.kind == "f"
    values = np.nan_to_num(values.astype(np.float64))
    most = values.max(initial=0) if most is None else most
    scale = 255 if fractions and most <= 1 else 1 / 257 if most > 255 else 1
    return np.clip(values * scale, 0, 255).astype(np.uint8)


def brightest_channel(picture: np.ndarray) -> np.ndarray:
    """Return the largest of the first three channels of a picture, uint8 (height, width)."""
    red, green, blue = (cv2.extractChannel(picture, channel) for channel in range(3))
    return cv2.max(cv2.max(red, green), blue)


def _is_colored(image: Image.Image) -> bool:
    """Return whether the image uses palette colors other than gray, so that they are labels, not brightness."""
    palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = palette[np.unique(np.asarray(image))]
    return bool((used != used[:, :1]).any())
