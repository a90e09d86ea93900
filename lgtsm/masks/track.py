"""Follow an object through a video, from a box around it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lgtsm.counted import counted

from .aligned_frames import AlignedFrames, Read
from .object_follower import Follower
from .packed_holes import PackedHoles

SHORT_SIDE = 240, 480  # pixels to work at, least and most
SMALL = 16  # pixels at that size; the short side grows until a box is not smaller
LOST_AFTER = 1.0  # seconds


@dataclasses.dataclass(frozen=True)
class Anchor:
    """A box around the object in one frame: left, top, width, height in pixels."""

    frame: int
    box: tuple[int, int, int, int]


class TrackMask:
    """Holes over one object, followed both ways in time from boxes around it.

    What differs from the background, as other frames show it once the camera's motion is taken out, and what has the
    object's colors, near where the object is expected, is the object. In frames between two boxes, the nearer one
    counts. The object may be hidden for a second; when it is not found again, following stops, and `remarks` says so.

    Args:
        read: returns the frames at some numbers, uint8 (n, height, width, 3), RGB.
        num_frames, fps, size: of the video; size is (height, width), in pixels.
        anchors: one or more.
        cuts: numbers of frames that start a new scene; following ends there.
        progress: called with the number of frames that are done.

    Attributes:
        lost: frames, first and last of each stretch, in which the object was looked for in vain.
        spilled: frames in which the mask grew far beyond the object, and was held to its shape of before.
    """

    name = "The followed object"
    why_empty = "It was not found in its own box. Draw the box closer around it."

    def __init__(
        self,
        read: Read,
        num_frames: int,
        fps: float,
        size: tuple[int, int],
        anchors: Sequence[Anchor],
        cuts: Sequence[int] = (),
        progress: Callable[[int], object] = lambda done: None,
    ):
        self.num_frames, self.fps, self.size = num_frames, fps, size
        done = itertools.count(1)
        self.lost: list[tuple[int, int]] = []
        self.spilled: list[int] = []
        anchors = sorted(anchors, key=lambda anchor: anchor.frame)
        small = _working_size(size, min(min(anchor.box[2:]) for anchor in anchors))
        self._holes = PackedHoles(small, size)
        starts = [0, *cuts, num_frames]
        for first, end in itertools.pairwise(starts):
            here = [anchor for anchor in anchors if first <= anchor.frame < end]
            if here:
                scene = AlignedFrames(read, first, end, small)
                self._follow_scene(scene, here, lambda: progress(next(done)))
        progress(num_frames)

    @property
    def remarks(self) -> list[str]:
        """Sentences on where the object was lost, or the mask too large."""
        said = []
        for first, last in self.lost:
            at, until = (f"{frame / self.fps:.1f} s" for frame in (first, last + 1))
            said.append(
                f"The object is hidden, gone or lost from {at} to {until} (frames {first} to {last}), which stay as "
                f"they are. If it is there, add a box at that time to `track`."
            )
        if self.spilled:
            first, count = min(self.spilled), counted(len(self.spilled), "frame")
            said.append(
                f"The mask grew far beyond the object in {count}, first at {first / self.fps:.1f} s (frame {first}). "
                "Look at it there; a box at that time in `track` corrects it."
            )
        return said

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.part(0, self.num_frames)

    def part(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Return the holes of the frames `start` to `stop` (excluded)."""
        return (self._holes[number] for number in range(start, stop))

    def _follow_scene(self, scene: AlignedFrames, anchors: Sequence[Anchor], advance: Callable[[], object]) -> None:
        middles = [(one.frame + other.frame + 1) // 2 for one, other in itertools.pairwise(anchors)]
        bounds = [scene.first, *middles, scene.end]
        for anchor, first, end in zip(anchors, bounds, bounds[1:]):
            before, behind = range(anchor.frame - 1, first - 1, -1), range(anchor.frame + 1, end)
            for numbers in (before, behind):
                self._walk(Follower(scene, anchor.frame, self._scaled(anchor)), numbers, advance)

    def _walk(self, follower: Follower, numbers: range, advance: Callable[[], object]) -> None:
        self._holes.keep(follower.number, follower.found)
        waiting: list[int] = []  # frames since it was last found; parts of it may still show
        for number in numbers:
            self._holes.keep(number, follower.step(number))
            advance()
            if follower.spills:
                self.spilled.append(number)
            waiting = [*waiting, number] if follower.is_gone else []
            if len(waiting) > LOST_AFTER * self.fps:
                for gone in waiting:
                    self._holes.drop(gone)
                self.lost.append((min(waiting[0], numbers[-1]), max(waiting[0], numbers[-1])))
                return

    def _scaled(self, anchor: Anchor) -> tuple[int, int, int, int]:
        """Return the anchor's box at the size that is worked at: left, top, right, bottom."""
        (height, width), (rows, columns) = self.size, self._holes.small
        x, y, w, h = anchor.box
        left, top = int(x * columns / width), int(y * rows / height)
        right, bottom = -(-(x + w) * columns // width), -(-(y + h) * rows // height)
        return left, top, min(columns, right), min(rows, bottom)


def _working_size(size: tuple[int, int], box_side: int) -> tuple[int, int]:
    """Return (height, width) to work at, so that the box's short side is not too small; small videos grow."""
    short = min(size)
    scale = float(np.clip(SMALL * short / box_side, *SHORT_SIDE)) / short
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
