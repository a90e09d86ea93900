"""Open the same videos repeatedly, for training, but check each only once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.video.decord_reader import Checked, DecordReader, DecordUnsuitable
from lgtsm.video.errors import VideoError
from lgtsm.video.frame_folder import FrameFolder
from lgtsm.video.open import open_video
from lgtsm.video.pyav_reader import PyAVReader
from lgtsm.video.reader import VideoReader


class Opener:
    """Open videos like `open_video` with a `backend`, but faster the second time, unless they change.

    Checking whether a file is complete and decord reads it correctly is slow, so we cache the answer or the error for
    each file: some kilobytes, but no open file or frame. Frames of a folder are checked only when they are read.
    """

    def __init__(self, backend: str = "auto"):
        self.backend = backend
        self._found: dict[tuple, Any] = {}

    def open(self, path: Path) -> VideoReader:
        """Open a file or a folder of frames.

        Raises:
            VideoError: as `open_video`.
        """
        stat = path.stat() if path.exists() else None
        key = (str(path), stat and (stat.st_size, stat.st_mtime_ns))
        found = self._found.get(key)
        if isinstance(found, str):
            raise VideoError(found)
        if isinstance(found, Checked):
            try:
                return DecordReader(path, checked=found)
            except DecordUnsuitable:
                del self._found[key]
        elif isinstance(found, FrameFolder):
            return FrameFolder(path, known=found)
        elif found is not None:
            return PyAVReader(path, found)
        try:
            reader = FrameFolder(path, check_all=False) if path.is_dir() else open_video(path, self.backend)
            self._found[key] = reader if isinstance(reader, FrameFolder) else _known(reader)
        except VideoError as error:
            self._found[key] = str(error)
            raise
        return reader


def _known(reader: Any) -> Any:
    """Return what spares the next reader of the same file its checks."""
    return getattr(reader, "checked", None) or reader.index
