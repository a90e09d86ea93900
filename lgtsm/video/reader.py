"""Open a video, whatever it is: a file or a folder of frames, by the backend that suits it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from lgtsm.checks import check_choice
from lgtsm.optional import MissingPackageError
from lgtsm.video.errors import VideoError

VIDEO_EXTENSIONS = frozenset(
    {".3g2", ".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv"}
    | {".ts", ".vob", ".webm", ".wmv"}
)
IMAGE_EXTENSIONS = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"))


class VideoReader(Protocol):
    """What every backend offers. Frames are uint8 RGB, upright."""

    fps: Fraction
    height: int
    width: int

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield every frame in order, (height, width, 3), at constant memory."""

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return the frames at `indices` (any order, repeats allowed), (n, height, width, 3)."""

    def close(self) -> None: ...

    def __enter__(self) -> VideoReader: ...

    def __exit__(self, *_: object) -> None: ...


def open_video(path: str | Path, backend: str = "auto", fps: Fraction | int = 25) -> VideoReader:
    """Open a video file or a folder of frames.

    Args:
        path: a file that FFmpeg reads, or a folder of PNG, JPEG, ... frames.
        backend: "auto" takes decord where it is installed and agrees with PyAV on the file, else PyAV;
            "decord" and "pyav" insist. "pyav" has the better colours: take it where the frames are written again.
            Folders are read the same way with all of them.
        fps: frames per second of a folder, which does not say so itself.

    Raises:
        VideoError: nothing there, no video, no frames, or cut off.
        MissingPackageError: `backend` is not installed.
    """
    check_choice("backend", backend, ("auto", "decord", "pyav"))
    if Path(path).is_dir():
        from lgtsm.video.frame_folder import FrameFolder

        return FrameFolder(path, fps)
    if backend in ("auto", "decord"):
        from lgtsm.video.decord_reader import DecordReader, DecordUnsuitable

        try:
            return DecordReader(path)
        except (DecordUnsuitable, MissingPackageError):
            if backend == "decord":
                raise
    from lgtsm.video.pyav_reader import PyAVReader

    return PyAVReader(path)


def list_videos(folder: str | Path) -> list[Path]:
    """List the videos in a folder and the folders in it: video files, and folders that hold images, in natural order.

    Hidden files and folders are left out.

    Raises:
        VideoError: the folder is missing, or holds no video.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise VideoError(f"{folder} must be a folder of videos; there is no such folder. Check the path.")
    found = []
    for here, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        endings = {name: Path(name).suffix.lower() for name in files if not name.startswith(".")}
        videos = [Path(here, name) for name, ending in endings.items() if ending in VIDEO_EXTENSIONS]
        found += videos
        if not videos and any(ending in IMAGE_EXTENSIONS for ending in endings.values()):
            found.append(Path(here))
    if not found:
        raise VideoError(
            f"{folder} must hold videos ({', '.join(sorted(VIDEO_EXTENSIONS))}) or folders of frames "
            f"({', '.join(sorted(IMAGE_EXTENSIONS))}); it holds neither. Put them there, or name another folder."
        )
    return sorted(found, key=natural_key)


def natural_key(path: str | Path) -> list[tuple[int, int | str]]:
    """Sort key by which frame2 stands before frame10."""
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part)) if part.isdecimal() else (1, part.lower()) for part in parts if part]


def check_indices(path: Path, indices: Sequence[int], length: int) -> list[int]:
    """Return the indices as ints in [0, length), or say which one is not there.

    Raises:
        VideoError: one lies outside the video.
    """
    indices = [int(index) for index in indices]
    wrong = [index for index in indices if not 0 <= index < length]
    if wrong:
        raise VideoError(f"{path} has frames 0 to {length - 1}; got index {wrong[0]}. Read within the video.")
    return indices
