"""The errors of reading and writing videos."""

from __future__ import annotations


class VideoError(ValueError):
    """A video, a frame folder or a mask cannot be read or written; the message names the file and what to do."""


class NothingMaskedError(VideoError):
    """A mask can be read, but marks no pixel of the whole video."""
