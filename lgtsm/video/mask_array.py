"""Read a mask from a NumPy file, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lgtsm.video.errors import VideoError
from lgtsm.video.mask_image import to_levels


class MaskArray:
    """The pictures of a mask in a .npy file, which stays on disk.

    Args:
        path: an array (time, height, width), or (height, width) for all frames; a channel axis of size 1 is dropped.
            Bool, whole numbers up to 255 or 65535, or fractions up to 1.

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
        if array.ndim == 4 and 1 in (array.shape[1], array.shape[-1]):
            array = array[:, 0] if array.shape[1] == 1 else array[..., 0]
        if array.ndim not in (2, 3) or array.size == 0 or array.dtype.kind not in "buif":
            raise VideoError(
                f"{path} must be a mask (time, height, width) or (height, width) of bool, uint8 or float; it is "
                f"{array.shape} of {array.dtype}."
            )
        self.is_still = array.ndim == 2
        self._array = array[None] if self.is_still else array
        kinds = array.dtype == bool or array.dtype == np.uint8
        self._most = None if kinds else max(float(np.nan_to_num(one).max()) for one in self._array)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield uint8 (height, width) pictures, 255 = white."""
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> np.ndarray:
        return to_levels(np.asarray(self._array[number]), self._most)
