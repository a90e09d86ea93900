"""Find out what filling a video takes: which frames and rectangles, how many frames at once, how much memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from lgtsm.checks import check_positive
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.memory import choose_chunk, total_bytes
from lgtsm.inference.regions import Region, Segment, computed_share, plan_regions
from lgtsm.inference.scaled import shrink_hole
from lgtsm.video.probe import VideoInfo

DEFAULT_CHUNK = 8


@dataclasses.dataclass(frozen=True)
class FillOptions:
    """How to fill.

    working_height: fill at this height, in pixels, and bring the result back up inside the hole; None for the video's.
    feather: pixels over which a fill made at another height meets the known pixels.
    scene_cuts: begin anew at every cut, so that no scene is filled from another one.
    max_memory: bytes that the network may take; None takes 8 frames at once.
    regions: compute only where the hole is; False computes whole frames.
    frames_at_once: that the network takes; None takes what the memory allows, or 8.
    """

    working_height: int | None = None
    feather: int = 8
    scene_cuts: bool = True
    max_memory: int | None = None
    regions: bool = True
    frames_at_once: int | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """What there is to do.

    info: the video. hole_share: share of all pixels that is filled. height, width: pixels that the network works at.
    segments: frames and rectangles that the network sees. computed: their share of all pixels.
    chunk: frames at once. bytes: estimated memory of the network; None for a method that is no network.
    """

    info: VideoInfo
    hole_share: float
    height: int
    width: int
    segments: list[Segment]
    computed: float
    chunk: int
    bytes: int | None


def make_plan(
    inpainter: Inpainter, info: VideoInfo, holes: Iterable[np.ndarray], share: float, options: FillOptions
) -> Plan:
    """Find out what has to be computed, from the mask alone.

    Args:
        inpainter: what fills.
        info: the video, from `probe`.
        holes: uint8 (height, width) each, 1 = missing.
        share: their mean.
        options: how to fill.

    Raises:
        ValueError: the memory budget or the working height cannot be kept.
    """
    height, width = info.height, info.width
    if options.working_height is not None:
        check_positive("working_height", options.working_height)
        scale = options.working_height / height
        height, width = options.working_height, max(1, round(width * scale))
        holes = (shrink_hole(hole, (width, height)) for hole in holes)
    whole = Segment(0, info.frames, (Region(0, 0, height, width),))
    model = inpainter.model
    if not inpainter.can_stream:
        return Plan(info, share, height, width, [whole], 1.0, info.frames, None)
    segments = [whole]
    if options.regions:
        segments = plan_regions(holes, model.spatial_reach, model.temporal_reach, model.size_step)
    largest = max((s.regions for s in segments), key=lambda r: total_bytes(model, r, 1, inpainter.dtype), default=())
    chunk = options.frames_at_once or DEFAULT_CHUNK
    if options.max_memory is not None and largest:
        chunk = choose_chunk(model, largest, options.max_memory, inpainter.dtype)
    needed = total_bytes(model, largest, chunk, inpainter.dtype)
    return Plan(
        info, share, height, width, segments, computed_share(segments, info.frames, height, width), chunk, needed
    )
