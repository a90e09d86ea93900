"""Find videos and frames by file extension, and sort them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lgtsm.regular_file import check_folder
from lgtsm.video.errors import VideoError

VIDEO_EXTENSIONS = frozenset(
    {".3g2", ".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv"}
    | {".ts", ".vob", ".webm", ".wmv"}
)
IMAGE_EXTENSIONS = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"))


def list_videos(folder: str | Path, order: str = "natural") -> list[Path]:
    """List the video files and the folders of images at any depth in a folder; skip hidden ones.

    Args:
        folder: to look in.
        order: "natural" puts 2 before 10; "plain" puts it behind, as Python's `sorted` of names does.

    Raises:
        VideoError: the folder is missing or holds no video.
    """
    folder = Path(folder)
    check_folder(folder, "a folder of videos")
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
            f"({', '.join(sorted(IMAGE_EXTENSIONS))}); it holds neither. Put them there, or choose another folder."
        )
    return sorted(found, key=natural_key if order == "natural" else lambda path: path.parts)


def natural_key(path: str | Path) -> list[tuple[int, int | str]]:
    """Return a sort key that puts frame2 before frame10."""
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part)) if part.isdecimal() else (1, part.lower()) for part in parts if part]
