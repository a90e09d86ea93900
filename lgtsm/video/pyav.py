"""Import PyAV (only here), open containers, and turn PyAV's errors into sentences."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

from lgtsm.optional import require
from lgtsm.regular_file import check_file
from lgtsm.video.errors import VideoError

# Containers of one file that hold their own pictures. Playlists (hls, concat, dash, imf) would open other files, and
# FFmpeg takes any text for a video (tty, subtitles) and names like img%03d.png for a sequence (image2).
INPUT_FORMATS = (
    "aac", "aiff", "apng", "asf", "asf_o", "av1", "avi", "avs2", "avs3", "bmp_pipe", "cavsvideo", "dhav", "dirac",
    "dnxhd", "dv", "evc", "flac", "flv", "gif", "gxf", "h261", "h263", "h264", "hevc", "ivf", "jpeg_pipe",
    "jpegxl_pipe", "kux", "live_flv", "lxf", "m4v", "matroska,webm", "mjpeg", "mjpeg_2000", "mov,mp4,m4a,3gp,3g2,mj2",
    "mp3", "mpeg", "mpegts", "mpegvideo", "mxf", "mxg", "nsv", "nut", "nuv", "obu", "ogg", "png_pipe", "rm", "swf",
    "tiff_pipe", "ty", "vc1", "vc1test", "vvc", "wav", "webp_pipe", "wtv", "yuv4mpegpipe",
)  # fmt: skip
_INPUT_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(INPUT_FORMATS)}
MAX_PIXELS = 2**27  # of a picture, 16K; headers of damaged files declare far more


def load() -> ModuleType:
    """Import the `av` module on first use, and silence it on stderr."""
    av = require("av", "reading and writing video", "av")
    av.logging.set_libav_level(av.logging.FATAL)
    if "_missing_" not in vars(av.sidedata.sidedata.Type):
        av.sidedata.sidedata.Type._missing_ = classmethod(_unknown_side_data)
    return av


def _unknown_side_data(kinds: type, number: int) -> Any:
    """Return a member for side data that this PyAV has no name for, such as EXIF: else no side data can be read."""
    kind: Any = object.__new__(kinds)
    kind._name_, kind._value_ = f"UNKNOWN_{number}", number
    return kind


def open_input(path: str | Path):
    """Open a video file for reading; no other file and no network address is ever opened with it.

    Returns:
        An `av` input container with at least one video stream.

    Raises:
        VideoError: the file is missing, empty, not a video, or truncated before its index.
    """
    av = load()
    path = Path(path)
    check_file(path, "a video file or a folder of frames")
    try:
        # Old phones write tags that are not UTF-8; read the video anyway.
        container = av.open(file_url(path), metadata_errors="replace", container_options=_INPUT_OPTIONS)
    except av.error.ArgumentError as error:
        raise VideoError(
            f"{path} must be a video file of its own, such as .mp4, .mkv or .webm; playlists, texts, drawings and raw "
            "data are not read. Name the video itself, or convert it: ffmpeg -i IN OUT.mp4"
        ) from error
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise VideoError(
            f"{path} must be a video file; FFmpeg cannot open it ({reason(error)}). It is not a video, or "
            "truncated: copy or download it again."
        ) from error
    try:
        if not container.streams.video:
            kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
            raise VideoError(f"{path} must hold a video stream; it holds only {', '.join(kinds)}.")
        context = video_stream(container).codec_context
        if context is None:
            raise VideoError(
                f"{path} must hold a video that FFmpeg can decode; its codec is unknown. It is damaged, or needs to be "
                "converted by the program that made it."
            )
        if context.width * context.height > MAX_PIXELS:
            raise VideoError(too_large(path, context.width, context.height))
        context.options = {"max_pixels": str(MAX_PIXELS)}
    except BaseException:
        container.close()
        raise
    return container


def file_url(path: Path) -> str:
    """Return a name that FFmpeg takes for a local file, whatever colons or percent signs are in it."""
    return f"file:{path.absolute()}"


def reason(error: Exception) -> str:
    """Return what FFmpeg or PyAV says about an error, without the file's name."""
    return getattr(error, "strerror", None) or str(error)


def too_large(path: Path, width: int, height: int) -> str:
    """Return the sentence about a picture of more than `MAX_PIXELS` pixels."""
    return (
        f"{path} must have at most {MAX_PIXELS // 10**6} million pixels a picture; its header says {width}x{height}. "
        "It is damaged, or must be scaled down first."
    )


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
