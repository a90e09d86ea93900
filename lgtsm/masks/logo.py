"""Find what stands still in front of a moving picture: logos and watermarks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

MOST_SAMPLES = 150  # frames that are compared
LARGEST = 360  # pixels, short side that is worked at
STRIP = 64  # rows compared at once
EDGE = 2.5  # levels of 255 a pixel, the least median slope of an edge
SAME = 0.6  # of its median, how far the slope of an edge may be off in a frame that agrees
NOISE = 1.5  # levels of 255 a pixel, what it may always be off
AGREE = 0.4  # of the frames
MOVES = 6.0  # levels of 255, the usual change of a pixel of a moving picture
STILL = 2.0  # levels of 255, the usual change inside an opaque logo
MOVING_SHARE = 0.4  # of the pixels around an edge must move, else nobody can tell it from the picture
FEWEST_SAMPLES = 8


class Slopes(NamedTuple):
    """What is usual at each pixel, float32 (height, width) each.

    edge: length of the median slope, in levels of 255 a pixel. agree: share of frames with about that slope. change:
    usual change of the brightness, in levels of 255.
    """

    edge: np.ndarray
    agree: np.ndarray
    change: np.ndarray


class LogoMask:
    """One hole for all frames over what stands still while the picture moves, half-transparent or not.

    Edges that most frames share, in places where the picture behind them moves, belong to it. Where the picture stands
    still nothing can be told from it: mark a logo there with a box.

    Args:
        frames: returns the frames of the video, uint8 (height, width, 3), each time it is called.
        num_frames: of the video.

    Source: Dekel et al. 2017, "On the Effectiveness of Visible Watermarks", Section 3.1: the median gradient.
    Differs: within one video, and only where the picture moves.
    """

    name = "The logo"
    why_empty = "Nothing stands still while the picture around it moves. Mark it with a box."

    def __init__(self, frames: Callable[[], Iterable[np.ndarray]], num_frames: int):
        self.num_frames = num_frames
        self.size, samples = _sample(frames(), num_frames)
        self.hole = np.zeros(self.size, np.uint8)
        if len(samples) >= FEWEST_SAMPLES:
            height, width = self.size
            found = still_parts(slopes(samples))
            large = cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
            self.hole = (large > 0.25).astype(np.uint8)

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return itertools.repeat(self.hole, self.num_frames)


def slopes(frames: np.ndarray) -> Slopes:
    """Return what is usual at each pixel of frames, uint8 (time, height, width, 3).

    Of red, green and blue, the one with the clearest edge counts.
    """
    height = frames.shape[1]
    parts = []
    for top in range(0, height, STRIP):
        first, last = max(0, top - 1), min(height, top + STRIP + 1)
        inner = slice(top - first, min(top + STRIP, height) - first)
        colors = [_slopes_of(np.ascontiguousarray(frames[:, first:last, :, color])) for color in range(3)]
        clearest = np.argmax([edge * agree for edge, agree, _ in colors], axis=0)[None]
        edge, agree = (np.take_along_axis(np.stack(each), clearest, 0)[0] for each in list(zip(*colors))[:2])
        change = np.maximum.reduce([change for _, _, change in colors])
        parts.append([array[inner].astype(np.float32) for array in (edge, agree, change)])
    return Slopes(*(np.concatenate(arrays) for arrays in zip(*parts)))


def _slopes_of(shades: np.ndarray) -> Slopes:
    x, y = (np.stack([cv2.Sobel(shade, cv2.CV_32F, *way, scale=1 / 8) for shade in shades]) for way in ((1, 0), (0, 1)))
    usual_x, usual_y = np.median(x, 0), np.median(y, 0)
    edge = np.hypot(usual_x, usual_y)
    agree = (np.hypot(x - usual_x, y - usual_y) < np.maximum(SAME * edge, NOISE)).mean(0)
    middle = np.median(shades, 0).astype(np.int16)
    change = 1.48 * np.median(np.abs(shades - middle), 0)  # for a normal distribution, its deviation
    return Slopes(edge, agree, change)


def still_parts(usual: Slopes) -> np.ndarray:
    """Return the hole over all parts whose edges stand still before a moving picture, uint8 (height, width)."""
    height, width = usual.edge.shape
    short = min(height, width)
    edges = (usual.edge >= EDGE) & (usual.agree >= AGREE)
    edges = (edges | (usual.change <= STILL)).astype(np.uint8)
    joined = cv2.morphologyEx(_padded(edges, short), cv2.MORPH_CLOSE, _disk(max(2, short // 40)))
    joined = joined[short:-short, short:-short]
    around = 2 * (short // 8) + 1
    free = (1 - cv2.dilate(joined, _disk(2))).astype(np.float32)
    moving = cv2.boxFilter(free * (usual.change > MOVES), -1, (around, around))
    moving = moving / np.maximum(cv2.boxFilter(free, -1, (around, around)), 1e-3)
    hole = np.zeros((height, width), np.uint8)
    contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        _, _, columns, rows = cv2.boundingRect(contour)
        part = np.zeros((height, width), np.uint8)
        cv2.drawContours(part, [contour], -1, 1, -1)
        own = (part & edges) > 0
        # Bars beside a picture of another shape have edges as well, from side to side.
        fits = columns < 0.6 * width and rows < 0.6 * height and min(columns, rows) >= short / 60
        if fits and own.sum() >= short / 12 and np.median(moving[own]) >= MOVING_SHARE:
            hole |= part
    return cv2.dilate(hole, _disk(max(1, short // 120)))


def _sample(frames: Iterable[np.ndarray], num_frames: int) -> tuple[tuple[int, int], np.ndarray]:
    """Return the frames' size, and evenly spread frames, uint8 (samples, height, width, 3), made small."""
    wanted = set(np.linspace(0, num_frames - 1, min(num_frames, MOST_SAMPLES)).astype(int).tolist())
    size, small = (0, 0), []
    for number, frame in enumerate(frames):
        if number not in wanted:
            continue
        size = frame.shape[0], frame.shape[1]
        scale = min(1.0, LARGEST / min(size))
        if scale < 1:
            frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        small.append(frame)
    return size, np.stack(small)


def _padded(image: np.ndarray, by: int) -> np.ndarray:
    return cv2.copyMakeBorder(image, by, by, by, by, cv2.BORDER_CONSTANT, value=(0,))


def _disk(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
