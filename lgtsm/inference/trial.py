"""Estimate the time: run the network on one chunk of the largest region."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from lgtsm.inference.filler import Filler
from lgtsm.inference.plan import Plan
from lgtsm.inference.region_stream import RegionStream
from lgtsm.inference.regions import Region

PATIENCE = 20.0  # seconds


@dataclass(frozen=True)
class Trial:
    """The seconds that `frames` of a region took, and the seconds expected for the whole video.

    full: the last chunk was a full one; otherwise patience ran out first, and the video takes longer than expected.
    """

    region: Region
    frames: int
    seconds: float
    expected: float
    full: bool


def try_network(filler: Filler, plan: Plan) -> Trial | None:
    """Run the largest region of a plan until the network works on full chunks, and time the last one.

    Returns:
        None if there is nothing to compute, or the method does not step.
    """
    regions = [region for segment in plan.segments for region in segment.regions]
    if not filler.can_step or not regions:
        return None
    region = max(regions, key=lambda one: one.pixels)
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (plan.chunk, plan.height, plan.width, 3), dtype=np.uint8)
    hole = np.zeros((plan.chunk, plan.height, plan.width), np.uint8)
    region.inner(filler.model.spatial_reach, plan.height, plan.width).cut_holes(hole)[:] = 1
    stream = RegionStream(filler, region)
    begun = time.perf_counter()
    while True:
        started = time.perf_counter()
        ready = len(stream.push(frames, hole))
        seconds = time.perf_counter() - started
        # The first chunks cost less: the deeper layers still wait for frames.
        if ready >= plan.chunk or time.perf_counter() - begun > PATIENCE:
            break
    pixels = sum(((s.stop or s.start) - s.start) * one.pixels for s in plan.segments for one in s.regions)
    return Trial(region, plan.chunk, seconds, seconds / (plan.chunk * region.pixels) * pixels, ready >= plan.chunk)
