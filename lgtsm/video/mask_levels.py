"""Tell from the gray levels of a mask whether they are soft edges, labels of objects, or dark paint."""

from __future__ import annotations

import cv2
import numpy as np

from lgtsm.video.errors import VideoError

BRIGHT = 127  # a hole is brighter than this, unless the levels are labels
FAINT = 15  # in masks of all levels: the noise that compression leaves on black
FLAT = 3  # largest difference between a pixel and its neighbors inside an object
NAMED = 6


class Levels:
    """The gray levels of the pictures of a mask, collected one by one.

    Labels fill whole areas with few levels. The levels of soft edges, of compression and of blur lie in thin lines, or
    are many.

    Attributes:
        counts: (256,) int64, pixels of each level.
        inside: (256,) int64, those of them whose eight neighbors have nearly the same level, and all of a picture that
            has no gray.
        equal: (256,) int64, likewise those whose neighbors have the very same level.
    """

    def __init__(self) -> None:
        self.counts, self.inside, self.equal = (np.zeros(256, np.int64) for _ in range(3))

    def add(self, picture: np.ndarray) -> None:
        """Add a picture, uint8 (height, width)."""
        ground = int(picture[0, 0])
        left, top, width, height = cv2.boundingRect((picture != ground).view(np.uint8))
        # Further out, most of many masks, pixels and their neighbors are all ground.
        shown = picture[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2]
        spread = np.minimum(cv2.morphologyEx(shown, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), FLAT + 1)
        ranges = [0, 256, 0, FLAT + 2]
        by_spread = cv2.calcHist([shown, spread], [0, 1], None, [256, FLAT + 2], ranges).astype(np.int64)
        by_spread[ground, 0] += picture.size - shown.size
        counts = by_spread.sum(1)
        gray = counts[1:255].any()
        self.counts += counts
        self.inside += by_spread[:, : FLAT + 1].sum(1) if gray else counts
        self.equal += by_spread[:, 0] if gray else counts

    @property
    def brightest(self) -> int:
        """The brightest level so far, 0 to 255."""
        return int(np.flatnonzero(self.counts)[-1]) if self.counts.any() else 0

    def labels(self) -> list[int]:
        """Return the levels above black that mark objects, darkest first; empty if 255 or soft levels do."""
        found = np.flatnonzero(self.counts)
        if len(found) == 2 and found[1] <= BRIGHT:  # black and one gray, whatever its shape
            return [int(found[1])]
        whole = 4 * self.equal >= self.counts
        if 1 < len(found) <= 64 and found[0] == 0 and whole[found].all():  # drawn without soft edges
            return [int(level) for level in found[1:]] if found[1] < 255 and len(found) > 2 else []
        gray = self.inside.copy()
        gray[: FAINT + 1] = gray[255 - FAINT :] = 0
        all_gray = self.counts[FAINT + 1 : 255 - FAINT].sum()
        if self.inside[: FAINT + 1].sum() < 0.01 * self.counts.sum() or gray.sum() < max(9, all_gray / 6):
            return []
        peaks: list[int] = []
        left, sharp = gray.copy(), 0
        while len(peaks) < 12 and left.sum() > 0.1 * gray.sum():
            peaks.append(int(left.argmax()))
            sharp += left[peaks[-1] - 1 : peaks[-1] + 2].sum()
            left[max(0, peaks[-1] - FLAT) : peaks[-1] + FLAT + 1] = 0
        if left.sum() > 0.1 * gray.sum() or sharp < 0.6 * gray.sum():  # a blur passes through all levels
            return []
        white = self.inside[255 - FAINT :]
        return sorted(peaks) + ([255 - FAINT + int(white.argmax())] if white.any() else [])


def cut_below(labels: list[int]) -> int:
    """Return the level that a hole exceeds: half of the darkest label if it is dark, else `BRIGHT`."""
    return labels[0] // 2 if labels and labels[0] <= BRIGHT else BRIGHT


def parse_levels(text: str) -> tuple[tuple[int, int], ...]:
    """Parse gray levels written like 85,170-255 into (first, last) pairs.

    Raises:
        VideoError: the text is not such a list of numbers from 0 to 255.
    """
    parts = [part.strip().split("-") for part in text.split(",")]
    if all(len(part) <= 2 and all(end.strip().isdecimal() for end in part) for part in parts):
        ranges = tuple((int(part[0]), int(part[-1])) for part in parts)
        if all(first <= last <= 255 for first, last in ranges):
            return ranges
    raise VideoError(f"Write gray levels as whole numbers from 0 to 255, like 85,170 or 128-255; got {text!r}.")


def chosen(picture: np.ndarray, levels: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Return uint8 (height, width): 1 where a picture has one of the levels, (first, last) pairs."""
    table = np.zeros(256, np.uint8)
    for first, last in levels:
        table[first : last + 1] = 1
    return cv2.LUT(picture, table)


def named(levels: list[int]) -> str:
    """Return levels as words, like "85, 170 and 255"."""
    texts = [str(level) for level in levels]
    if len(texts) > NAMED:
        texts = [*texts[: NAMED - 1], f"{len(texts) - NAMED + 1} more"]
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
