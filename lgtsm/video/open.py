"""Open a video file or a folder of frames with a suitable backend."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from lgtsm.checks import check_choice
from lgtsm.optional import MissingPackageError
from lgtsm.video.reader import VideoReader

if TYPE_CHECKING:
    from lgtsm.video.packet_index import PacketIndex
    from lgtsm.video.probe import VideoInfo


def open_video(
    path: str | Path,
    backend: str = "auto",
    fps: Fraction | int = 25,
    index: PacketIndex | None = None,
    allow_gaps: bool = False,
) -> VideoReader:
    """Open a video file or a folder of frames.

    Args:
        path: a file that FFmpeg reads, a folder of PNG, JPEG, ... frames, or one such picture.
        backend: "auto" takes decord if it is installed and agrees with PyAV on the file, else PyAV; "decord" and
            "pyav" force one. "pyav" has more exact colors: use it if you write the frames again. Folders ignore it.
        fps: frames per second of a folder.
        index: the file's packet index, if already read, as in `VideoInfo.index`.
        allow_gaps: take a folder whose numbers leave some out, like 1, 2, 4.

    Raises:
        VideoError: the path is missing, not a video, truncated, or has no frames.
        MissingPackageError: `backend` is not installed.
    """
    check_choice("backend", backend, ("auto", "decord", "pyav"))
    from lgtsm.video.frame_folder import FrameFolder, is_images

    if is_images(Path(path)):
        return FrameFolder(path, fps, allow_gaps=allow_gaps)
    if backend in ("auto", "decord"):
        from lgtsm.video.decord_reader import DecordReader, DecordUnsuitable

        try:
            return DecordReader(path, index=index)
        except (DecordUnsuitable, MissingPackageError) as error:
            if backend == "decord":
                raise
            index = index or getattr(error, "index", None)
    from lgtsm.video.pyav_reader import PyAVReader

    return PyAVReader(path, index)


def open_probed(info: VideoInfo) -> VideoReader:
    """Open the video that `lgtsm.video.probe` described, with exact colors and without reading its index again.

    Raises:
        VideoError: it has changed since, and cannot be read.
    """
    return open_video(info.path, "pyav", index=info.index, allow_gaps=info.allow_gaps)
