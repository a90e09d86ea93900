"""Bring back the picture under a half-transparent overlay, and leave only the rest of the hole to the method."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator

import numpy as np

from lgtsm.classical.overlay import Overlay, OverlayEstimate
from lgtsm.inference.records import Filled, Frame
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_edit import Mask
from lgtsm.video.open import open_video
from lgtsm.video.probe import VideoInfo


def overlay_in(info: VideoInfo, mask: Mask) -> Overlay:
    """Estimate the overlay of a video from `probe` that is under a mask; reads the video once.

    Raises:
        VideoError: the mask is not the same in all frames that have one.
    """
    hole = _still_hole(mask)
    frames_with = [bool(one.any()) for one in mask]
    estimate = OverlayEstimate(hole, sum(frames_with))
    with open_video(info.path, "pyav", index=info.index, allow_gaps=info.allow_gaps) as video:
        for frame, masked in zip(video, frames_with):
            if masked:
                estimate.add(frame)
    return estimate.overlay()


def _still_hole(mask: Mask) -> np.ndarray:
    still: np.ndarray | None = None
    for hole in mask:
        if hole is still or not hole.any():
            continue
        if still is not None and not np.array_equal(hole, still):
            raise VideoError(
                "`see_through` needs a hole that stays in one place, such as that of a logo or a box; this one moves. "
                "Leave it out."
            )
        still = hole
    assert still is not None  # a mask is never empty
    return still


class OverlayOff:
    """Stand around a fill: take the overlay off what goes in, and give back the frames as they came with the results.

    Args:
        fill: takes frames with holes and yields them filled, in order.
        overlay: lies over all frames with a hole.
    """

    def __init__(self, fill: Callable[[Iterator[Frame]], Iterator[Filled]], overlay: Overlay):
        self.fill, self.overlay = fill, overlay

    def __call__(self, frames: Iterator[Frame]) -> Iterator[Filled]:
        """Yield the frames, filled."""
        waiting: collections.deque[Frame] = collections.deque()

        def without() -> Iterator[Frame]:
            for frame in frames:
                waiting.append(frame)
                if frame.hole.any():
                    under = self.overlay.take_off(frame.image)
                    frame = frame._replace(image=under, hole=frame.hole & self.overlay.hole)
                yield frame

        for filled in self.fill(without()):
            yield Filled(waiting.popleft(), filled.image)
