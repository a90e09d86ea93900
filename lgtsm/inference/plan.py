"""Plan a fill: which frames and rectangles, how many frames at once, how much memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from lgtsm.inference.feather import feather_margin
from lgtsm.inference.filler import Filler
from lgtsm.inference.memory import choose_chunk, total_bytes
from lgtsm.inference.options import DEFAULT_CHUNK, FillOptions
from lgtsm.inference.regions import Region, Segment, computed_share, plan_regions
from lgtsm.inference.tiles import plan_passes
from lgtsm.video.survey import Run


@dataclasses.dataclass(frozen=True)
class Plan:
    """The work to do.

    height, width: working size in pixels. passes: the frames and rectangles of each pass through the video; there are
        several passes if memory does not hold all rectangles at once. computed: their share of all pixels. chunk:
        frames at once. bytes: estimated memory of a network that steps, else None. margin: pixels around a hole that
        its fill depends on.
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
        """The segments of all passes."""
        return [segment for segments in self.passes for segment in segments]


def make_plan(
    filler: Filler, size: tuple[int, int], num_frames: int | None, runs: Iterable[Run], options: FillOptions
) -> Plan:
    """Plan from the holes alone.

    Args:
        filler: the method.
        size: height and width of the video, in pixels.
        num_frames: of the video; None if unknown, which allows for a single pass.
        runs: its frames with holes, see `lgtsm.video.survey`.
        options: how to fill.

    Raises:
        ValueError: the memory budget or the working height cannot be kept.
    """
    height, width = size
    is_scaled = options.working_height is not None
    if options.working_height is not None:
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
