"""Fill a stream of frames: frames in, the same number of frames out, at a memory that does not grow."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import nn

from lgtsm.inference.feather import feather_margin, paste_feathered
from lgtsm.inference.region_stream import RegionStream
from lgtsm.inference.regions import Region


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
    """Keep frames until their scene ends, for a method that has to see a whole one.

    Args:
        fill: takes uint8 frames (time, height, width, 3) and holes (time, height, width), 1 = missing; returns the
            frames filled.
    """

    def __init__(self, fill: Callable[[np.ndarray, np.ndarray], np.ndarray]):
        self.fill = fill
        self.scene: list[tuple[np.ndarray, np.ndarray]] = []

    def push(self, frames: np.ndarray, holes: np.ndarray) -> Iterator[np.ndarray]:
        """Give uint8 frames (time, height, width, 3) and holes (time, height, width); nothing is ready yet."""
        self.scene.extend(zip(frames, holes, strict=True))
        return iter(())

    def flush(self) -> Iterator[np.ndarray]:
        """Yield all frames of the scene, filled."""
        scene, self.scene = self.scene, []
        return iter(self.fill(*(np.stack(part) for part in zip(*scene, strict=True))) if scene else ())


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
