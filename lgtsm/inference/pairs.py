"""Pair videos with masks and outputs, by name or from a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lgtsm.csv_table import read_rows
from lgtsm.outputs import Place, check_outputs, identity
from lgtsm.regular_file import is_folder
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, list_videos

# Containers that hold the default streams; other kinds become .mkv.
KEPT_ENDINGS = frozenset((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".ts", ".3gp"))


@dataclass(frozen=True)
class Pair:
    """A video, its mask (None if the hole is marked otherwise), its output, and its name in messages."""

    video: Path
    mask: Path | None
    output: Path
    name: str


def pair_by_name(folder: Path, masks: Path | None, out: Path) -> list[Pair]:
    """Pair the videos of a folder with the masks of another, and name the outputs like the videos.

    Args:
        folder: searched for videos and folders of frames, with its subfolders.
        masks: a folder with a mask for each video, under the same name (without extension) and subfolder; or one file
            for all; or None.
        out: folder for the outputs.

    Raises:
        VideoError: no videos, no masks, or the outputs' folder is one of theirs.
    """
    one_for_all = masks is None or not is_folder(masks, "a folder of masks or one mask for all videos")
    for what, other in (("input folder", folder), ("folder of masks", masks)):
        if other is not None and identity(out) == identity(other):
            raise VideoError(f"The output folder must differ from the {what}; both are {other}. Name another folder.")
    pairs = []
    for video in list_videos(folder):
        if out.resolve() in video.resolve().parents:
            continue  # an output of an earlier run, in a folder inside the videos'
        name = video.relative_to(folder)
        ending = "" if video.is_dir() else video.suffix if video.suffix.lower() in KEPT_ENDINGS else ".mkv"
        mask = masks
        if masks is not None and not one_for_all:
            mask = _mask_of(masks, name if video.is_dir() else name.with_suffix(""))
        pairs.append(
            Pair(video, mask, out / name.parent / ((name.name if video.is_dir() else name.stem) + ending), str(name))
        )
    return pairs


def _mask_of(masks: Path, name: Path) -> Path:
    """Return the mask of a video, or the most likely path if there is none, for the error to name."""
    if (masks / name).is_dir():
        return masks / name
    place = (masks / name).parent
    endings = [*sorted(IMAGE_EXTENSIONS), *sorted(VIDEO_EXTENSIONS), ".npy"]
    found = [place / (name.name + ending) for ending in endings if (place / (name.name + ending)).is_file()]
    if len(found) > 1:
        raise VideoError(f"{place} must hold one mask for {name}; it holds {found[0].name} and {found[1].name}.")
    return found[0] if found else masks / name


def read_pairs(path: Path) -> list[Pair]:
    """Read a table of pairs, a CSV file with the columns video, mask and output.

    Paths are relative to the folder of the table; mask may be empty or left out.

    Raises:
        VideoError: the file, a column or an entry is missing or cannot be read.
    """
    place = path.parent
    return [
        Pair(place / row["video"], place / row["mask"] if row["mask"] else None, place / row["output"], row["video"])
        for row in read_rows(path, ("video", "output"), ("mask",))
    ]


def check_pairs(pairs: Iterable[Pair], others: Iterable[Place] = ()) -> None:
    """Refuse outputs that would replace each other, or a video or mask of any pair, or one of `others`.

    Raises:
        ValueError: names the first two that are in each other's way.
    """
    pairs = list(pairs)
    inputs = [Place(f"the video {pair.name}", pair.video) for pair in pairs]
    inputs += [Place(f"the mask of {pair.name}", pair.mask) for pair in pairs if pair.mask is not None]
    check_outputs([Place(f"the output of {pair.name}", pair.output) for pair in pairs], [*inputs, *others])
