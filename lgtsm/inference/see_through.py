"""Bring back the picture under a half-transparent overlay, and leave only the rest of the hole to the method."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator

import numpy as np

from lgtsm.classical.overlay import Overlay, OverlayEstimate
from lgtsm.inference.records import Filled, Frame
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_edit import Mask
from lgtsm.video.open import open_probed
from lgtsm.video.probe import VideoInfo


def overlay_in(info: VideoInfo, mask: Mask) -> Overlay:
    """Estimate the overlay of a video from `probe` that is under a mask; reads the video once.

    Raises:
        VideoError: the mask is not the same in all frames that have one.
    """
    masked = mask.survey.areas > 0
    estimate = OverlayEstimate(_still_hole(mask), int(masked.sum()))
    with open_probed(info) as video:
        for frame, is_masked in zip(video, masked):
            if is_masked:
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


def fill_under(
    overlay: Overlay, fill: Callable[[Iterator[Frame]], Iterator[Filled]], frames: Iterator[Frame]
) -> Iterator[Filled]:
    """Take an overlay off the frames that a fill gets, and give back the frames as they came with its results.

    Args:
        overlay: lies over all frames with a hole.
        fill: takes frames with holes and yields them filled, in order.
        frames: with the holes over the overlay.
    """
    waiting: collections.deque[Frame] = collections.deque()

    def without() -> Iterator[Frame]:
        for frame in frames:
            waiting.append(frame)
            if frame.hole.any():
                under = overlay.take_off(frame.image)
                frame = frame._replace(image=under, hole=frame.hole & overlay.hole)
            yield frame

    for filled in fill(without()):
        yield Filled(waiting.popleft(), filled.image)
