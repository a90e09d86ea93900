"""Read a mask from a NumPy file, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lgtsm.video.errors import VideoError
from lgtsm.video.mask_image import to_levels

COLORS = (3, 4)


class MaskArray:
    """The pictures of a mask in a .npy file, which stays on disk.

    Args:
        path: an array (time, height, width), or (height, width) for all frames. Also with one channel, before or after
            height and width, or as a batch of one, (1, time, 1, height, width). Bool, whole numbers up to 255 or
            65535, or fractions up to 1.

    Attributes:
        is_still: whether it is one picture, for any number of frames.

    Raises:
        VideoError: it is damaged, has another shape or type, or holds Python objects, which are never loaded.
    """

    def __init__(self, path: Path):
        try:
            array: np.ndarray = np.lib.format.open_memmap(path, mode="r")
        except Exception as error:  # damaged headers raise almost anything
            raise VideoError(
                f"{path} must be an array of numbers from `np.save`; it cannot be read ({error}). Save it again."
            ) from error
        pictures = _pictures(array)
        if pictures is None or array.size == 0 or array.dtype.kind not in "buif":
            raise VideoError(
                f"{path} must be a mask (time, height, width) or (height, width) of bool, uint8 or float; it is "
                f"{array.shape} of {array.dtype}." + _advice(array.shape)
            )
        self._array, self.is_still = pictures, len(pictures) == 1
        kinds = array.dtype == bool or array.dtype == np.uint8
        self._most = None if kinds else max(float(np.nan_to_num(one).max()) for one in self._array)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield uint8 (height, width) pictures, 255 = white."""
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> np.ndarray:
        return to_levels(np.asarray(self._array[number]), self._most)


def _pictures(array: np.ndarray) -> np.ndarray | None:
    """Return an array as (time, height, width); None if its shape is not, or not clearly, that of a mask."""
    if array.ndim == 5 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        return array[None]
    ones = [axis for axis in (array.ndim - 3, -1) if array.ndim in (3, 4) and array.shape[axis] == 1]
    if array.ndim == 4:
        return array.squeeze(ones[0]) if len(ones) == 1 else None
    if array.ndim != 3 or len(ones) == 2 or array.shape[-1] in COLORS:
        return None
    return array[None, ..., 0] if ones == [-1] else array


def _advice(shape: tuple[int, ...]) -> str:
    if len(shape) > 2 and shape[-1] in COLORS:
        return " Its last axis looks like colors: save one of them."
    if shape.count(1) > 1:
        return " It does not show which axes are height and width: save it without axes of size 1."
    return ""
