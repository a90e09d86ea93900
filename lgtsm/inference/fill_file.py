"""Fill the hole in a video file or frame folder and write the result as another one, at constant memory."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from lgtsm.inference.fill_frames import fill_frames
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.plan import FillOptions, Plan, make_plan
from lgtsm.inference.regions import Segment
from lgtsm.inference.tiles import PixelStore
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_edit import Mask
from lgtsm.video.mask_reader import MaskReader
from lgtsm.video.open import open_video
from lgtsm.video.probe import VideoInfo, probe
from lgtsm.video.scene_cuts import SceneCutDetector
from lgtsm.video.writer import open_output

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
    video: str | Path | VideoInfo,
    mask: str | Path | Mask,
    output: str | Path | FrameSink,
    invert_mask: bool = False,
    resize_mask: bool = False,
    repeat_mask: bool = False,
    encoding: Encoding = Encoding(),  # noqa: B008 - frozen
    options: FillOptions = FillOptions(),  # noqa: B008 - frozen
    notice: Callable[[str], None] | None = None,
    progress: Progress = lambda stage, done, total: None,
    watch: Callable[[np.ndarray, np.ndarray, np.ndarray], None] | None = None,
    fps: Fraction | None = None,
    plan: Plan | None = None,
) -> FillSummary:
    """Fill a video file of any length.

    Frame count, size, timing, sound and subtitles are kept, and pixels outside the hole reach the encoder bit for bit.

    Args:
        inpainter: what fills.
        video: a video file or a folder of frames, or what `probe` said of it.
        mask: an image for all frames, a folder of images, or a video; white = remove. Or holes, opened, see
            `lgtsm.video.mask_choice.MaskChoice.open`.
        output: a video file, or a folder for PNG frames; it appears only when it is whole; or a sink.
        invert_mask, resize_mask, repeat_mask: see `lgtsm.video.mask_reader.MaskReader`; for a path only.
        encoding: how to write it.
        options: how to fill.
        notice: called with a sentence when something looks odd.
        progress: called as progress("fill", done, total), in frames, each counted once for every pass.
        watch: called as watch(frame, hole, filled) for every frame in order, e.g. to make a preview.
        fps: frames per second of the result; None for those of the video (25 for folders).
        plan: from `make_plan`, where it has been made before.

    Raises:
        VideoError: the video, the mask or the place of the output cannot be used.
        ValueError: the memory budget or the working height cannot be kept.
    """
    started = time.perf_counter()
    info = video if isinstance(video, VideoInfo) else probe(video)
    output = Path(output) if isinstance(output, str) else output
    if isinstance(output, Path) and output.resolve() == info.path.resolve():
        raise VideoError(f"The output must not be the input itself; both are {info.path}. Name another output.")
    if isinstance(mask, (str, Path)):
        mask = MaskReader(mask, info.frames, info.height, info.width, invert_mask, resize_mask, repeat_mask, notice)
    elif len(mask) != info.frames:
        raise VideoError(f"The mask must have {info.frames} frames like {info.path}; it has {len(mask)}.")
    plan = plan or make_plan(inpainter, info, mask, options)
    size = info.height, info.width
    times = {"mask": time.perf_counter() - started, "decode": 0.0, "fill": 0.0, "encode": 0.0, "watch": 0.0}
    cuts, done, total = 0, itertools.count(1), info.frames * len(plan.passes)

    def cut() -> None:
        nonlocal cuts
        cuts += 1

    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(open_video(info.path, "pyav", index=info.index))

        def fill(segments: Sequence[Segment], cut: Callable[[], None] = lambda: None) -> Iterator[tuple]:
            """Go through the video once; yields number, frame, hole and filled frame."""
            detector = SceneCutDetector() if options.scene_cuts else None
            pairs = _Kept(zip(_timed(reader, times, "decode"), _timed(mask, times, "mask"), strict=True))
            for number, filled in enumerate(fill_frames(inpainter, pairs, plan, options, detector, cut, segments)):
                yield number, *pairs.owed.popleft(), filled
                progress("fill", next(done), total)

        writer, place = output, None
        if isinstance(output, Path):
            writer = open_output(output, info, encoding, fps)
            stack.enter_context(writer)
            place = output.absolute().parent
        stores = []
        for segments in plan.passes[:-1]:
            store = stack.enter_context(contextlib.closing(PixelStore(segments, plan.margin, *size, place)))
            for number, _, hole, filled in fill(segments):
                store.write(number, hole, filled)
            store.rewind()
            stores.append(store)
        for number, frame, hole, filled in fill(plan.passes[-1], cut):
            if stores:
                filled = filled.copy()
            for store in stores:
                store.read_into(number, hole, filled)
            with _stopwatch(times, "encode"):
                writer.write(filled)
            if watch is not None:
                with _stopwatch(times, "watch"):
                    watch(frame, hole, filled)
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


class _Kept:
    """Pass pairs on and keep those whose result is not there yet."""

    def __init__(self, pairs: Iterable[tuple[np.ndarray, np.ndarray]]):
        self.pairs, self.owed = pairs, collections.deque()

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for pair in self.pairs:
            self.owed.append(pair)
            yield pair
