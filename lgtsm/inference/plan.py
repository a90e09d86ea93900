"""Find out what filling a video takes: which frames and rectangles, how many frames at once, how much memory."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence

import numpy as np

from lgtsm.checks import check_positive
from lgtsm.inference.feather import feather_margin
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.memory import choose_chunk, total_bytes
from lgtsm.inference.regions import Region, Segment, computed_share, find_segments
from lgtsm.inference.scaled import shrink_hole
from lgtsm.inference.tiles import plan_passes
from lgtsm.video.probe import VideoInfo
from lgtsm.video.survey import Survey, survey

DEFAULT_CHUNK = 8
SCALED_FEATHER = 8


@dataclasses.dataclass(frozen=True)
class FillOptions:
    """How to fill.

    working_height: fill at this height, in pixels, and bring the result back up inside the hole; None for the video's.
    feather: pixels over which the fill is fitted to the known pixels beside it, inside the hole; None takes 8 at a
        working height, and else leaves the fill as the network gives it.
    scene_cuts: begin anew at every cut, so that no scene is filled from another one.
    max_memory: bytes that the network may take; None takes 8 frames at once.
    regions: compute only where the hole is; False computes whole frames.
    frames_at_once: that the network takes; None takes what the memory allows, or 8.
    """

    working_height: int | None = None
    feather: int | None = None
    scene_cuts: bool = True
    max_memory: int | None = None
    regions: bool = True
    frames_at_once: int | None = None

    @property
    def feather_pixels(self) -> int:
        """What `feather` comes to."""
        if self.feather is not None:
            return self.feather
        return SCALED_FEATHER if self.working_height is not None else 0


@dataclasses.dataclass(frozen=True)
class Plan:
    """What there is to do.

    info: the video. survey: what its mask holds. height, width: pixels that the network works at.
    passes: frames and rectangles that the network sees each time that it goes through the video; more than once where
        memory does not hold them at the same time. computed: their share of all pixels.
    chunk: frames at once. bytes: estimated memory of the network; None for a method that is no network.
    margin: pixels around a hole that its fill depends on.
    """

    info: VideoInfo
    survey: Survey
    height: int
    width: int
    passes: list[list[Segment]]
    computed: float
    chunk: int
    bytes: int | None
    margin: int = 0

    @property
    def hole_share(self) -> float:
        """Share of all pixels that is filled."""
        return self.survey.hole_share

    @property
    def segments(self) -> list[Segment]:
        """All that the network sees."""
        return [segment for segments in self.passes for segment in segments]


def make_plan(
    inpainter: Inpainter,
    info: VideoInfo,
    holes: Iterable[np.ndarray],
    options: FillOptions,
    repeatable: bool = True,
) -> Plan:
    """Find out what has to be computed, from the mask alone, which is gone through once.

    Args:
        inpainter: what fills.
        info: the video, from `probe`.
        holes: uint8 (height, width) each, 1 = missing.
        options: how to fill.
        repeatable: the video can be gone through more than once, if memory does not hold all regions at once.

    Raises:
        ValueError: the memory budget or the working height cannot be kept.
    """
    height, width = info.height, info.width
    is_scaled = options.working_height is not None
    if is_scaled:
        check_positive("working_height", options.working_height)
        scale = options.working_height / height
        height, width = options.working_height, max(1, round(width * scale))
    whole = Segment(0, info.frames, (Region(0, 0, height, width),))
    model, dtype = inpainter.model, inpainter.dtype
    shrink = functools.partial(shrink_hole, size=(width, height)) if is_scaled else None
    found = survey(holes, sum(model.temporal_reach) if inpainter.can_stream else 1, shrink)
    if not inpainter.can_stream:
        return Plan(info, found, height, width, [[whole]], 1.0, info.frames, None)
    margin = model.spatial_reach + (0 if is_scaled else feather_margin(options.feather_pixels))
    segments = [whole]
    if options.regions:
        segments = find_segments(found, height, width, margin, model.temporal_reach, model.size_step)
    passes = [segments]
    chunk = options.frames_at_once or DEFAULT_CHUNK
    budget = options.max_memory
    if budget is not None:

        def fits(regions: Sequence[Region]) -> bool:
            return total_bytes(model, regions, 1, dtype, (height, width)) <= budget

        if repeatable and not is_scaled and not all(fits(segment.regions) for segment in segments):
            passes = plan_passes(segments, margin, height, width, model.size_step, fits) or passes
    together = [segment.regions for segments in passes for segment in segments]
    largest = max(together, key=lambda regions: total_bytes(model, regions, 1, dtype, (height, width)), default=())
    if budget is not None and largest:
        chunk = choose_chunk(model, largest, budget, dtype, (height, width))
    needed = total_bytes(model, largest, chunk, dtype, (height, width))
    computed = sum(computed_share(segments, info.frames, height, width) for segments in passes)
    return Plan(info, found, height, width, passes, computed, chunk, needed, margin)
