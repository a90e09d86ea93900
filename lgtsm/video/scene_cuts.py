"""Detect scene cuts, one frame at a time."""

from __future__ import annotations

import cv2
import numpy as np

SIZE = (48, 27)
BINS = (8, 8, 8)


class SceneCutDetector:
    """Detect scene cuts from the frames so far; hold only one small frame.

    At a cut, both the color histogram and a small gray copy, allowed to shift a little, differ from the frame before by
    more than is usual in the scene. Fades and dissolves do not count.

    Args:
        least_colors: least distance of histograms (Hellinger's, 0 to 1) at a cut.
        least_picture: least mean difference of gray at a cut, in [0, 255].
        times_usual: least ratio at a cut to the scene's recent mean difference.
        least_frames: least number of frames in a scene.
    """

    def __init__(
        self, least_colors: float = 0.25, least_picture: float = 14.0, times_usual: float = 3.0, least_frames: int = 3
    ):
        self.least_colors, self.least_picture = least_colors, least_picture
        self.times_usual, self.least_frames = times_usual, least_frames
        self._before: tuple[np.ndarray, np.ndarray] | None = None
        self._usual = 0.0
        self._frames = 0

    def is_cut(self, frame: np.ndarray) -> bool:
        """Return whether the next frame, uint8 (height, width, 3), RGB, starts a new scene; False for the first."""
        small = cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA)
        colors: np.ndarray = cv2.calcHist([small], [0, 1, 2], None, BINS, [0, 256] * 3).ravel() / (SIZE[0] * SIZE[1])
        colors = cv2.GaussianBlur(colors.reshape(BINS[0], -1), (3, 3), 0).ravel()
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        before, self._before = self._before, (gray, colors)
        self._frames += 1
        if before is None:
            return False
        picture = _difference(before[0], gray)
        overlap = float(np.sqrt(before[1] * colors).sum() / np.sqrt(before[1].sum() * colors.sum()))
        apart = np.sqrt(max(0.0, 1.0 - overlap))
        cut = (
            apart > self.least_colors
            and picture > max(self.least_picture, self.times_usual * self._usual)
            and self._frames > self.least_frames
        )
        if cut:
            self._usual, self._frames = 0.0, 1
        else:
            # The first differences of a scene count fully, later ones change the mean slowly.
            share = max(0.15, 1.0 / (self._frames - 1))
            self._usual += share * (picture - self._usual)
        return bool(cut)


def _difference(before: np.ndarray, after: np.ndarray, reach: int = 2) -> float:
    """Return the smallest mean absolute difference over shifts of up to `reach` pixels."""
    inner = after[reach:-reach, reach:-reach]
    height, width = inner.shape
    return min(
        cv2.norm(before[y : y + height, x : x + width], inner, cv2.NORM_L1) / inner.size
        for y in range(0, 2 * reach + 1, 2)
        for x in range(0, 2 * reach + 1, 2)
    )
