"""Open the file that a video is written to, and say why it cannot be written."""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path

from lgtsm.video import pyav
from lgtsm.video.errors import VideoError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_MORE = {*_FULL, errno.EFBIG, errno.EIO, errno.EROFS, errno.EPIPE}
# Containers that are a list of other files.
_PLAYLISTS = {"hls", "dash", "segment", "stream_segment,ssegment", "smoothstreaming", "hds", "webm_chunk",
              "webm_dash_manifest", "tee", "fifo"}  # fmt: skip

# Containers that make a track of a timecode, and check it.
_TIMECODES = {"mp4", "mov", "mxf"}


def open_output(temporary: Path, target: Path):
    """Open `temporary` for writing in the container of its suffix; `target` is for messages.

    Raises:
        VideoError: FFmpeg knows no such container, or it is no single file of moving pictures.
    """
    av = pyav.load()
    suffix = target.suffix.lower()
    try:
        # As an absolute path of the file protocol: a colon in the name is no protocol, and % no pattern.
        output = av.open(f"file:{os.path.abspath(temporary)}", "w")
    except (av.FFmpegError, ValueError) as error:
        raise VideoError(
            f"{target} cannot be written: FFmpeg knows no container {suffix!r}. Use .mp4 or .mkv."
        ) from error
    name, makes_files = output.format.name, output.format.output.no_file
    if name not in _PLAYLISTS and not name.startswith("image2") and not makes_files:
        return output
    output.close()
    if name.startswith("image2"):
        folder = target.with_name(target.stem.split("%")[0].rstrip("_-. ") or "frames")
        raise VideoError(
            f"{target} must be a video file or a folder; {suffix} holds one picture. Write a video to a name ending in "
            f".mp4, or frames to a folder: {folder}/"
        )
    raise VideoError(
        f"{target} must be one video file; {suffix} ({name}) is a list of other files. Write to "
        f"{target.with_suffix('.mp4').name}, and cut it into pieces afterwards."
    )


def takes_timecode(output, timecode: str, rate: Fraction) -> bool:
    """Return whether the container of `output` can write a timecode at a frame rate; it refuses some, with the file."""
    av = pyav.load()
    try:
        with av.open(os.devnull, "w", format=output.format.name) as trial:
            stream = trial.add_mux_stream("mpeg4", rate=rate, width=16, height=16)
            stream.metadata["timecode"] = timecode
            stream.time_base = 1 / rate
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return output.format.name not in _TIMECODES
    return True


def is_final(error: Exception) -> bool:
    """Return whether nothing more can be written after this error of PyAV: the disk is full, or fails."""
    return getattr(error, "errno", None) in _NO_MORE


def cannot_write(target: Path, codec: str, error: Exception) -> VideoError:
    """Return a sentence for an error of PyAV while writing `target`."""
    number, reason = getattr(error, "errno", None), getattr(error, "strerror", None) or str(error)
    if number in _FULL:
        return VideoError(
            f"{target} cannot be written: the disk is full ({reason}). Free some space, or write elsewhere."
        )
    if number in _NO_MORE or number == errno.EACCES:  # EPERM is of encoders whose device is not there
        return VideoError(f"{target} cannot be written ({reason}). Write to another disk or folder.")
    container = target.suffix or "this container"
    return VideoError(
        f"{target} cannot be written as {codec} in {container}; FFmpeg says: {reason}. Try another codec, or a name "
        "ending in .mp4, .mov or .mkv."
    )
