"""Fill a stream of frames: frames in, the same number of frames out, at a memory that does not grow."""

from __future__ import annotations

import collections
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import nn

from lgtsm.inference.feather import feather_margin, paste_feathered
from lgtsm.inference.region_stream import RegionStream
from lgtsm.inference.regions import Region, bounding_region

CONTEXT = 8  # frames of the pieces before and after that a piece of a scene sees
LEAST_PIECE = 2 * CONTEXT
LEAST_MARGIN = 128  # pixels around the holes of a scene, or half as many as they are large
SCENE_MEMORY = 4 * 2**30  # bytes that a piece may take, unless said otherwise


class FrameStream(Protocol):
    """What takes pieces of a video and gives filled frames back in order."""

    def push(self, frames: np.ndarray, holes: np.ndarray) -> Iterator[np.ndarray]: ...

    def flush(self) -> Iterator[np.ndarray]: ...


class VideoStream:
    """Fill whole frames of a stream, rectangle by rectangle, and give them back in order.

    Known pixels come back byte for byte.

    Args:
        model: network with `initial_state`, `step` and `flush`.
        device: where to compute.
        dtype: of mixed precision, or torch.float32 for none.
        regions: the rectangles that have to be computed; None for whole frames.
        feather: pixels over which the fill is fitted to the known pixels beside it, see
            `lgtsm.inference.feather.paste_feathered`; 0 leaves it as the network gives it.
    """

    def __init__(
        self,
        model: nn.Module,
        device: torch.device,
        dtype: torch.dtype,
        regions: Iterable[Region] | None = None,
        feather: int = 0,
    ):
        output = "predicted" if feather else "filled"
        self.feather = feather
        self.reach = model.spatial_reach
        self.streams = [
            RegionStream(model, device, dtype, region, output)
            for region in (regions if regions is not None else [None])
        ]
        self.owed: collections.deque[tuple[np.ndarray, np.ndarray]] = collections.deque()

    def push(self, frames: np.ndarray, holes: np.ndarray) -> Iterator[np.ndarray]:
        """Give uint8 frames (time, height, width, 3) and holes (time, height, width); yields those that are ready."""
        self.owed.extend(zip(frames, holes, strict=True))
        return self._paste([stream.push(frames, holes) for stream in self.streams])

    def flush(self) -> Iterator[np.ndarray]:
        """Yield all frames that are still owed, at a cut or at the end."""
        return self._paste([stream.flush() for stream in self.streams])

    def _paste(self, pieces: list[np.ndarray]) -> Iterator[np.ndarray]:
        # All rectangles are equally far: they go through the same network.
        ready = len(pieces[0]) if pieces else len(self.owed)
        for t in range(ready):
            frame, hole = self.owed.popleft()
            out = frame.copy()
            for stream, piece in zip(self.streams, pieces, strict=True):
                region = stream.region or Region(0, 0, *hole.shape)
                given, filled = region.inner(self.reach, *hole.shape), piece[t]
                if self.feather:
                    filled = paste_feathered(given.cut_frames(frame), given.cut_holes(hole), filled, self.feather)
                # Holes nearer to the edge of a rectangle are another one's: too little is known of what is around them.
                inner = region.inner(self.reach + feather_margin(self.feather), *hole.shape)
                missing = inner.cut_holes(hole) > 0
                inner.cut_frames(out)[missing] = inner.seen_from(given).cut_frames(filled)[missing]
            yield out


class SceneStream:
    """Keep frames for a method that sees a scene, and fill as many at once as memory holds.

    A scene that does not fit is filled piece by piece: a piece sees CONTEXT frames of the next one, and those of the
    last one as they were filled, so that it goes on where that ended. A local method gets only the surroundings of the
    hole.

    Args:
        fill: takes uint8 frames (time, height, width, 3) and holes (time, height, width), 1 = missing; returns the
            frames filled.
        bytes_per_pixel: that the method takes for a pixel of a frame.
        local: hand on the surroundings of the hole only, for a method whose result hangs on no more.
        max_memory: bytes that a piece may take; None for SCENE_MEMORY, or more where LEAST_PIECE frames need it and the
            machine has it.

    Raises:
        ValueError: memory does not hold LEAST_PIECE frames.
    """

    def __init__(
        self,
        fill: Callable[[np.ndarray, np.ndarray], np.ndarray],
        bytes_per_pixel: int,
        max_memory: int | None = None,
        local: bool = True,
    ):
        self.fill = fill
        self.bytes_per_pixel = bytes_per_pixel
        self.local = local
        self.max_memory = SCENE_MEMORY if max_memory is None else max_memory
        self.most_memory = max(SCENE_MEMORY, _machine_memory()) if max_memory is None else max_memory
        self.before: list[np.ndarray] = []  # filled, the last ones
        self.waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self.hole: Region | None = None  # around all holes that wait

    def push(self, frames: np.ndarray, holes: np.ndarray) -> Iterator[np.ndarray]:
        """Give uint8 frames (time, height, width, 3) and holes (time, height, width); yields what is ready."""
        for frame, hole in zip(frames, holes, strict=True):
            around = bounding_region(hole)
            both = _joined((self.hole, around))
            if self.waiting and self._bytes(both, len(self.waiting) + 1, frame.shape) > self.max_memory:
                if len(self.waiting) >= LEAST_PIECE:
                    yield from self._fill(len(self.waiting) - CONTEXT)
                elif (needed := self._bytes(both, LEAST_PIECE, frame.shape)) > self.most_memory:
                    raise ValueError(
                        f"max_memory must be at least {needed / 2**20:.0f} MiB for this hole; it is "
                        f"{self.most_memory / 2**20:.0f} MiB. Allow more, or fill at a smaller working_height."
                    )
            self.waiting.append((frame, hole))
            self.hole = _joined((self.hole, around))

    def flush(self) -> Iterator[np.ndarray]:
        """Yield all frames of the scene that are still owed, filled."""
        if self.waiting:
            yield from self._fill(len(self.waiting))
        self.before = []

    def _fill(self, count: int) -> Iterator[np.ndarray]:
        """Fill what waits, and yield the first `count` frames of it."""
        frames = np.stack([*self.before, *(frame for frame, _ in self.waiting)])
        holes = np.stack([*(np.zeros_like(self.waiting[0][1]) for _ in self.before), *(h for _, h in self.waiting)])
        if self.hole is not None:
            part = self._part(self.hole, *holes.shape[1:])
            inner = part.cut_frames(frames)
            inner[:] = self.fill(np.ascontiguousarray(inner), np.ascontiguousarray(part.cut_holes(holes)))
        ready = frames[len(self.before) :][:count]
        self.before = [frame.copy() for frame in frames[: len(self.before) + count][-CONTEXT:]]
        del self.waiting[:count]
        self.hole = _joined(bounding_region(hole) for _, hole in self.waiting)
        yield from ready

    def _part(self, around: Region, height: int, width: int) -> Region:
        """Return what the method sees of frames with holes in a region."""
        return _surroundings(around, height, width) if self.local else Region(0, 0, height, width)

    def _bytes(self, around: Region | None, count: int, shape: tuple[int, ...]) -> int:
        """Estimate what a piece takes: frames and holes as bytes, more than once, and the part at work."""
        at_work = 0 if around is None else self._part(around, *shape[:2]).pixels
        return (count + CONTEXT) * (11 * shape[0] * shape[1] + self.bytes_per_pixel * at_work)


def _machine_memory() -> int:
    """Return most of the bytes that this machine has; 0 where it does not say."""
    try:
        return int(0.7 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return 0


def _joined(regions: Iterable[Region | None]) -> Region | None:
    there = [region for region in regions if region is not None]
    return functools.reduce(Region.joined, there) if there else None


def _surroundings(around: Region, height: int, width: int) -> Region:
    """Grow a region by half its size, at least LEAST_MARGIN pixels, within the frame."""
    down = max(LEAST_MARGIN, (around.bottom - around.top) // 2)
    right = max(LEAST_MARGIN, (around.right - around.left) // 2)
    return Region(
        max(0, around.top - down),
        max(0, around.left - right),
        min(height, around.bottom + down),
        min(width, around.right + right),
    )


class Chunks:
    """Hand frames to a stream some at once.

    Args:
        stream: takes pieces with `push` and gives the rest with `flush`.
        size: frames in a piece.
    """

    def __init__(self, stream: FrameStream, size: int):
        self.stream = stream
        self.size = size
        self.waiting: list[tuple[np.ndarray, np.ndarray]] = []

    def push(self, frame: np.ndarray, hole: np.ndarray) -> Iterator[np.ndarray]:
        """Give the next frame, uint8 (height, width, 3), and its hole (height, width); yields what is ready."""
        self.waiting.append((frame, hole))
        if len(self.waiting) == self.size:
            yield from self._send()

    def flush(self) -> Iterator[np.ndarray]:
        """Yield all frames that are still owed, at a cut or at the end."""
        yield from self._send()
        yield from self.stream.flush()

    def _send(self) -> Iterator[np.ndarray]:
        if self.waiting:
            frames, holes = (np.stack(part) for part in zip(*self.waiting, strict=True))
            self.waiting.clear()
            yield from self.stream.push(frames, holes)
