"""Import PyAV (only here), open containers, and turn PyAV's errors into sentences."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType

from lgtsm.optional import require
from lgtsm.video.errors import VideoError


def load() -> ModuleType:
    """Import the `av` module on first use, and silence it on stderr."""
    av = require("av", "reading and writing video", "av")
    av.logging.set_libav_level(av.logging.FATAL)
    if "_missing_" not in vars(av.sidedata.sidedata.Type):
        av.sidedata.sidedata.Type._missing_ = classmethod(_unknown_side_data)
    return av


def _unknown_side_data(kinds: type, number: int):
    """Return a member for side data that this PyAV has no name for, such as EXIF: else no side data can be read."""
    kind = object.__new__(kinds)
    kind._name_, kind._value_ = f"UNKNOWN_{number}", number
    return kind


def open_input(path: str | Path):
    """Open a video file for reading.

    Returns:
        An `av` input container with at least one video stream.

    Raises:
        VideoError: the file is missing, empty, not a video, or truncated before its index.
    """
    av = load()
    path = Path(path)
    if not path.exists():
        raise VideoError(f"{path} must be a video file or a folder of frames; there is nothing there. Check the path.")
    if path.is_file() and path.stat().st_size == 0:
        raise VideoError(f"{path} must be a video file; it is empty (0 bytes). Copy or download it again.")
    try:
        # Old phones write tags that are not UTF-8; read the video anyway.
        container = av.open(str(path), metadata_errors="replace")
    except av.FFmpegError as error:
        raise VideoError(
            f"{path} must be a video file; FFmpeg cannot open it ({error.strerror}). It is not a video, or "
            "truncated: copy or download it again."
        ) from error
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
        container.close()
        raise VideoError(f"{path} must hold a video stream; it holds only {', '.join(kinds)}.")
    return container


def video_stream(container):
    """Return the stream that a player would show: the default one, and a cover picture only as a last resort."""
    kinds = load().stream.Disposition
    moving = [stream for stream in container.streams.video if not stream.disposition & kinds.attached_pic]
    default = [stream for stream in moving if stream.disposition & kinds.default]
    return (default or moving or list(container.streams.video))[0]


def fraction(value) -> Fraction | None:
    """Return one of PyAV's rational numbers as Fraction; None if it is unset (None or 0)."""
    return Fraction(value.numerator, value.denominator) if value else None


class FilterChain:
    """Pass frames of one format and size through FFmpeg filters, one out for one in.

    Args:
        frame_format: FFmpeg's pixel format of the frames.
        width, height: their size in pixels.
        filters: name and arguments of each filter.
    """

    def __init__(self, frame_format: str, width: int, height: int, *filters: tuple[str, str]):
        self._graph = load().filter.Graph()
        buffer = self._graph.add_buffer(width=width, height=height, format=frame_format, time_base=Fraction(1, 1000))
        self._graph.link_nodes(buffer, *(self._graph.add(*one) for one in filters), self._graph.add("buffersink"))
        self._graph.configure()

    def __call__(self, frame):
        """Return the filtered frame."""
        if frame.pts is None:
            frame.pts = 0
        self._graph.push(frame)
        return self._graph.pull()
