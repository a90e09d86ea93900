"""Divide what memory cannot hold at once: tiles of the hole, filled in several passes through the video."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.regions import Region, Segment

Fits = Callable[[Sequence[Region]], bool]


def plan_passes(
    segments: Sequence[Segment], margin: int, height: int, width: int, step: int, fits: Fits
) -> list[list[Segment]] | None:
    """Divide the regions of segments until they fit into memory, in as few passes as they then need.

    The tiles of a region overlap by what the network sees around a hole, so that each gives its part of the hole as the
    whole region would; together they compute more.

    Args:
        segments: what the network has to see.
        margin: pixels each way that a result depends on.
        height, width: of the frames.
        step: pixels after which the network's strides repeat.
        fits: whether memory holds the streams of some regions at once.

    Returns:
        what the network sees in each pass through the video; None if not even small tiles fit.
    """
    passes: list[list[Segment]] = [[]]
    for segment in segments:
        groups: list[list[Region]] = []
        for region in segment.regions:
            tiles = _divide(region.inner(margin, height, width), region, margin, height, width, step, fits)
            if tiles is None:
                return None
            for tile in tiles:
                group = next((group for group in groups if fits([*group, tile])), None)
                if group is None:
                    groups.append([tile])
                else:
                    group.append(tile)
        passes += [[] for _ in range(len(groups) - len(passes))]
        for number, group in enumerate(groups):
            passes[number].append(Segment(segment.start, segment.stop, tuple(group)))
    return passes


def _divide(
    part: Region, region: Region, margin: int, height: int, width: int, step: int, fits: Fits
) -> list[Region] | None:
    """Halve the part that a region gives the result for, along its longer side, until what the halves need fits."""
    if fits([region]):
        return [region]
    rows, columns = part.bottom - part.top, part.right - part.left
    if max(rows, columns) <= max(step, margin // 4):  # smaller ones would see little but what is around them
        return None
    if rows >= columns:
        cut = part.top + rows // 2
        halves = Region(part.top, part.left, cut, part.right), Region(cut, part.left, part.bottom, part.right)
    else:
        cut = part.left + columns // 2
        halves = Region(part.top, part.left, part.bottom, cut), Region(part.top, cut, part.bottom, part.right)
    tiles = []
    for half in halves:
        divided = _divide(half, half.grown(margin, margin, height, width, step), margin, height, width, step, fits)
        if divided is None:
            return None
        tiles += divided
    return tiles


class PixelStore:
    """The pixels that one pass has filled, in a nameless temporary file: written in order, read back in order.

    Args:
        segments: what the network saw in the pass.
        margin: pixels each way that a result depends on.
        height, width: of the frames.
        folder: where the file lies; None for the system's place.
    """

    def __init__(self, segments: Sequence[Segment], margin: int, height: int, width: int, folder: Path | None):
        self.covered = [(segment, _inner_parts(segment, margin, height, width)) for segment in segments]
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by whoever made the store

    def write(self, filled: Filled) -> None:
        """Keep what was filled of the next frame."""
        self.file.write(filled.image[self._missing(filled.frame)].tobytes())

    def rewind(self) -> None:
        """Go back to the first frame, to read."""
        self.file.seek(0)

    def read_into(self, filled: Filled) -> None:
        """Put what was kept of the next frame into its image."""
        missing = self._missing(filled.frame)
        count = int(missing.sum())
        filled.image[missing] = np.frombuffer(self.file.read(3 * count), np.uint8).reshape(count, 3)

    def close(self) -> None:
        """Throw the pixels away."""
        self.file.close()

    def _missing(self, frame: Frame) -> np.ndarray:
        missing = np.zeros(frame.hole.shape, bool)
        for segment, parts in self.covered:
            if segment.start <= frame.number < segment.stop:
                for part in parts:
                    part.cut_holes(missing)[:] = part.cut_holes(frame.hole) > 0
        return missing


def _inner_parts(segment: Segment, margin: int, height: int, width: int) -> list[Region]:
    return [region.inner(margin, height, width) for region in segment.regions]
