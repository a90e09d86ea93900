"""What the published data sets of the paper share: Train and Test folders, or one folder with a number held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from lgtsm.checks import check_choice
from lgtsm.data.folder import FolderVideos
from lgtsm.data.splits import hold_out
from lgtsm.video.errors import VideoError

FOLDERS = {"train": "Train", "test": "Test"}


class PublishedVideos(FolderVideos):
    """Videos laid out as ROOT/{Train,Test}/<videos>/..., or ROOT/<videos>/... with some held out by their names' hash.

    Args:
        root: the folder of the data set.
        split: "train" or "test".
        options: as in `FolderVideos`.

    A subclass says what the data set is called (`title`), its folder of videos (`videos`), what lies in it
    (`contents`), how to come by it (`obtain`), and how many videos were published and for testing.

    Raises:
        VideoError: the videos do not lie there; the sentence says where they must.
    """

    title: ClassVar[str]
    videos: ClassVar[str]
    contents: ClassVar[str]
    obtain: ClassVar[str]
    num_videos_published: ClassVar[int]
    num_test: ClassVar[int]

    def __init__(self, root: str | Path, split: str = "train", **options: Any):
        check_choice("split", split, tuple(FOLDERS))
        self.split, self._splits = split, True
        folder = Path(root) / FOLDERS[split] / self.videos
        if not folder.is_dir() and (Path(root) / self.videos).is_dir():
            folder, self._splits = Path(root) / self.videos, False
        if not folder.is_dir():
            raise VideoError(
                f"The {self.title} data set must lie as {folder}/{self.contents}, and there is no such folder. "
                f"{self.obtain}, and set data.root to the folder that holds Train and Test."
            )
        super().__init__(folder, split=split, **options)

    def _choose(self, names, split, held_out, split_folder) -> list[int]:
        if split_folder is not None:
            return super()._choose(names, split, held_out, split_folder)
        return list(range(len(names))) if self._splits else hold_out(names, split, self.num_test)

    def published_count(self) -> int:
        """Return how many videos the split was published with."""
        return self.num_test if self.split == "test" else self.num_videos_published - self.num_test
