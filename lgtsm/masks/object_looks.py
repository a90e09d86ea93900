"""What an object looks like: its colors, and how much it differs from the background."""

from __future__ import annotations

import cv2
import numpy as np

from .aligned_frames import AlignedFrames

WEIGHT_COLOR, WEIGHT_DIFFERENCE, WEIGHT_EDGES = 0.5, 0.9, 0.7
MOST = 4.0  # of the logarithm of a likelihood ratio
_COLORS, _DIFFERENCES = 16, 24  # bins a side, and bins
_SOFT = np.array([0.25, 0.5, 0.25])  # neighboring bins share


class Picture:
    """What is looked at in a frame: its colors and its difference to the background, in bins, and its gray."""

    def __init__(self, scene: AlignedFrames, number: int):
        frame = scene.frame(number)
        lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.int32)
        lightness, a, b = lab[..., 0] // 16, (lab[..., 1] - 128) // 6 + 8, (lab[..., 2] - 128) // 6 + 8
        a, b = np.clip(a, 0, 15), np.clip(b, 0, 15)  # few colors are stronger
        self.colors = (lightness * _COLORS + a) * _COLORS + b
        self.difference = scene.difference(number)
        self.differences = np.clip(2 * np.sqrt(self.difference), 0, _DIFFERENCES - 1).astype(np.int32)
        self.gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)


class Looks:
    """Histograms of the object and of the background around it; older frames count less."""

    def __init__(self, decay: float):
        self.decay = decay
        self._colors = np.zeros((2, _COLORS**3))  # background, object
        self._differences = np.zeros((2, _DIFFERENCES))

    def learn(self, picture: Picture, place: np.ndarray, around: np.ndarray) -> None:
        """Add a frame.

        Args:
            place: probability of the object at each pixel.
            around: bool, the pixels that count.
        """
        for row, weight in enumerate(((1 - place) * around, place * around)):
            colors = np.bincount(picture.colors.ravel(), weight.ravel(), _COLORS**3)
            cube = colors.reshape((_COLORS,) * 3)
            for axis in range(3):
                cube = 0.25 * np.roll(cube, 1, axis) + 0.5 * cube + 0.25 * np.roll(cube, -1, axis)
            self._colors[row] = self.decay * self._colors[row] + cube.ravel()
            differences = np.bincount(picture.differences.ravel(), weight.ravel(), _DIFFERENCES)
            self._differences[row] = self.decay * self._differences[row] + differences

    def score(self, picture: Picture) -> np.ndarray:
        """Return how much likelier each pixel is the object than the background, (height, width), in logarithms."""
        background, thing = (row / max(row.sum(), 1e-6) for row in self._colors)
        color = np.log((thing + 1e-5) / (background + 1e-5))[picture.colors].astype(np.float32)
        color = np.clip(cv2.GaussianBlur(color, (0, 0), 0.8), -MOST, MOST)
        background, thing = (
            np.convolve(np.pad(row / max(row.sum(), 1e-6), 1, "edge"), _SOFT, "valid") for row in self._differences
        )
        # A larger difference is never less the object.
        ratio = np.maximum.accumulate(np.log((thing + 2e-3) / (background + 2e-3)))
        difference = np.clip(ratio[picture.differences], -MOST, MOST).astype(np.float32)
        return WEIGHT_COLOR * color + WEIGHT_DIFFERENCE * difference


def along_edges(score: np.ndarray, gray: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Return probabilities, float32, that change at edges of the picture rather than beside them.

    Source: a mean-field step on a guided filter (He et al. 2010).
    """
    place = sigmoid(score)
    for _ in range(rounds):
        place = sigmoid(score + WEIGHT_EDGES * (2 * _guided(gray, place) - 1))
    return place


def _guided(gray: np.ndarray, image: np.ndarray, radius: int = 4, least_contrast: float = 8.0) -> np.ndarray:
    side = (2 * radius + 1,) * 2

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(x, -1, side)

    of_gray, of_image = mean(gray), mean(image)
    slope = (mean(gray * image) - of_gray * of_image) / (mean(gray * gray) - of_gray**2 + least_contrast**2)
    return mean(slope) * gray + mean(of_image - slope * of_gray)


def logit(chance: np.ndarray, sure: float = 0.05) -> np.ndarray:
    """Return the logarithms of the odds of probabilities, none surer than `sure`."""
    chance = np.clip(chance, sure, 1 - sure)
    return np.log(chance / (1 - chance))


def sigmoid(score: np.ndarray) -> np.ndarray:
    """Return probabilities, float32, of logarithms of odds."""
    return (1 / (1 + np.exp(-score))).astype(np.float32)
