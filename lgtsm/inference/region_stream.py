"""Push one rectangle of a stream of frames through a network, bytes in, bytes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lgtsm.inference.filler import Filler, check_finite
from lgtsm.inference.regions import Region
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.precision import autocast


class RegionStream:
    """Push one rectangle of a stream of frames through a network that can be stepped.

    Args:
        filler: a network with `initial_state`, `step` and `flush`.
        region: the rectangle that the network sees; only its inner part, seen with full context, comes back. None for
            whole frames.
        output: "filled", or "predicted" for the network's own pixels everywhere.
    """

    def __init__(self, filler: Filler, region: Region | None = None, output: str = "filled"):
        self.model, self.device, self.precision = filler.model, filler.device, filler.precision
        self.region = region
        self.output = output
        self.state: Any = None  # of the network
        self.waiting = False
        self.at_once: int | None = None  # frames that fit into a GPU's memory, once known

    @torch.inference_mode()
    def push(self, frames: np.ndarray, holes: np.ndarray) -> np.ndarray:
        """Take the next frames and return those that are ready.

        If a GPU runs out of memory, the chunk is halved, for these frames and all that follow.

        Args:
            frames: uint8 (time, height, width, 3), whole frames.
            holes: uint8 (time, height, width), 1 = missing.

        Returns:
            uint8 (time', height', width', 3), the rectangle's inner part; known pixels are unchanged, or the
            network's own for output="predicted".

        Raises:
            ValueError: a GPU has too little memory for a single frame.
        """
        if self.state is None:
            self.state = self._begin(*holes.shape[1:])
        if self.region is not None:
            frames, holes = self.region.cut_frames(frames), self.region.cut_holes(holes)
        self.waiting = True
        pieces: list[np.ndarray] = []
        start = 0
        while start < len(frames):
            stop = min(len(frames), start + (self.at_once or len(frames)))
            # Retry outside the handler: the error in it keeps the memory alive.
            if self._step(frames[start:stop], holes[start:stop], pieces):
                start = stop
            elif stop - start > 1:
                self.at_once = (stop - start) // 2
                torch.cuda.empty_cache()
            else:
                height, width = frames.shape[1:3]
                raise ValueError(
                    f"The GPU must have memory for one frame of {width}x{height} at a time; it has too little. Set a "
                    "smaller working_height, precision bf16, or device cpu."
                )
        return np.concatenate(pieces)

    def _begin(self, height: int, width: int) -> object:
        """Return the state before the first frame of a size."""
        if self.region is None:
            return self.model.initial_state()
        inner = self.region.inner(self.model.spatial_reach, height, width).seen_from(self.region)
        return self.model.initial_state((inner.top, inner.left, inner.bottom, inner.right))

    def _step(self, frames: np.ndarray, holes: np.ndarray, pieces: list[np.ndarray]) -> bool:
        """Take one step and append the result to the pieces; change nothing and return False if memory ran out."""
        try:
            video = torch.from_numpy(np.ascontiguousarray(frames)).to(self.device)
            video = video.permute(0, 3, 1, 2)[None].float() / 255
            hole = torch.from_numpy(np.ascontiguousarray(holes)).to(self.device)[None, :, None].float()
            with autocast(self.device, self.precision):
                filled, state = self.model.step(video, hole, self.state, self.output)
            check_finite(filled)
            pieces.append(to_uint8(filled[0]))
        except torch.OutOfMemoryError:
            return False
        self.state = state
        return True

    @torch.inference_mode()
    def flush(self) -> np.ndarray:
        """Return the frames still owed, and start over."""
        if not self.waiting:
            return np.empty((0, 0, 0, 3), np.uint8)
        with autocast(self.device, self.precision):
            filled = self.model.flush(self.state, self.output)
        check_finite(filled)
        self.state = None
        self.waiting = False
        return to_uint8(filled[0])
