"""Fill a pipe of raw frames of unknown length: rgb24 in, rgb24 or a file out."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from lgtsm.inference.fill_file import FrameSink
from lgtsm.inference.fill_frames import fill_frames
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.plan import FillOptions, make_plan
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.probe import VideoInfo
from lgtsm.video.scene_cuts import SceneCutDetector

ENDLESS = sys.maxsize


def parse_size(text: str) -> tuple[int, int]:
    """Return (height, width) of a size that is written WIDTHxHEIGHT.

    Raises:
        VideoError: it is not written so.
    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text.strip())
    if not match:
        raise VideoError(f"A size must be written WIDTHxHEIGHT in pixels, like 1280x720; got {text!r}.")
    return int(match[2]), int(match[1])


def read_raw(source: BinaryIO, height: int, width: int) -> Iterator[np.ndarray]:
    """Yield the frames (height, width, 3), uint8, of a pipe of rgb24 until it ends.

    Raises:
        VideoError: it ends within a frame.
    """
    size, count = height * width * 3, 0
    while data := source.read(size):
        while len(data) < size and (more := source.read(size - len(data))):
            data += more
        if len(data) < size:
            raise VideoError(
                f"The pipe must bring whole frames of {size} bytes ({width}x{height} in rgb24); it ended after {count} "
                f"frames and {len(data)} bytes. Compare --raw with what the sender writes."
            )
        yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        count += 1


class RawSink:
    """Write frames into a pipe as rgb24; each goes on its way at once."""

    def __init__(self, target: BinaryIO):
        self.target = target

    def write(self, frame: np.ndarray) -> None:
        """Send one frame, uint8 (height, width, 3).

        Raises:
            VideoError: whoever reads the pipe has gone.
        """
        try:
            self.target.write(np.ascontiguousarray(frame).data)
            self.target.flush()
        except BrokenPipeError as error:
            raise VideoError("The frames could not all be sent; whoever read them has closed the pipe.") from error


def fill_pipe(
    inpainter: Inpainter,
    frames: Iterator[np.ndarray],
    height: int,
    width: int,
    mask: MaskChoice,
    sink: FrameSink,
    options: FillOptions | None = None,
    notice: Callable[[str], None] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Fill frames as they come, at constant memory; a hole that stays is computed with its surroundings only.

    Args:
        inpainter: what fills; a network that can stream.
        frames: uint8 (height, width, 3), of any number.
        height, width: of the frames, in pixels.
        mask: where the hole is.
        sink: takes the filled frames, in order.
        options: how to fill.
        notice: called with a sentence when something looks odd.
        progress: called with the number of frames done.

    Returns:
        Number of frames.

    Raises:
        VideoError: no frame came, or the mask cannot be used.
        ValueError: the method cannot stream, or the memory budget cannot be kept.
    """
    if not inpainter.can_stream:
        raise ValueError(
            f"{type(inpainter.model).__name__} has to see a whole clip and cannot fill a pipe. Take a network of "
            "lgtsm, gtsm or tsm, or fill a file."
        )
    options = options or FillOptions()
    hole = mask.still_hole(height, width, notice)
    info = VideoInfo("-", width, height, ENDLESS, Fraction(25), Fraction(0), "rawvideo", "rgb24")
    # One frame's plan is that of all frames: where nothing is known of the hole, whole frames are computed.
    anywhere = np.ones((height, width), np.uint8) if hole is None else hole
    plan = make_plan(inpainter, info, [anywhere], options, repeatable=False)
    plan = dataclasses.replace(plan, passes=[[dataclasses.replace(only, stop=ENDLESS) for only in plan.segments]])
    detector = SceneCutDetector() if options.scene_cuts else None
    pairs = mask.follow(frames, height, width, notice)
    done = 0
    for frame in fill_frames(inpainter, pairs, plan, options, detector):
        sink.write(frame)
        done += 1
        progress(done)
    if not done:
        raise VideoError("The pipe must bring at least one frame; it was empty.")
    return done
