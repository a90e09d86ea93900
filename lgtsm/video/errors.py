"""The one error of this room."""

from __future__ import annotations


class VideoError(ValueError):
    """A video, a folder of frames or a mask cannot be read or written; the sentence names the file and the way out."""
