"""The published data sets of the paper: Train and Test folders, or one folder with some videos held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from lgtsm.checks import check_choice
from lgtsm.data.folder import FolderVideos
from lgtsm.data.splits import hold_out
from lgtsm.video.errors import VideoError

FOLDERS = {"train": "Train", "test": "Test"}


def split_root(root: str | Path, split: str) -> Path:
    """Return root/Train or root/Test, or `root` if the data set is not split."""
    check_choice("split", split, tuple(FOLDERS))
    folder = Path(root) / FOLDERS[split]
    return folder if folder.is_dir() else Path(root)


class PublishedVideos(FolderVideos):
    """Videos in ROOT/{Train,Test}/<videos>/..., or in ROOT/<videos>/... with test videos chosen by hash of their names.

    Args:
        root: the folder of the data set.
        split: "train" or "test".
        options: as in `FolderVideos`.

    A subclass sets the name of the data set (`title`), its folder of videos (`videos`), the layout below it
    (`contents`), how to get it (`obtain`), and the number of videos, in all and for testing.

    Raises:
        VideoError: the videos are missing; the message says where they belong.
    """

    title: ClassVar[str]
    videos: ClassVar[str]
    contents: ClassVar[str]
    obtain: ClassVar[str]
    num_videos_published: ClassVar[int]
    num_test: ClassVar[int]
    order = "plain"  # as the released program sorts videos and masks to pair them

    def __init__(self, root: str | Path, split: str = "train", **options: Any):
        check_choice("split", split, tuple(FOLDERS))
        self.split, self._splits = split, True
        folder = Path(root) / FOLDERS[split] / self.videos
        if not folder.is_dir() and (Path(root) / self.videos).is_dir():
            folder, self._splits = Path(root) / self.videos, False
        if not folder.is_dir():
            raise VideoError(
                f"The {self.title} data set needs {folder}/{self.contents}; there is no such folder. "
                f"{self.obtain}, and set data.root to the folder with Train and Test, or the environment variable "
                "LGTSM_DATA to the folder above it."
            )
        super().__init__(folder, split=split, **options)

    def _choose(self, names, split, held_out, split_folder) -> list[int]:
        if split_folder is not None:
            return super()._choose(names, split, held_out, split_folder)
        return list(range(len(names))) if self._splits else hold_out(names, split, self.num_test)

    def _way_out(self, names, split, held_out, split_folder) -> str:
        if split_folder is not None or self._splits:
            return super()._way_out(names, split, held_out, split_folder).replace(", or set `split=all`", "")
        return (
            f"The {self.num_test} of the smallest hashes are for testing, and there are no others: add videos, or sort "
            "them into the folders Train and Test."
        )

    def published_count(self) -> int:
        """Return the number of videos in the published split."""
        return self.num_test if self.split == "test" else self.num_videos_published - self.num_test
