"""The FaceForensics clips of the paper: 1,004 face videos, 150 of them for testing, 128x128."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.checks import check_choice
from lgtsm.data.folder import FolderVideos
from lgtsm.video.errors import VideoError

FOLDERS = {"train": "Train", "test": "Test"}


class FaceForensicsVideos(FolderVideos):
    """Videos of FaceForensics, laid out as FaceForensics/{Train,Test}/videos/<video>, files or folders of frames.

    Args:
        root: the folder FaceForensics.
        split: "train" or "test".
        options: as in `FolderVideos`.

    Raises:
        VideoError: the videos do not lie there; the sentence says where they must.
    """

    def __init__(self, root: str | Path, split: str = "train", **options: Any):
        check_choice("split", split, tuple(FOLDERS))
        videos = Path(root) / FOLDERS[split] / "videos"
        if not videos.is_dir():
            raise VideoError(
                f"The FaceForensics data set must lie as {videos}/<video>, and there is no such folder. Obtain it from "
                "its authors, and set data.root to the folder that holds Train and Test."
            )
        super().__init__(videos, split="all", **options)
