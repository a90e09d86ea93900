"""Fill a stream of frames: frames in, the same number of frames out, at a memory that does not grow."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from lgtsm.inference.regions import Region


class RegionStream:
    """Push one rectangle of a stream of frames through a network that can be stepped.

    Args:
        model: network with `initial_state`, `step` and `flush`.
        device: where to compute.
        dtype: of mixed precision, or torch.float32 for none.
        region: the rectangle; None takes whole frames.
    """

    def __init__(self, model: nn.Module, device: torch.device, dtype: torch.dtype, region: Region | None = None):
        self.model = model
        self.device = device
        self.dtype = dtype
        self.region = region
        self.state = model.initial_state()
        self.waiting = False

    @torch.inference_mode()
    def push(self, frames: np.ndarray, holes: np.ndarray) -> np.ndarray:
        """Give the next frames and get those that are ready.

        If a GPU has too little memory for all of them at once, they go in halves: the state before is still there.

        Args:
            frames: uint8 (time, height, width, 3), whole frames.
            holes: uint8 (time, height, width), 1 = missing.

        Returns:
            uint8 (time', height', width', 3): the network's pixels of the rectangle, known pixels as they were.
        """
        if self.region is not None:
            frames, holes = self.region.cut_frames(frames), self.region.cut_holes(holes)
        video = torch.from_numpy(np.ascontiguousarray(frames)).to(self.device).permute(0, 3, 1, 2)[None].float() / 255
        hole = torch.from_numpy(np.ascontiguousarray(holes)).to(self.device)[None, :, None].float()
        self.waiting = True
        return self._step(video, hole)

    def _step(self, video: Tensor, hole: Tensor) -> np.ndarray:
        try:
            with self._precision():
                filled, state = self.model.step(video, hole, self.state)
        except torch.cuda.OutOfMemoryError:
            half = video.shape[1] // 2
            if half == 0:
                raise
            torch.cuda.empty_cache()
            return np.concatenate(
                [self._step(video[:, :half], hole[:, :half]), self._step(video[:, half:], hole[:, half:])]
            )
        self.state = state
        return _bytes(filled)

    @torch.inference_mode()
    def flush(self) -> np.ndarray:
        """Return the frames that are still owed, and start anew."""
        if not self.waiting:
            return np.empty((0, 0, 0, 3), np.uint8)
        with self._precision():
            filled = self.model.flush(self.state)
        self.state = self.model.initial_state()
        self.waiting = False
        return _bytes(filled)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)


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
    """

    def __init__(
        self, model: nn.Module, device: torch.device, dtype: torch.dtype, regions: Iterable[Region] | None = None
    ):
        self.streams = [
            RegionStream(model, device, dtype, region) for region in (regions if regions is not None else [None])
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
                inside = region.cut_holes(hole) > 0
                region.cut_frames(out)[inside] = piece[t][inside]
            yield out


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


def _bytes(video: Tensor) -> np.ndarray:
    """(1, time, 3, height, width) to uint8 (time, height, width, 3)."""
    return (video[0].float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
