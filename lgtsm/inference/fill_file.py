"""Fill the hole in a video file or frame folder and write the result as another one, at constant memory."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.plan import FillOptions, Plan, make_plan
from lgtsm.inference.regions import Segment
from lgtsm.inference.scaled import ScaledStream
from lgtsm.inference.stream import Chunks, VideoStream
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_edit import Mask
from lgtsm.video.mask_reader import open_mask
from lgtsm.video.probe import probe
from lgtsm.video.reader import open_video
from lgtsm.video.scene_cuts import SceneCutDetector
from lgtsm.video.writer import VideoWriter

Progress = Callable[[str, int, int], None]


class FrameSink(Protocol):
    """Anything that takes frames, uint8 (height, width, 3), one by one."""

    def write(self, frame: np.ndarray) -> None: ...


@dataclasses.dataclass(frozen=True)
class FillSummary:
    """What was done.

    plan: what was computed. output: where the result is. cuts: how many were found. seconds: that it took.
    times: seconds of "mask" (reading it, planning), "decode", "fill", "encode" and "watch"; their sum is `seconds`.
    """

    plan: Plan
    output: Path | FrameSink
    cuts: int
    seconds: float
    times: dict[str, float] = dataclasses.field(default_factory=dict)


def fill_file(
    inpainter: Inpainter,
    video_path: str | Path,
    mask: str | Path | Mask,
    output: str | Path | FrameSink,
    invert_mask: bool = False,
    resize_mask: bool = False,
    repeat_mask: bool = False,
    codec: str | None = None,
    crf: int = 16,
    lossless: bool = False,
    options: FillOptions = FillOptions(),  # noqa: B008 - frozen
    notice: Callable[[str], None] | None = None,
    progress: Progress = lambda stage, done, total: None,
    watch: Callable[[np.ndarray, np.ndarray, np.ndarray], None] | None = None,
    fps: Fraction | None = None,
) -> FillSummary:
    """Fill a video file of any length.

    Frame count, size, timing, sound and subtitles are kept, and pixels outside the hole reach the encoder bit for bit.

    Args:
        inpainter: what fills.
        video_path: a video file or a folder of frames.
        mask: an image for all frames, a folder of images, or a video; white = remove. Or holes, opened, see
            `lgtsm.video.mask_choice.MaskChoice.open`.
        output: a video file, or a folder for PNG frames; it appears only when it is whole; or a sink.
        invert_mask, resize_mask, repeat_mask: see `lgtsm.video.mask_reader.open_mask`; for a path only.
        codec, crf, lossless: see `lgtsm.video.writer.VideoWriter`.
        options: how to fill.
        notice: called with a sentence when something looks odd.
        progress: called as progress("fill", done, total), in frames.
        watch: called as watch(frame, hole, filled) for every frame in order, e.g. to make a preview.
        fps: frames per second of the result; None for those of the video (25 for folders).

    Raises:
        VideoError: the video, the mask or the place of the output cannot be used.
        ValueError: the memory budget or the working height cannot be kept.
    """
    started = time.perf_counter()
    video_path = Path(video_path)
    output = Path(output) if isinstance(output, str) else output
    if isinstance(output, Path) and output.resolve() == video_path.resolve():
        raise VideoError(f"The output must not be the input itself; both are {video_path}. Name another output.")
    info = probe(video_path)
    if isinstance(mask, (str, Path)):
        mask = open_mask(mask, info.frames, info.height, info.width, invert_mask, resize_mask, repeat_mask, notice)
    elif len(mask) != info.frames:
        raise VideoError(f"The mask must have {info.frames} frames like {video_path}; it has {len(mask)}.")
    plan = make_plan(inpainter, info, mask, mask.hole_share, options)
    detector = SceneCutDetector() if options.scene_cuts else None
    encoding = {"codec": codec, "crf": crf, "lossless": lossless}
    size = info.height, info.width
    times = {"mask": time.perf_counter() - started, "decode": 0.0, "fill": 0.0, "encode": 0.0, "watch": 0.0}
    cuts = 0

    def cut() -> None:
        nonlocal cuts
        cuts += 1

    with (
        open_video(video_path, "pyav") as reader,
        VideoWriter(output, fps, *size, like=info, source_path=video_path, **encoding)
        if isinstance(output, Path)
        else contextlib.nullcontext(output) as writer,
    ):
        pairs = _Kept(zip(_timed(reader, times, "decode"), _timed(mask, times, "mask"), strict=True), watch)
        filled = fill_frames(inpainter, pairs, plan, options, detector, cut)
        for done, frame in enumerate(filled, start=1):
            with _stopwatch(times, "encode"):
                writer.write(frame)
            if watch is not None:
                with _stopwatch(times, "watch"):
                    watch(*pairs.owed.popleft(), frame)
            progress("fill", done, info.frames)
        ended = time.perf_counter()
    times["encode"] += time.perf_counter() - ended
    seconds = time.perf_counter() - started
    times["fill"] = seconds - sum(times.values())
    return FillSummary(plan, output, cuts, seconds, times)


@contextlib.contextmanager
def _stopwatch(times: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[name] += time.perf_counter() - started


def _timed(items: Iterable[np.ndarray], times: dict[str, float], name: str) -> Iterator[np.ndarray]:
    """Yield the items, adding the seconds that each takes to come."""
    iterator = iter(items)
    while True:
        started = time.perf_counter()
        item = next(iterator, None)
        times[name] += time.perf_counter() - started
        if item is None:
            return
        yield item


def fill_frames(
    inpainter: Inpainter,
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    plan: Plan,
    options: FillOptions,
    detector: SceneCutDetector | None = None,
    cut: Callable[[], None] = lambda: None,
) -> Iterator[np.ndarray]:
    """Yield the filled frames, in order.

    Args:
        inpainter: what fills.
        pairs: frame uint8 (height, width, 3) and hole uint8 (height, width), in order.
        plan: what to compute, from `make_plan`.
        options: how to fill.
        detector: finds the cuts; None takes the whole video for one scene.
        cut: called at every cut.
    """
    if not inpainter.can_stream:
        yield from _fill_scenes(inpainter, pairs, detector, cut)
        return
    segments = iter([*plan.segments, Segment(plan.info.frames, plan.info.frames, ())])
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
            stream = Chunks(_open(inpainter, segment, plan, options), plan.chunk)
        if stream is None:
            yield frame
        else:
            yield from stream.push(frame, hole)
    if stream is not None:
        yield from stream.flush()


def _open(inpainter: Inpainter, segment: Segment, plan: Plan, options: FillOptions) -> VideoStream | ScaledStream:
    stream = VideoStream(inpainter.model, inpainter.device, inpainter.dtype, segment.regions)
    if options.working_height is None:
        return stream
    return ScaledStream(stream, plan.height, plan.width, options.feather)


def _fill_scenes(
    inpainter: Inpainter,
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    detector: SceneCutDetector | None,
    cut: Callable[[], None],
) -> Iterator[np.ndarray]:
    """Fill scene by scene with a method that has to see a whole one."""
    scene: list[tuple[np.ndarray, np.ndarray]] = []
    for frame, hole in pairs:
        if detector is not None and detector.is_cut(frame):
            cut()
            yield from fill_bytes(inpainter, *(np.stack(part) for part in zip(*scene, strict=True)))
            scene = []
        scene.append((frame, hole))
    if scene:
        yield from fill_bytes(inpainter, *(np.stack(part) for part in zip(*scene, strict=True)))


class _Kept:
    """Pass pairs on and, where someone watches, keep those whose result is not there yet."""

    def __init__(self, pairs: Iterable[tuple[np.ndarray, np.ndarray]], watch: object | None):
        self.pairs, self.watch, self.owed = pairs, watch, collections.deque()

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for pair in self.pairs:
            if self.watch is not None:
                self.owed.append(pair)
            yield pair


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
    filled = (filled * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return np.where(hole[..., None] > 0, filled, frames)
