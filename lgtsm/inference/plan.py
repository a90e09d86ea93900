"""Find out what filling a video takes: which frames and rectangles, how many frames at once, how much memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from lgtsm.checks import check_positive
from lgtsm.inference.feather import feather_margin
from lgtsm.inference.filler import Filler
from lgtsm.inference.memory import choose_chunk, total_bytes
from lgtsm.inference.regions import Region, Segment, computed_share, plan_regions
from lgtsm.inference.tiles import plan_passes
from lgtsm.video.survey import Run

DEFAULT_CHUNK = 8
SCALED_FEATHER = 8


@dataclasses.dataclass(frozen=True)
class FillOptions:
    """How to fill.

    working_height: fill at this height, in pixels, and bring the result back up inside the hole; None for the video's.
    feather: pixels over which the fill is fitted to the known pixels beside it, inside the hole; None takes 8 at a
        working height, and else leaves the fill as the network gives it.
    scene_cuts: begin anew at every cut, so that no scene is filled from another one.
    max_memory: bytes that filling may take; None takes 8 frames at once in a network, and 4 GiB in other methods.
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

    height, width: pixels that the method works at. passes: frames and rectangles that it sees each time that it goes
        through the video; more than once where memory does not hold them at the same time. computed: their share of all
        pixels. chunk: frames at once. bytes: estimated memory of the network; None for a method that is no network.
    margin: pixels around a hole that its fill depends on.
    """

    height: int
    width: int
    passes: list[list[Segment]]
    computed: float = 1.0
    chunk: int = 1
    bytes: int | None = None
    margin: int = 0

    @property
    def segments(self) -> list[Segment]:
        """All that the method sees."""
        return [segment for segments in self.passes for segment in segments]


def make_plan(
    filler: Filler, size: tuple[int, int], num_frames: int | None, runs: Iterable[Run], options: FillOptions
) -> Plan:
    """Find out what has to be computed, from the holes alone.

    Args:
        filler: what fills.
        size: height and width of the video, in pixels.
        num_frames: of the video; None if nobody knows, and then it can be gone through once only.
        runs: its frames with holes, see `lgtsm.video.survey`.
        options: how to fill.

    Raises:
        ValueError: the memory budget or the working height cannot be kept.
    """
    height, width = size
    is_scaled = options.working_height is not None
    if is_scaled:
        check_positive("working_height", options.working_height)
        height, width = options.working_height, max(1, round(width * options.working_height / height))
        runs = (dataclasses.replace(run, boxes=_scaled(run.boxes, size, (height, width))) for run in runs)
    segments = [Segment(0, num_frames, (Region(0, 0, height, width),))]
    if not filler.can_step:
        return Plan(height, width, [segments])
    model, dtype = filler.model, filler.dtype
    margin = model.spatial_reach + (0 if is_scaled else feather_margin(options.feather_pixels))
    if options.regions:
        segments = plan_regions(runs, num_frames, (height, width), margin, model.temporal_reach, model.size_step)
    passes = [segments]
    chunk = options.frames_at_once or DEFAULT_CHUNK
    budget = options.max_memory
    if budget is not None:

        def fits(regions: Sequence[Region]) -> bool:
            return total_bytes(model, regions, 1, dtype, (height, width)) <= budget

        is_tiled = num_frames is not None and not is_scaled and not all(fits(one.regions) for one in segments)
        if is_tiled:
            passes = plan_passes(segments, margin, height, width, model.size_step, fits) or passes
    together = [segment.regions for segments in passes for segment in segments]
    largest = max(together, key=lambda regions: total_bytes(model, regions, 1, dtype, (height, width)), default=())
    if budget is not None and largest:
        chunk = choose_chunk(model, largest, budget, dtype, (height, width))
    needed = total_bytes(model, largest, chunk, dtype, (height, width))
    computed = sum(computed_share(segments, num_frames, height, width) for segments in passes)
    return Plan(height, width, passes, computed, chunk, needed, margin)


def _scaled(boxes: np.ndarray, size: tuple[int, int], smaller: tuple[int, int]) -> np.ndarray:
    """Return boxes (n, 4) in frames of another size, grown to all pixels that they touch."""
    scale = np.tile(np.divide(smaller, size), 2)
    return np.concatenate([np.floor(boxes * scale)[:, :2], np.ceil(boxes * scale)[:, 2:]], 1).astype(np.int32)
