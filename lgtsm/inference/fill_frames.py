"""Fill frames in order, by what a plan says: which of them the network sees, and which parts of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch

from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.plan import FillOptions, Plan
from lgtsm.inference.regions import Segment
from lgtsm.inference.scaled import ScaledStream
from lgtsm.inference.stream import Chunks, FrameStream, SceneStream, VideoStream
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.video.scene_cuts import SceneCutDetector

NETWORK_BYTES_PER_PIXEL = 1200  # of a frame, that a network takes; 1140 measured for `completion`
BYTES_PER_PIXEL = 60  # of a frame, that a method takes which does not say how many: the clip, its hole and its filling


def fill_frames(
    inpainter: Inpainter,
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    plan: Plan,
    options: FillOptions,
    detector: SceneCutDetector | None = None,
    cut: Callable[[], None] = lambda: None,
    segments: Sequence[Segment] | None = None,
) -> Iterator[np.ndarray]:
    """Yield the filled frames, in order.

    Args:
        inpainter: what fills.
        pairs: frame uint8 (height, width, 3) and hole uint8 (height, width), in order.
        plan: what to compute, from `make_plan`.
        options: how to fill.
        detector: finds the cuts; None takes the whole video for one scene.
        cut: called at every cut.
        segments: those of one of the plan's passes; None for the only one.
    """
    segments = iter(
        [*(plan.segments if segments is None else segments), Segment(plan.info.frames, plan.info.frames, ())]
    )
    segment, stream = next(segments), None
    for number, (frame, hole) in enumerate(pairs):
        if detector is not None and detector.is_cut(frame):
            cut()
            if stream is not None:
                yield from stream.flush()
        if stream is not None and number == segment.stop:
            yield from stream.flush()
            segment, stream = next(segments), None
        if stream is None and number == segment.start:
            stream = Chunks(_open(inpainter, segment, plan, options), plan.chunk if inpainter.can_stream else 1)
        if stream is None:
            yield frame
        else:
            yield from stream.push(frame, hole)
    if stream is not None:
        yield from stream.flush()


def _open(inpainter: Inpainter, segment: Segment, plan: Plan, options: FillOptions) -> FrameStream:
    is_scaled = options.working_height is not None
    if inpainter.can_stream:
        feather = 0 if is_scaled else options.feather_pixels
        stream = VideoStream(inpainter.model, inpainter.device, inpainter.dtype, segment.regions, feather)
    else:
        model = inpainter.model
        unknown = NETWORK_BYTES_PER_PIXEL if inpainter.has_weights else BYTES_PER_PIXEL
        bytes_per_pixel = getattr(model, "bytes_per_pixel", unknown)
        local = options.regions and getattr(model, "local", False)
        fill = functools.partial(fill_bytes, inpainter)
        stream = SceneStream(fill, bytes_per_pixel, options.max_memory, local)
    return ScaledStream(stream, plan.height, plan.width, options.feather_pixels) if is_scaled else stream


def fill_bytes(inpainter: Inpainter, frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Fill 8-bit frames of a whole clip; those pixels that are known come back as they are.

    Args:
        inpainter: what fills.
        frames: uint8 (time, height, width, 3).
        hole: uint8 (time, height, width), 1 = missing.

    Returns:
        uint8 (time, height, width, 3).
    """
    video = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    filled = inpainter.fill(video, torch.from_numpy(hole)[:, None].float())
    return np.where(hole[..., None] > 0, to_uint8(filled), frames)
