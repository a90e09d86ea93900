"""Write frames to a video file or a folder of images; the final name appears only when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import count
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lgtsm.checks import check_positive
from lgtsm.places import check_place
from lgtsm.sole_writer import SoleWriter
from lgtsm.video.encoding import Encoding
from lgtsm.video.encoding_choices import choose_codec
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import is_images
from lgtsm.video.image_writer import ImageSink, check_picture, ending_of_folder, is_picture_name
from lgtsm.whole_files import put_in_place, remove, temporary_beside

if TYPE_CHECKING:
    from lgtsm.video.probe import VideoInfo

_COUNT_IN_PICTURES = {"mpeg1video", "mpeg2video", "mpeg4"}  # encoders that tell the rate by the unit of their times


class VideoWriter:
    """Write RGB frames one by one. Use it in a `with` block: an exception removes the unfinished file.

    Args:
        path: the file; its extension chooses the container. A name without extension, or ending in "/", becomes a
            folder of images; one of an image, such as .png, a picture, for a single frame.
        fps: frames per second; None takes those of `like`.
        height, width: size of every frame, in pixels. Odd sizes are written as yuv444p.
        encoding: codec, quality, and the streams to copy.
        like: the source, from `probe`: keep its timestamps, pixel format, color tags and pixel shape.
        source_path: copy sound and subtitles from this file, in sync with the frames.
        touched: bool (frames,), which frames differ from those of `source_path`; for `smart_copy`, which else does
            nothing.
        timestamps: display time of each frame, in seconds, increasing; overrides `like`.

    Attributes:
        notices: after `close`, sentences on what could not be copied from the source as it was.

    Raises:
        VideoError: container, codec and pixel format do not fit together, or the path cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        fps: Fraction | float | None,
        height: int,
        width: int,
        encoding: Encoding = Encoding(),  # noqa: B008 - frozen
        like: VideoInfo | None = None,
        source_path: str | Path | None = None,
        timestamps: Iterable[Fraction | float] | None = None,
        touched: np.ndarray | None = None,
    ):
        if fps is not None:
            fps = Fraction(fps).limit_denominator(1_000_000)
        elif like is not None:
            fps = like.fps
        else:
            raise VideoError(f"{path} needs a frame rate; got none. Set fps, or like=probe(source).")
        check_positive("fps", float(fps))
        self.path, self.height, self.width, self.frames = Path(path), height, width, 0
        is_folder = str(path).endswith(("/", os.sep)) or not self.path.suffix
        is_image = is_folder or is_picture_name(self.path)
        ending = None
        if is_folder:
            ending = ending_of_folder(self.path, encoding)
        elif is_image:
            check_picture(self.path, None if like is None else like.frames, encoding)
        self._temporary = temporary_beside(self.path)
        is_avi = self.path.suffix.lower() == ".avi"
        was_avi = like is not None and like.path.suffix.lower() == ".avi"
        # AVI numbers its pictures, and its sound has no times: what begins later would part. Others count in pictures.
        from_zero = (is_avi and not was_avi) or (
            not is_image and choose_codec(self.path, encoding, like) in _COUNT_IN_PICTURES
        )
        self._times, clock, regular = _times(fps, like, timestamps, from_zero)
        self._length = 1 / fps
        if like is not None and not regular and timestamps is None and like.pts is not None:
            self._length = like.duration - int(like.pts[-1] - like.pts[0]) * _clock(like)
        self._last: Fraction | None = None
        if not regular and is_avi and (not was_avi or timestamps is not None):  # an AVI's gaps are whole pictures
            raise VideoError(
                f"{path} cannot keep a variable frame rate: AVI does not support it. Write to .mp4 or .mkv."
            )
        check_place(self.path, is_folder)
        self._right = SoleWriter(self.path)
        self._sink: Any
        try:
            if is_image:
                self._sink = ImageSink(self._temporary, self.path, ending, encoding.lossless)
            else:
                from lgtsm.video.encoder import Encoder

                source = None if source_path is None or is_images(Path(source_path)) else Path(source_path)
                self._sink = Encoder(
                    self._temporary,
                    self.path,
                    fps,
                    height,
                    width,
                    encoding,
                    like=like,
                    source_path=source,
                    clock=clock,
                    touched=touched,
                )
            self.notices: list[str] = getattr(self._sink, "notices", [])
        except BaseException:
            remove(self._temporary)
            self._right.release()
            raise

    def write(self, frame: np.ndarray, source: Any = None, changed: np.ndarray | None = None) -> None:
        """Add one RGB frame.

        Args:
            frame: uint8 (height, width, 3).
            source: the frame that it was made from, of `VideoReader.pictures`: all that did not change is written as
                it was stored, never rounded to 8 bits of RGB. Used up. An image also gets its source's name, in a
                folder, and metadata.
            changed: bool (height, width), where `frame` is no longer the read one; None: everywhere.

        Raises:
            VideoError: wrong shape or type, a missing or decreasing timestamp, or a full disk.
        """
        if self._sink is None:
            raise VideoError(f"{self.path} is closed; open a new VideoWriter to write more frames.")
        if frame.shape != (self.height, self.width, 3) or frame.dtype != np.uint8:
            raise VideoError(
                f"{self.path} takes frames of shape ({self.height}, {self.width}, 3) in uint8; got {frame.shape} in "
                f"{frame.dtype}. Scale to 0..255, round and convert first."
            )
        shown = next(self._times, None)
        if shown is None or (self._last is not None and shown <= self._last):
            came = "none" if shown is None or self._last is None else f"{float(shown)} s after {float(self._last)} s"
            raise VideoError(
                f"{self.path} needs one increasing timestamp per frame; got {came} for frame {self.frames}."
            )
        self._sink.write(np.ascontiguousarray(frame), shown, self._length, self.frames == 0, source, changed)
        self._last = shown
        self.frames += 1

    def close(self) -> None:
        """Finish the file and move it to its final name; an error removes it.

        Raises:
            VideoError: no frame has been written, or the rest cannot be written.
        """
        if self._sink is None:
            return
        if not self.frames:
            self.abort()
            raise VideoError(f"{self.path} needs at least one frame; none was written.")
        try:
            self._sink.finish()
            put_in_place(self._temporary, self.path)
        except BaseException:
            self.abort()
            raise
        self._sink = None
        self._right.release()

    def abort(self) -> None:
        """Discard the unfinished file."""
        if self._sink is not None:
            self._sink.abort()
            self._sink = None
        remove(self._temporary)
        self._right.release()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _times(
    fps: Fraction, like: VideoInfo | None, timestamps: Iterable[Fraction | float] | None, from_zero: bool
) -> tuple[Iterator[Fraction], Fraction | None, bool]:
    """Return display times in seconds, a clock that holds them exactly (None: 1 / fps), and if they are regular.

    from_zero: begin at 0.
    """
    if timestamps is not None:
        return (Fraction(time) for time in timestamps), Fraction(1, 90000), False
    if like is None or like.pts is None or like.fps != fps:
        return (index / fps for index in count()), None, True
    if like.variable_frame_rate:
        return _like_times(like, from_zero), like.time_base, False
    if from_zero:
        return (index / fps for index in count()), None, True
    # Regular except for its container's rounding (milliseconds in .mkv): make it exactly regular from the same start.
    start = _start(like)
    step = 1 / fps
    # The largest unit that measures both.
    clock = Fraction(
        gcd(step.numerator * start.denominator, start.numerator * step.denominator),
        step.denominator * start.denominator,
    )
    return (start + index * step for index in count()), clock if clock.denominator < 10**7 else Fraction(1, 90000), True


def _clock(like: VideoInfo) -> Fraction:
    """Return the seconds per unit of the times of a video file."""
    assert like.time_base is not None
    return like.time_base


def _start(like: VideoInfo) -> Fraction:
    """Return the time of the first picture of a video file, in seconds."""
    assert like.index is not None
    return like.index.start


def _like_times(like: VideoInfo, from_zero: bool) -> Iterator[Fraction]:
    """Yield the times of the source, then continue at its rate."""
    times, clock = np.asarray(like.pts), _clock(like)
    start = Fraction(0) if from_zero else _start(like)
    for pts in times:
        yield start + int(pts - times[0]) * clock
    last = start + int(times[-1] - times[0]) * clock
    for index in count(1):
        yield last + index / like.fps
