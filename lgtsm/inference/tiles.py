"""Split a hole that memory cannot hold into tiles, filled in several passes through the video."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.regions import Region, Segment
from lgtsm.whole_files import name_in_errors

Fits = Callable[[Sequence[Region]], bool]


def plan_passes(
    segments: Sequence[Segment], margin: int, height: int, width: int, step: int, fits: Fits
) -> list[list[Segment]] | None:
    """Split the regions of segments until they fit into memory, and group them into few passes.

    The tiles of a region overlap by the network's reach, so that each yields its part of the hole exactly as the whole
    region would. Together they compute more.

    Args:
        segments: frames and regions that the network has to see.
        margin: pixels each way that a result depends on.
        height, width: of the frames.
        step: pixels after which the network's strides repeat.
        fits: whether memory holds the streams of some regions at once.

    Returns:
        the segments of each pass through the video; None if not even small tiles fit.
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
    """Halve the part that a region fills, along its longer side, until the regions of the halves fit."""
    if fits([region]):
        return [region]
    rows, columns = part.bottom - part.top, part.right - part.left
    if max(rows, columns) <= max(step, margin // 4):  # smaller ones would be nearly all margin
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


class HoleStore:
    """Keep holes in an unnamed temporary file the first time that they are read, so that later passes decode nothing.

    Args:
        holes: uint8 (height, width) each, 1 = missing.
        folder: for the file; None for the system's default.
    """

    def __init__(self, holes: Iterable[np.ndarray], folder: Path | None):
        self.holes = holes
        self.shape: tuple[int, ...] | None = None
        self.folder, self.file = _open_beside(folder)

    def __iter__(self) -> Iterator[np.ndarray]:
        if self.shape is None:
            for hole in self.holes:
                with name_in_errors(self.folder):
                    self.file.write(np.packbits(hole > 0).tobytes())
                self.shape = hole.shape
                yield hole
            return
        with name_in_errors(self.folder):
            self.file.seek(0)
        size = self.shape[0] * self.shape[1]
        while packed := self.file.read(-(-size // 8)):
            yield np.unpackbits(np.frombuffer(packed, np.uint8), count=size).reshape(self.shape)

    def close(self) -> None:
        """Delete the file."""
        with contextlib.suppress(OSError):  # a full disk has been told
            self.file.close()


class PixelStore:
    """Keep the pixels that one pass filled in an unnamed temporary file; write in order, read back in order.

    Args:
        segments: of the pass.
        margin: pixels each way that a result depends on.
        height, width: of the frames.
        folder: for the file; None for the system's default.
    """

    def __init__(self, segments: Sequence[Segment], margin: int, height: int, width: int, folder: Path | None):
        self.covered = [(s, [region.inner(margin, height, width) for region in s.regions]) for s in segments]
        self.folder, self.file = _open_beside(folder)

    def write(self, filled: Filled) -> None:
        """Keep the filled pixels of the next frame."""
        with name_in_errors(self.folder):
            self.file.write(filled.image[self._missing(filled.frame)].tobytes())

    def rewind(self) -> None:
        """Go back to the first frame, to read."""
        with name_in_errors(self.folder):
            self.file.seek(0)

    def read_into(self, filled: Filled) -> None:
        """Put the kept pixels of the next frame into its image."""
        missing = self._missing(filled.frame)
        count = int(missing.sum())
        filled.image[missing] = np.frombuffer(self.file.read(3 * count), np.uint8).reshape(count, 3)

    def close(self) -> None:
        """Delete the file."""
        with contextlib.suppress(OSError):  # a full disk has been told
            self.file.close()

    def _missing(self, frame: Frame) -> np.ndarray:
        missing = np.zeros(frame.hole.shape, bool)
        for segment, parts in self.covered:
            if segment.start <= frame.number and (segment.stop is None or frame.number < segment.stop):
                for part in parts:
                    part.cut_holes(missing)[:] = part.cut_holes(frame.hole) > 0
        return missing


def _open_beside(folder: Path | None) -> tuple[Path, BinaryIO]:
    """Return a folder, for sentences, and an unnamed file in it, to be closed by whoever made the store."""
    folder = Path(tempfile.gettempdir()) if folder is None else folder
    return folder, tempfile.TemporaryFile(dir=folder)
