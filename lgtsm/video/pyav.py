"""The one place that imports PyAV: opens containers and turns its errors into sentences."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType

from lgtsm.optional import require
from lgtsm.video.errors import VideoError


def load() -> ModuleType:
    """Return the `av` module, imported on first use and quiet on stderr."""
    av = require("av", "reading and writing video", "av")
    av.logging.set_libav_level(av.logging.FATAL)
    return av


def open_input(path: str | Path):
    """Open a video file for reading.

    Returns:
        An `av` input container that holds at least one video stream.

    Raises:
        VideoError: the file is missing, empty, no video, or cut off before its index.
    """
    av = load()
    path = Path(path)
    if not path.exists():
        raise VideoError(f"{path} must be a video file or a folder of frames; there is nothing there. Check the path.")
    if path.is_file() and path.stat().st_size == 0:
        raise VideoError(f"{path} must be a video file; it is empty (0 bytes). Copy or download it again.")
    try:
        # Tags that are not UTF-8 (old phones wrote them) must not stop a video from being read.
        container = av.open(str(path), metadata_errors="replace")
    except av.FFmpegError as error:
        raise VideoError(
            f"{path} must be a video file; FFmpeg cannot open it ({error.strerror}). It is either no video or cut off: "
            "copy or download it again."
        ) from error
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
        container.close()
        raise VideoError(
            f"{path} must hold a video stream; it holds {', '.join(kinds)} only. Give a file with pictures."
        )
    return container


def video_stream(container):
    """Return the video that a viewer would show: the best one, never a cover picture while there is another."""
    kinds = load().stream.Disposition
    moving = [stream for stream in container.streams.video if not stream.disposition & kinds.attached_pic]
    default = [stream for stream in moving if stream.disposition & kinds.default]
    return (default or moving or list(container.streams.video))[0]


def fraction(value) -> Fraction | None:
    """Return a rational number of PyAV as Fraction; None where it is unset (None or 0)."""
    if not value:
        return None
    return Fraction(value.numerator, value.denominator)
