"""Fill a stream of frames with a network that steps from frame to frame, rectangle by rectangle."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from lgtsm.inference.feather import feather_margin, paste_feathered
from lgtsm.inference.filler import Filler
from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.region_stream import RegionStream
from lgtsm.inference.regions import Region


class NetworkStream:
    """Fill frames in order; known pixels come back byte for byte.

    Args:
        filler: a network with `initial_state`, `step` and `flush`.
        regions: the rectangles to compute; None for whole frames.
        feather: pixels over which the fill is blended into the known pixels, see
            `lgtsm.inference.feather.paste_feathered`; 0 leaves it unchanged.
        chunk: frames that go in at once.
    """

    def __init__(self, filler: Filler, regions: Iterable[Region] | None = None, feather: int = 0, chunk: int = 1):
        output = "predicted" if feather else "filled"
        self.reach, self.feather, self.chunk = filler.model.spatial_reach, feather, chunk
        self.streams = [RegionStream(filler, region, output) for region in ([None] if regions is None else regions)]
        self.owed: collections.deque[Frame] = collections.deque()
        self.unsent = 0  # the last of those owed, not yet given to the network

    def push(self, frame: Frame) -> Iterator[Filled]:
        """Take the next frame; yield those that are ready."""
        self.owed.append(frame)
        self.unsent += 1
        if self.unsent == self.chunk:
            yield from self._send()

    def flush(self) -> Iterator[Filled]:
        """Yield all frames still owed, at a cut or at the end, and start over."""
        yield from self._send()
        yield from self._paste([stream.flush() for stream in self.streams])

    def _send(self) -> Iterator[Filled]:
        if self.unsent:
            sent = list(itertools.islice(self.owed, len(self.owed) - self.unsent, None))
            images, holes = np.stack([frame.image for frame in sent]), np.stack([frame.hole for frame in sent])
            self.unsent = 0
            yield from self._paste([stream.push(images, holes) for stream in self.streams])

    def _paste(self, pieces: list[np.ndarray]) -> Iterator[Filled]:
        # All rectangles are equally far along: they share a network.
        ready = len(pieces[0]) if pieces else len(self.owed)
        for t in range(ready):
            frame = self.owed.popleft()
            hole, out = frame.hole, frame.image.copy()
            for stream, piece in zip(self.streams, pieces, strict=True):
                region = stream.region or Region(0, 0, *hole.shape)
                given, filled = region.inner(self.reach, *hole.shape), piece[t]
                if self.feather:
                    filled = paste_feathered(given.cut_frames(frame.image), given.cut_holes(hole), filled, self.feather)
                # Holes closer to a rectangle's edge belong to another one: too little is known around them here.
                inner = region.inner(self.reach + feather_margin(self.feather), *hole.shape)
                missing = inner.cut_holes(hole) > 0
                inner.cut_frames(out)[missing] = inner.seen_from(given).cut_frames(filled)[missing]
            yield Filled(frame, out)
