"""Check what comes in from the browser, before any of it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lgtsm.progress_lines import duration
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import VIDEO_EXTENSIONS
from lgtsm.video.probe import VideoInfo, probe

LONGEST_NAME = 80  # characters
MOST_PIXELS = 8192 * 4320  # of a frame
MOST_FPS = 240


@dataclass(frozen=True)
class Limits:
    """What the page takes.

    max_bytes: of a file. max_seconds: of a video.

    Raises:
        ValueError: a limit is not greater than 0.
    """

    max_bytes: int = 500 * 2**20
    max_seconds: float = 300

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0; got {getattr(self, name)}.")

    @property
    def in_words(self) -> str:
        """The limits, as the page tells them."""
        return f"up to {size(self.max_bytes)} and {duration(self.max_seconds)}"

    @property
    def too_large(self) -> str:
        """The sentence on a file that is too large, with {name} and {size} to fill in."""
        return f"{{name}} must be at most {size(self.max_bytes)} large; it is {{size}}. Cut or compress it first."


def size(count: float) -> str:
    """Return an amount of bytes as people say it: 900 bytes, 12 MB, 1.5 GB (1024-based)."""
    for unit, bytes_ in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if count >= bytes_:
            return f"{count / bytes_:.3g} {unit}" if count < 1000 * bytes_ else f"{count / bytes_:.0f} {unit}"
    return f"{count:.0f} bytes"


def safe_name(name: str) -> str:
    """Return a file name without anything that a file system or a page could take for more than a name."""
    name = re.sub(r"[^\w. -]", "_", Path(name.replace("\\", "/")).name).strip(". ")
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:LONGEST_NAME]}{dot}{ending[:8]}" if stem else name[:LONGEST_NAME] or "video"


def check_upload(path: Path, limits: Limits) -> VideoInfo:
    """Return what a file from the browser holds.

    Raises:
        VideoError: it is no video, or too large, long or fast; the message names the file without its folder.
    """
    name, count = path.name, path.stat().st_size
    if path.suffix.lower() not in VIDEO_EXTENSIONS:
        raise VideoError(f"{name} must be a video file, such as .mp4, .mov, .mkv or .webm. Choose another file.")
    if count > limits.max_bytes:
        raise VideoError(limits.too_large.format(name=name, size=size(count)))
    try:
        info = probe(path)
    except VideoError as error:
        raise VideoError(str(error).replace(f"{path.parent}/", "")) from error
    if float(info.duration) > limits.max_seconds:
        most, long = round(limits.max_seconds, 2), round(float(info.duration), 2)
        raise VideoError(f"{name} must be at most {most:g} s long; it is {long:g} s. Cut it into parts first.")
    if info.frames > MOST_FPS * limits.max_seconds:
        raise VideoError(f"{name} must have at most {MOST_FPS} frames per second; it has {float(info.fps):.0f}.")
    if info.width * info.height > MOST_PIXELS:
        raise VideoError(f"{name} must be at most 8192x4320 pixels; it is {info.width}x{info.height}. Scale it down.")
    return info
