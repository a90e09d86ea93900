"""A scene at a small size, with its camera's motion: what differs from the background that other frames show."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

import cv2
import numpy as np

CHUNK = 32  # frames read together
CHUNKS_KEPT = 5
PICTURES_KEPT = 80  # differences and flows are computed once each, and are large
AWAY = (6, 12, 20, 30)  # frames each way that show the background
BLUR = 0.7  # pixels; takes away noise and what resampling changes
TOLERANCE = 3  # pixels, side of the neighborhood in which the background may lie, as alignment is not exact
EVERY = 8  # pixels between points that the camera's motion is fitted to
MISS = 1.0  # pixels that a point of the background may move away from the fit
FEWEST_POINTS = 12
MOST_ZOOM = 1.5  # from one frame to the next; a fit that zooms more is no camera's

Key = TypeVar("Key")
Value = TypeVar("Value")
Read = Callable[[Sequence[int]], np.ndarray]


class AlignedFrames:
    """Frames of one scene, made small, and what moves in them against the background.

    Args:
        read: returns the frames at some numbers, uint8 (n, height, width, 3), RGB.
        first, end: numbers of the scene's first frame, and of the one after its last.
        size: (height, width), in pixels, to work at.

    Source: the motion between neighbors is DIS flow (Kroeger et al. 2016), the camera's a homography fitted to it by
    RANSAC (Fischler and Bolles 1981).
    """

    def __init__(self, read: Read, first: int, end: int, size: tuple[int, int]):
        self.read, self.first, self.end, self.size = read, first, end, size
        self._chunks: OrderedDict[int, list[np.ndarray]] = OrderedDict()
        self._flows: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()
        self._differences: OrderedDict[int, np.ndarray] = OrderedDict()
        self._cameras: dict[int, np.ndarray] = {}  # from a frame to the next

    def frame(self, number: int) -> np.ndarray:
        """Return a frame at the small size, uint8 (height, width, 3)."""
        chunk = (number - self.first) // CHUNK
        start = self.first + chunk * CHUNK

        def load() -> list[np.ndarray]:
            height, width = self.size
            frames = self.read(range(start, min(start + CHUNK, self.end)))
            return [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]

        return _kept(self._chunks, chunk, load, CHUNKS_KEPT)[number - start]

    def flow(self, number: int, to: int) -> np.ndarray:
        """Return the motion from a frame to one beside it, float32 (height, width, 2), in small pixels, x first."""

        def measure() -> np.ndarray:
            estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
            here, there = (cv2.cvtColor(self.frame(n), cv2.COLOR_RGB2GRAY) for n in (number, to))
            return estimator.calc(here, there, np.zeros((*self.size, 2), np.float32))

        return _kept(self._flows, (number, to), measure, PICTURES_KEPT)

    def camera(self, number: int, to: int) -> np.ndarray:
        """Return the camera's motion between any two frames: the homography, (3, 3), that takes a pixel there."""
        low, high = min(number, to), max(number, to)
        motion = np.eye(3)
        for n in range(low, high):
            motion = self._step(n) @ motion
        return motion if number <= to else np.linalg.inv(motion)

    def _step(self, number: int) -> np.ndarray:
        if number not in self._cameras:
            if (number + 1, number) in self._flows:  # following forwards needs it anyhow
                self._cameras[number] = np.linalg.inv(fit_camera(self.flow(number + 1, number)))
            else:
                self._cameras[number] = fit_camera(self.flow(number, number + 1))
        return self._cameras[number]

    def difference(self, number: int) -> np.ndarray:
        """Return how far each pixel of a frame is from the background, float32 (height, width), in levels of 255.

        The background is the median of the frames AWAY from it, moved with the camera; the largest of the differences
        in red, green and blue counts. 0 where no other frame shows the place.
        """
        return _kept(self._differences, number, lambda: self._difference(number), PICTURES_KEPT)

    def seen_elsewhere(
        self,
        number: int,
        away: Sequence[int] = AWAY,
        blur: float = BLUR,
        hole: Callable[[int], np.ndarray] | None = None,
    ) -> np.ndarray:
        """Return what other frames show at each place of a frame, int16 (others, height, width, 3), 256 = nothing.

        Args:
            number: of the frame.
            away: frames each way that are looked at.
            blur: standard deviation in pixels.
            hole: returns the pixels of another frame that do not count, uint8 (height, width).
        """
        height, width = self.size
        others = [n for steps in away for n in (number - steps, number + steps) if self.first <= n < self.end]
        seen = np.full((len(others), height, width, 3), 256, np.int16)  # sorts behind all levels
        for place, other in zip(seen, others):
            motion = self.camera(other, number)
            moved = cv2.warpPerspective(cv2.GaussianBlur(self.frame(other), (0, 0), blur), motion, (width, height))
            counts = np.ones(self.size, np.uint8) if hole is None else 1 - hole(other)
            there = cv2.warpPerspective(counts, motion, (width, height), flags=cv2.INTER_NEAREST)
            place[there > 0] = moved[there > 0]
        return seen

    def _difference(self, number: int) -> np.ndarray:
        here = cv2.GaussianBlur(self.frame(number), (0, 0), BLUR).astype(np.float32)
        seen = self.seen_elsewhere(number)
        if not len(seen):
            return np.zeros(self.size, np.float32)
        shown = (seen[..., 0] < 256).sum(0)
        seen.sort(axis=0)
        middle = np.maximum(shown - 1, 0)[None, ..., None] // 2
        median = np.take_along_axis(seen, middle, axis=0)[0]
        background = np.where(shown[..., None] > 0, median, here).astype(np.float32)
        around = np.ones((TOLERANCE, TOLERANCE), np.uint8)
        below, above = cv2.erode(background, around) - here, here - cv2.dilate(background, around)
        return np.maximum(np.maximum(below, above), 0).max(-1)


def fit_camera(flow: np.ndarray) -> np.ndarray:
    """Return the homography, (3, 3), that most of a flow follows; the identity if there is none.

    Args:
        flow: (height, width, 2), in pixels, x first.
    """
    height, width = flow.shape[:2]
    ys, xs = (at.ravel() for at in np.mgrid[EVERY // 2 : height : EVERY, EVERY // 2 : width : EVERY])
    start = np.stack([xs, ys], axis=1).astype(np.float32)
    if len(start) < FEWEST_POINTS:
        return np.eye(3)
    fitted, _ = cv2.findHomography(start, start + flow[ys, xs], cv2.RANSAC, MISS)
    if fitted is None or not np.isfinite(fitted).all():
        return np.eye(3)
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float32)
    moved = cv2.perspectiveTransform(corners, fitted)
    zoom = cv2.contourArea(moved) / (height * width)
    return fitted if 1 / MOST_ZOOM**2 < zoom < MOST_ZOOM**2 and cv2.isContourConvex(moved) else np.eye(3)


def _kept(store: OrderedDict[Key, Value], key: Key, make: Callable[[], Value], most: int) -> Value:
    """Return what is stored under a key, made if it is not there; forget what was asked for longest ago."""
    if key in store:
        store.move_to_end(key)
    else:
        store[key] = make()
        while len(store) > most:
            store.popitem(last=False)
    return store[key]
