"""DAVIS and YouTube-VOS: folders of JPEG frames, with masks of real objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.checks import check_choice
from lgtsm.data.folder import FolderVideos
from lgtsm.data.splits import choose_split, listed
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.video.errors import VideoError

LISTS = {"train": "train", "validation": "val", "test": "val"}


class DAVISVideos(FolderVideos):
    """Videos of DAVIS (JPEGImages/480p/<video>) or YouTube-VOS (JPEGImages/<video>).

    Args:
        root: the folder with JPEGImages and Annotations.
        split: "all", "train", "validation" or "test", from the lists in ImageSets/<year>; the "val" list serves as both
            validation and test. Without lists, hashes of the names decide.
        resolution: folder below JPEGImages, if any.
        year: folder below ImageSets.
        options: as in `FolderVideos`.

    Raises:
        VideoError: the frames are missing; the message says where they belong.
    """

    def __init__(
        self, root: str | Path, split: str = "train", resolution: str = "480p", year: str = "2017", **options: Any
    ):
        check_choice("split", split, ("all", *LISTS))
        self._root, self._resolution = Path(root), resolution
        self._list = Path(root) / "ImageSets" / str(year) / f"{LISTS.get(split)}.txt"
        super().__init__(davis_folder(root, "JPEGImages", resolution), split=split, **options)

    def _choose(self, names, split, held_out, split_folder) -> list[int]:
        if split_folder is None and split != "all" and self._list.is_file():
            return listed(names, self._list)
        return choose_split(names, split, held_out, split_folder)

    def _way_out(self, names, split, held_out, split_folder) -> str:
        if split_folder is None and self._list.is_file():
            return f"Name some in {self._list}, or set `split=all`."
        return super()._way_out(names, split, held_out, split_folder)

    def published_count(self) -> int | None:
        """Return the number of videos in the split's list; None without a list."""
        return len(self._list.read_text().split()) if self._list.is_file() else None

    def masks_beside(self) -> dict[str, StoredMasks]:
        """Return the annotations."""
        there = (self._root / "Annotations").is_dir()
        return {"Annotations": DAVISMasks(self._root, self._resolution, dilate=0)} if there else {}


class DAVISMasks(StoredMasks):
    """Object masks of DAVIS or YouTube-VOS, paired with videos and frames by name; remove every object.

    Args:
        root: the folder with JPEGImages and Annotations.
        resolution: folder below Annotations, if any.
        dilate: grow the objects by N pixels of the clip, to cover their edges.

    Raises:
        VideoError: the annotations are missing.
    """

    def __init__(self, root: str | Path, resolution: str = "480p", dilate: int = 4):
        super().__init__(davis_folder(root, "Annotations", resolution), meaning="objects", pair="name", dilate=dilate)


def davis_folder(root: str | Path, kind: str, resolution: str) -> Path:
    """Return root/kind/resolution (DAVIS) or root/kind (YouTube-VOS).

    Raises:
        VideoError: neither is there.
    """
    folder = Path(root) / kind
    if not folder.is_dir():
        raise VideoError(
            f"The data set needs {folder}/{resolution}/<video> (DAVIS) or {folder}/<video> (YouTube-VOS); there is no "
            "such folder. Set data.root to the folder with JPEGImages and Annotations."
        )
    return folder / resolution if (folder / resolution).is_dir() else folder
