"""Fill frames in order, as planned: the one loop over scenes and segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import MethodType

from lgtsm.inference.filler import Filler
from lgtsm.inference.network_stream import NetworkStream
from lgtsm.inference.options import FillOptions
from lgtsm.inference.plan import Plan
from lgtsm.inference.records import Filled, Frame, FrameStream
from lgtsm.inference.regions import Segment
from lgtsm.inference.scaled import ScaledStream
from lgtsm.inference.scene_stream import SceneStream
from lgtsm.video.scene_cuts import SceneCutDetector

WINDOW = (64, 16, 8)  # of a network that sees a scene, see SceneStream
BYTES_PER_PIXEL = 1200  # of a frame, that such a network takes; 1140 measured for `completion`


def fill_frames(
    filler: Filler,
    frames: Iterable[Frame],
    segments: Sequence[Segment],
    plan: Plan,
    options: FillOptions,
    cut: Callable[[], object] = lambda: None,
) -> Iterator[Filled]:
    """Yield filled frames in order, each as soon as it is ready.

    Args:
        filler: the method.
        frames: all frames of a video, in order.
        segments: one of the plan's passes.
        plan: from `make_plan`.
        options: how to fill.
        cut: called at every scene cut.
    """
    detector = SceneCutDetector() if options.scene_cuts else None
    following = iter(segments)
    segment = next(following, None)
    stream: FrameStream | None = None
    for frame in frames:
        if detector is not None and detector.is_cut(frame.image):
            cut()
            if stream is not None:
                yield from stream.flush()
        if stream is not None and segment is not None and frame.number == segment.stop:
            yield from stream.flush()
            segment, stream = next(following, None), None
        if segment is not None and frame.number == segment.start:
            stream = _open(filler, segment, plan, options)
        if stream is None:
            yield Filled(frame, frame.image)
        else:
            yield from stream.push(frame)
    if stream is not None:
        yield from stream.flush()


def _open(filler: Filler, segment: Segment, plan: Plan, options: FillOptions) -> FrameStream:
    is_scaled = options.working_height is not None
    stream: FrameStream
    if filler.can_step:
        feather = 0 if is_scaled else options.feather_pixels
        stream = NetworkStream(filler, segment.regions, feather, plan.chunk)
    else:
        model = filler.model
        window, pixel = getattr(model, "window", None), getattr(model, "bytes_per_pixel", None)
        # A network of one's own may call something else so.
        if not (isinstance(window, tuple) and [type(frames) for frames in window] == [int] * 3):
            window = WINDOW
        piece, ahead, behind = window
        stream = SceneStream(
            filler.fill_bytes,
            piece,
            ahead,
            behind,
            pixel if type(pixel) is int or isinstance(pixel, MethodType) else BYTES_PER_PIXEL,
            options.regions and getattr(model, "local", False) is True,
            options.max_memory,
        )
    return ScaledStream(stream, plan.height, plan.width, options.feather_pixels) if is_scaled else stream
