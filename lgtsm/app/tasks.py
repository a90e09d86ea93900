"""What the worker does: fill a video or a part of it, show the mask, find text."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from lgtsm.app.jobs import Progress
from lgtsm.app.marks import Cut, Drawing, Mark
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.options import FillOptions
from lgtsm.inference.preview import compare, tint_hole
from lgtsm.inference.records import Filled
from lgtsm.models.methods import load_method
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.kept import not_kept
from lgtsm.video.mask_edit import HoleSource, Mask
from lgtsm.video.open import open_probed
from lgtsm.video.probe import VideoInfo, probe
from lgtsm.video.writer import VideoWriter

PREVIEW_SECONDS = 2
AT_ONCE = 16  # frames to read
AREA = cv2.INTER_AREA
SHOWN_ROWS = 480  # of the video that shows the mask
SHOWN = Encoding(pix_fmt="yuv420p", crf=20, sound=False, subtitles=False)  # what every browser plays
EXACT = Encoding(lossless=True, sound=False, subtitles=False)


# Called in the worker with the video and what is marked in it; a function of a module, so that it can be sent there.
Finder = Callable[[VideoInfo, Drawing, Progress], HoleSource]


@dataclass(frozen=True)
class Result:
    """The result of a fill.

    video: the filled file. beside: input and result side by side, for a browser. start: number of its first frame in
    the source. frames: its length. whole: whether it is all of the video. notices: what could not be kept.
    """

    video: Path
    beside: Path
    start: int
    frames: int
    whole: bool
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fill:
    """Fill a video, or a few seconds of it.

    info: the video. drawing: what to remove. folder: to write into, which exists. name: of the result, without an
    ending. around: the frame around which to fill; None for all. working_height, device: as in `lgtsm.Inpainter` and
    its options.
    """

    info: VideoInfo
    drawing: Drawing
    folder: Path
    name: str
    around: int | None = None
    working_height: int | None = None
    device: str = "cpu"

    def __call__(self, progress: Progress) -> Result:
        """Fill.

        Raises:
            ValueError: nothing or everything is marked, or the video cannot be read or written.
        """
        info = self.info
        notices: list[str] = []
        start, stop = (0, info.frames) if self.around is None else window(info.times(), self.around)
        if self.around is None:
            mask = self.drawing.open(info, notices.append)
        else:
            cut = Cut(self.drawing.source(info), start, stop)
            active = self.drawing.active(info)
            mask = Mask(cut, dilate=self.drawing.grow, active=None if active is None else active[start:stop])
            info = cut_out(info, start, stop, self.folder / "cut.mkv")
        progress(0, info.frames)
        beside, whole = self.folder / "side_by_side.mp4", self.around is None
        encoding = Encoding() if whole else EXACT
        output = self.folder / f"{self.name}{ending(info, encoding, self.folder) if whole else '.mkv'}"
        options = FillOptions(working_height=self.working_height)
        with Beside(beside, info) as watch:
            summary = inpainter(self.device).fill_file(info, mask, output, encoding, options, progress, watch)
        if whole:
            notices += [*summary.notices, *not_kept(info, probe(output), True, encoding.copied)]
        return Result(output, beside, start, info.frames, whole, tuple(notices))


class Beside:
    """Write each frame beside the filled one, small enough for any browser; pass it to `fill_file` as `watch`."""

    def __init__(self, path: Path, info: VideoInfo):
        self.height, self.width = shown_size(info.height, info.width, SHOWN_ROWS)
        blank = np.zeros((self.height, self.width, 3), np.uint8)
        height, width = compare(blank, blank[..., 0], blank).shape[:2]
        self._writer = VideoWriter(path, info.fps, height, width, SHOWN, timestamps=info.times()[:-1])

    def __call__(self, filled: Filled) -> None:
        """Add a frame."""
        pictures = filled.frame.image, filled.frame.hole, filled.image
        frame, hole, image = (smaller(picture, self.height, self.width) for picture in pictures)
        self._writer.write(compare(frame, hole, image))

    def __enter__(self) -> Beside:
        self._writer.__enter__()
        return self

    def __exit__(self, kind: type | None, *rest: object) -> None:
        self._writer.__exit__(kind, *rest)


@dataclass(frozen=True)
class ShowMask:
    """Write a video with the hole tinted, for a browser; arguments as in `Fill`."""

    info: VideoInfo
    drawing: Drawing
    folder: Path

    def __call__(self, progress: Progress) -> Path:
        """Write it.

        Raises:
            ValueError: nothing or everything is marked, or the video cannot be read.
        """
        info, mask = self.info, self.drawing.open(self.info)
        path = self.folder / "mask.mp4"
        height, width = shown_size(info.height, info.width, SHOWN_ROWS)
        with (
            open_probed(info) as video,
            VideoWriter(path, info.fps, height, width, SHOWN, timestamps=info.times()[:-1]) as writer,
        ):
            for done, (frame, hole) in enumerate(zip(video, mask), start=1):
                writer.write(smaller(tint_hole(frame, hole), height, width))
                progress(done, info.frames)
        return path


@dataclass(frozen=True)
class Find:
    """Find the holes of something, such as text.

    drawing: what is marked. name: of what is found. box: in the drawing, around what is to be found, and needed no more
    once it is; None if the search needs none.
    """

    info: VideoInfo
    drawing: Drawing
    name: str
    find: Finder
    box: Mark | None = None

    def __call__(self, progress: Progress) -> HoleSource:
        """Return the holes.

        Raises:
            ValueError: nothing was found.
            UnavailableError: what finds them is not installed.
        """
        found = self.find(self.info, self.drawing, progress)
        Mask(found)  # refuses what is empty
        return found


@functools.cache
def inpainter(device: str) -> Inpainter:
    """Return the default method on a device, loaded once."""
    return Inpainter(load_method(), device)


def window(times: list[Fraction], number: int, seconds: float = PREVIEW_SECONDS) -> tuple[int, int]:
    """Return the first frame, and the one behind the last, of a part with a frame in its middle.

    Args:
        times: seconds when each frame comes, and when the last one goes.
        number: of the frame.
        seconds: length of the part; a shorter video is taken whole.
    """
    length, middle = times[-1], (times[number] + times[number + 1]) / 2
    begin = max(Fraction(0), min(middle - Fraction(seconds) / 2, length - Fraction(seconds)))
    end = begin + Fraction(seconds)
    inside = [place for place in range(len(times) - 1) if times[place + 1] > begin and times[place] < end]
    return inside[0], inside[-1] + 1


def cut_out(info: VideoInfo, start: int, stop: int, path: Path) -> VideoInfo:
    """Write the frames `start` to `stop` (excluded) of a video, bit for bit as RGB, and return what they are."""
    times = [time - info.times()[start] for time in info.times()[start:stop]]
    with (
        open_probed(info) as video,
        VideoWriter(path, info.fps, info.height, info.width, EXACT, timestamps=times) as writer,
    ):
        for first in range(start, stop, AT_ONCE):
            for frame in video.read(range(first, min(first + AT_ONCE, stop))):
                writer.write(frame)
    return probe(path)


def ending(info: VideoInfo, encoding: Encoding, folder: Path) -> str:
    """Return the ending of the result: that of the source, or .mkv where its container cannot be written.

    It is tried in a folder, which stays as it is.
    """
    own = info.path.suffix.lower()
    trial = folder / f"trial{own}"
    try:
        VideoWriter(trial, None, info.height, info.width, encoding, like=info, source_path=info.path).abort()
    except VideoError:
        return ".mkv"
    return own


def shown_size(height: int, width: int, most: int) -> tuple[int, int]:
    """Return an even height and width, scaled down to at most so many rows or, of an upright video, columns."""
    scale = min(1.0, most / min(height, width))
    return max(2, round(height * scale / 2) * 2), max(2, round(width * scale / 2) * 2)


def smaller(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a picture or a hole down."""
    return picture if picture.shape[:2] == (height, width) else cv2.resize(picture, (width, height), interpolation=AREA)
