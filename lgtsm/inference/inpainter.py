"""Fill videos: clips in memory, streams of frames, files."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np

from lgtsm.counted import counted
from lgtsm.inference.fill_frames import fill_frames
from lgtsm.inference.filler import Filler
from lgtsm.inference.options import FillOptions
from lgtsm.inference.plan import Plan, make_plan
from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.regions import Segment
from lgtsm.inference.see_through import fill_under, overlay_in
from lgtsm.inference.tiles import HoleStore, PixelStore
from lgtsm.outputs import Place, check_outputs
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.mask_edit import Mask
from lgtsm.video.open import open_probed
from lgtsm.video.probe import VideoInfo, probe
from lgtsm.video.reader import Picture
from lgtsm.video.survey import survey
from lgtsm.video.writer import VideoWriter

Item = TypeVar("Item")


class FrameSink(Protocol):
    """Anything that takes frames, uint8 (height, width, 3), one by one."""

    def write(self, frame: np.ndarray) -> None: ...


@dataclasses.dataclass(frozen=True)
class FillSummary:
    """The outcome of a fill.

    info: the video. hole_share: share of its pixels that was filled. plan: the work. output: the result's place. cuts:
    scene cuts found. times: seconds of "mask" (reading it, planning), "decode", "fill", "encode" and "watch". notices:
    sentences on sound and other streams that could not be copied as they were.
    """

    info: VideoInfo
    hole_share: float
    plan: Plan
    output: Path | FrameSink
    cuts: int
    times: dict[str, float]
    notices: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """The total time."""
        return sum(self.times.values())


class Inpainter(Filler):
    """Fill the holes of videos. For the arguments see `lgtsm.inference.filler.Filler`."""

    def stream(
        self,
        frames: Iterable[np.ndarray],
        holes: Iterable[np.ndarray] | np.ndarray,
        options: FillOptions = FillOptions(),  # noqa: B008 - frozen
    ) -> Iterator[np.ndarray]:
        """Fill frames as they arrive, from any source, in constant memory.

        A frame comes back as soon as its result is known: at once for causal networks and frame-by-frame methods,
        `model.temporal_reach[1]` frames later for other networks that step, with its piece of the scene for all other
        methods. The last ones come when `frames` ends.

        Args:
            frames: uint8 (height, width, 3), RGB, in order, all of one size.
            holes: uint8 or bool (height, width) each, 1 = missing; or one array for all frames, which lets a network
                compute only the surroundings of the hole.
            options: how to fill. A network takes one frame at once, unless they say otherwise (`frames_at_once`,
                `max_memory`): more run faster and answer later.

        Yields:
            uint8 (height, width, 3); known pixels are those of `frames` byte for byte.

        Raises:
            ValueError: frames and holes do not fit together, or the memory budget cannot be kept.
        """
        if options.frames_at_once is None and options.max_memory is None:
            options = dataclasses.replace(options, frames_at_once=1)
        still, each = False, iter(holes)
        if isinstance(holes, np.ndarray) and holes.ndim == 2:
            still, each = True, itertools.repeat(holes)
        records = _records(map(Picture, frames), each)
        first = next(records, None)
        if first is None:
            return
        anywhere = first.hole if still else np.ones_like(first.hole)
        plan = make_plan(self, anywhere.shape, None, survey([anywhere]).runs, options)
        for filled in fill_frames(self, itertools.chain([first], records), plan.segments, plan, options):
            yield filled.image

    def fill_file(
        self,
        video: str | Path | VideoInfo,
        mask: str | Path | MaskChoice | Mask,
        output: str | Path | FrameSink,
        encoding: Encoding = Encoding(),  # noqa: B008 - frozen
        options: FillOptions = FillOptions(),  # noqa: B008 - frozen
        progress: Callable[[int, int], None] = lambda done, total: None,
        watch: Callable[[Filled], object] | None = None,
    ) -> FillSummary:
        """Fill a video file of any length.

        Keeps frame count, size, timing, sound and subtitles. What is not filled reaches the encoder bit for bit: the
        stored YUV samples of a video file, where the output has its pixel format and color tags.

        Args:
            video: a video file, a folder of frames, or the result of `lgtsm.video.probe`, which takes `allow_gaps`.
            mask: an image for all frames, a folder of images, a video, or an array (.npy), white = remove; or a mask
                chosen or opened otherwise.
            output: a video file or a folder of PNG frames, which appears once it is complete; or a sink.
            encoding: how to write the output.
            options: how to fill.
            progress: called as progress(done, total), in frames, counted in every pass.
            watch: called with every filled frame in order, e.g. to write a preview.

        Raises:
            VideoError: the video, the mask or the output cannot be used.
            ValueError: the memory budget or the working height cannot be kept.
        """
        times = dict.fromkeys(("mask", "decode", "fill", "encode", "watch"), 0.0)
        started = time.perf_counter()
        info = video if isinstance(video, VideoInfo) else probe(video)
        for fault in info.faults if info is not video else ():
            warnings.warn(fault, stacklevel=2)
        output = Path(output) if isinstance(output, str) else output
        mask = MaskChoice(Path(mask)) if isinstance(mask, (str, Path)) else mask
        if isinstance(output, Path):
            marked = [Place("the mask", mask.path)] if isinstance(mask, MaskChoice) and mask.path else []
            check_outputs([Place("`output`", output)], [Place("the video", info.path), *marked])
        with _stopwatch(times, "mask"):
            if isinstance(mask, MaskChoice):
                mask = mask.open(info, warnings.warn)
            if len(mask) != info.frames:
                raise VideoError(
                    f"The mask must have {counted(info.frames, 'frame')} like {info.path}; it has {len(mask)}."
                )
            size = info.height, info.width
            plan = make_plan(self, size, info.frames, mask.survey.runs, options)
            overlay = overlay_in(info, mask) if options.see_through else None
        cuts, done = itertools.count(), itertools.count(1)
        total = info.frames * len(plan.passes)

        with contextlib.ExitStack() as stack:
            reader = open_probed(info)
            stack.enter_context(reader)
            writer: FrameSink | VideoWriter
            if not isinstance(output, Path):
                writer = output
            else:
                writer = stack.enter_context(
                    VideoWriter(
                        output,
                        None,
                        *size,
                        encoding,
                        like=info,
                        source_path=info.path,
                        touched=mask.survey.areas > 0,
                    )
                )

            def fill(segments: Sequence[Segment], cut: Callable[[], object] = lambda: None) -> Iterator[Filled]:
                """Go through the video once."""
                records = _records(_timed(reader.pictures(), times, "decode"), _timed(holes, times, "mask"))
                count = 0

                def method(frames: Iterator[Frame]) -> Iterator[Filled]:
                    return fill_frames(self, frames, segments, plan, options, cut)

                for filled in method(records) if overlay is None else fill_under(overlay, method, records):
                    count += 1
                    yield filled
                    progress(next(done), total)
                if count != info.frames:
                    raise VideoError(
                        f"{info.path} must give {counted(info.frames, 'frame')}; it gave {count}. Is it damaged?"
                    )

            stores, place = [], output.absolute().parent if isinstance(output, Path) else None
            holes = mask if len(plan.passes) == 1 else stack.enter_context(contextlib.closing(HoleStore(mask, place)))
            for segments in plan.passes[:-1]:
                store = stack.enter_context(contextlib.closing(PixelStore(segments, plan.margin, *size, place)))
                for filled in fill(segments):
                    store.write(filled)
                store.rewind()
                stores.append(store)
            for filled in fill(plan.passes[-1], lambda: next(cuts)):
                if stores:
                    filled = Filled(filled.frame, filled.image.copy())
                for store in stores:
                    store.read_into(filled)
                with _stopwatch(times, "encode"):
                    if isinstance(writer, VideoWriter):
                        # As fast as numpy's `!=` and `any` are slow.
                        same = cv2.inRange(cv2.absdiff(filled.image, filled.frame.image), (0, 0, 0), (0, 0, 0))
                        writer.write(filled.image, filled.frame.source, same == 0)
                    else:
                        writer.write(filled.image)
                if watch is not None:
                    with _stopwatch(times, "watch"):
                        watch(filled)
            ended = time.perf_counter()
        times["encode"] += time.perf_counter() - ended
        times["fill"] = time.perf_counter() - started - sum(times.values())
        notices = tuple(getattr(writer, "notices", ()))
        if overlay is not None:
            notices += (overlay.told,)
        return FillSummary(info, mask.survey.hole_share, plan, output, next(cuts), times, notices)


def _records(pictures: Iterable[Picture], holes: Iterable[np.ndarray]) -> Iterator[Frame]:
    """Number frames and pair them with holes; spare holes are ignored."""
    holes = iter(holes)
    for number, (image, source) in enumerate(pictures):
        hole = next(holes, None)
        if hole is None:
            raise ValueError(f"Every frame must have a hole; there are {number} holes, and more frames.")
        hole = hole.view(np.uint8) if hole.dtype == bool else hole
        fits = image.ndim == 3 and image.shape[2] == 3 and hole.shape == image.shape[:2]
        if not fits or image.dtype != np.uint8 or hole.dtype != np.uint8:
            raise ValueError(
                "Frames must be uint8 (height, width, 3) and holes uint8 or bool (height, width) of the same size; got "
                f"{image.dtype} {image.shape} and {hole.dtype} {hole.shape} as number {number}."
            )
        yield Frame(number, image, hole, source=source)


@contextlib.contextmanager
def _stopwatch(times: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[name] += time.perf_counter() - started


def _timed(items: Iterable[Item], times: dict[str, float], name: str) -> Iterator[Item]:
    """Yield the items, adding up the seconds that they take to arrive."""
    iterator = iter(items)
    while True:
        started = time.perf_counter()
        item = next(iterator, None)
        times[name] += time.perf_counter() - started
        if item is None:
            return
        yield item
