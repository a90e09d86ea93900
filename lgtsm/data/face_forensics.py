"""The FaceForensics clips of the paper: 1,004 face videos, 150 of them for testing, 128x128."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.checks import check_choice
from lgtsm.data.folder import FolderVideos
from lgtsm.data.splits import hold_out
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.video.errors import VideoError

FOLDERS = {"train": "Train", "test": "Test"}
NUM_TEST = 150
NUM_VIDEOS = 1_004


class FaceForensicsVideos(FolderVideos):
    """Videos of FaceForensics, laid out as FaceForensics/{Train,Test}/videos/<video>, files or folders of frames.

    A folder FaceForensics/videos that is not split holds out 150 videos for testing, by the hash of their names.

    Args:
        root: the folder FaceForensics.
        split: "train" or "test".
        options: as in `FolderVideos`.

    Raises:
        VideoError: the videos do not lie there; the sentence says where they must.
    """

    def __init__(self, root: str | Path, split: str = "train", **options: Any):
        check_choice("split", split, tuple(FOLDERS))
        self.split, self._splits = split, True
        videos = Path(root) / FOLDERS[split] / "videos"
        if not videos.is_dir() and (Path(root) / "videos").is_dir():
            videos, self._splits = Path(root) / "videos", False
        if not videos.is_dir():
            raise VideoError(
                f"The FaceForensics data set must lie as {videos}/<video>, and there is no such folder. Obtain it from "
                "its authors, and set data.root to the folder that holds Train and Test."
            )
        super().__init__(videos, split=split, **options)

    def _choose(self, names, split, held_out, split_folder) -> list[int]:
        if split_folder is not None:
            return super()._choose(names, split, held_out, split_folder)
        return list(range(len(names))) if self._splits else hold_out(names, split, NUM_TEST)

    def published_count(self) -> int:
        """Return 150 for testing, and the rest for training."""
        return NUM_TEST if self.split == "test" else NUM_VIDEOS - NUM_TEST

    def masks_beside(self) -> dict[str, StoredMasks]:
        """Return the folder masks."""
        folder = self.root.parent / "masks"
        return {"masks": StoredMasks(folder)} if folder.is_dir() else {}


class FaceForensicsMasks(StoredMasks):
    """Stored masks of FaceForensics, 255 = valid, paired with the videos by sorted order: {Train,Test}/masks/....

    Args:
        root: the folder FaceForensics.
        split: "train" or "test".
        kind: folder below masks, such as "curve/35"; None takes all of them.
        options: as in `StoredMasks`.

    Raises:
        VideoError: the masks do not lie there.
    """

    def __init__(self, root: str | Path, split: str = "test", kind: str | None = None, **options: Any):
        check_choice("split", split, tuple(FOLDERS))
        folder = Path(root) / FOLDERS[split]
        super().__init__((folder if folder.is_dir() else Path(root)) / "masks" / (kind or ""), **options)
