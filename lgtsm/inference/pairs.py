"""Pair videos with masks and outputs, by name or from a table."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lgtsm.video.errors import VideoError
from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, list_videos
from lgtsm.whole_files import identity

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
        VideoError: no videos, no masks, or two outputs of one name.
    """
    if masks is not None and not masks.exists():
        raise VideoError(f"{masks} must be a folder of masks or one mask for all videos; nothing is there.")
    if out.resolve() == folder.resolve():
        raise VideoError(
            f"The output folder must differ from the input folder; both are {folder}. Name another folder."
        )
    one_for_all = masks is None or masks.is_file()
    pairs = []
    for video in list_videos(folder):
        if out.resolve() in video.resolve().parents:
            continue  # an output of an earlier run, in a folder inside the videos'
        name = video.relative_to(folder)
        ending = "" if video.is_dir() else video.suffix if video.suffix.lower() in KEPT_ENDINGS else ".mkv"
        mask = masks if one_for_all else _mask_of(masks, name if video.is_dir() else name.with_suffix(""))
        pairs.append(
            Pair(video, mask, out / name.parent / ((name.name if video.is_dir() else name.stem) + ending), str(name))
        )
    return _distinct(pairs)


def _mask_of(masks: Path, name: Path) -> Path:
    """Return the mask of a video, or the most likely path if there is none, for the error to name."""
    if (masks / name).is_dir():
        return masks / name
    place = (masks / name).parent
    endings = sorted(IMAGE_EXTENSIONS) + sorted(VIDEO_EXTENSIONS)
    found = [place / (name.name + ending) for ending in endings if (place / (name.name + ending)).is_file()]
    if len(found) > 1:
        raise VideoError(f"{place} must hold one mask for {name}; it holds {found[0].name} and {found[1].name}.")
    return found[0] if found else masks / name


def read_pairs(path: Path) -> list[Pair]:
    """Read a table of pairs, a CSV file with the columns video, mask and output.

    Paths are relative to the folder of the table; mask may be empty or left out.

    Raises:
        VideoError: the file, a column or an entry is missing, or two outputs are the same.
    """
    if not path.is_file():
        raise VideoError(f"{path} must be a CSV file with the columns video, mask and output; there is no such file.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        missing = {"video", "output"} - set(rows.fieldnames or ())
        if missing:
            raise VideoError(
                f"{path} must begin with a line of the columns video, mask and output; {' and '.join(sorted(missing))} "
                f"is not among {', '.join(rows.fieldnames or ()) or 'none'}."
            )
        pairs = []
        for row in rows:
            if not row["video"] or not row["output"]:
                raise VideoError(
                    f"{path} must name a video and an output in every line; line {rows.line_num} does not."
                )
            mask = path.parent / row["mask"] if row.get("mask") else None
            pairs.append(Pair(path.parent / row["video"], mask, path.parent / row["output"], row["video"]))
    if not pairs:
        raise VideoError(f"{path} must name at least one video; it has a header only.")
    return _distinct(pairs)


def _distinct(pairs: list[Pair]) -> list[Pair]:
    """Refuse outputs that would replace each other, or a video or mask of any pair."""
    (output, count), *_ = Counter(pair.output.resolve() for pair in pairs).most_common(1)
    if count > 1:
        raise VideoError(f"Every video must have its own output; {count} of them would go to {output}.")
    inputs = {identity(path): path for pair in pairs for path in (pair.video, pair.mask) if path is not None}
    for pair in pairs:
        if taken := inputs.get(identity(pair.output)):
            raise VideoError(f"The output of {pair.name} must not replace an input; it would replace {taken}.")
    return pairs
