"""Open the same videos again and again, as training does, checking each of them once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.video.decord_reader import Checked, DecordReader, DecordUnsuitable
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import FrameFolder
from lgtsm.video.open import open_video
from lgtsm.video.pyav_reader import PyAVReader
from lgtsm.video.reader import VideoReader

_FOUND: dict[tuple, Any] = {}


def open_again(path: Path, backend: str = "auto") -> VideoReader:
    """Open a video like `open_video`, faster if this process has opened it before and it has not changed since.

    What takes long is to make sure that a file is whole and that decord reads it as others do. What came out is kept
    for each file, some kilobytes, or its error: never an open file or a frame. The frames of a folder are not all
    looked at beforehand; one of another size is refused where it is read.

    Args:
        path: a file or a folder of frames.
        backend: "auto", "decord" or "pyav".

    Raises:
        VideoError: as `open_video`.
    """
    stat = path.stat() if path.exists() else None
    key = (str(path), backend, stat and (stat.st_size, stat.st_mtime_ns))
    found = _FOUND.get(key)
    if isinstance(found, str):
        raise VideoError(found)
    if isinstance(found, Checked):
        try:
            return DecordReader(path, checked=found)
        except DecordUnsuitable:
            del _FOUND[key]
    elif isinstance(found, FrameFolder):
        return FrameFolder(path, known=found)
    elif found is not None:
        return PyAVReader(path, found)
    try:
        reader = FrameFolder(path, check_sizes=False) if path.is_dir() else open_video(path, backend)
        _FOUND[key] = reader if path.is_dir() else getattr(reader, "checked", None) or reader.index
    except VideoError as error:
        _FOUND[key] = str(error)
        raise
    return reader


def forget() -> None:
    """Forget what was found out about files in this process."""
    _FOUND.clear()
