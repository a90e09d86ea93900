"""The Free-form Video Inpainting data set (Chang et al. 2019): 15,000 videos as folders of JPEG frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.checks import check_choice
from lgtsm.data.folder import FolderVideos
from lgtsm.video.errors import VideoError

FOLDERS = {"train": "Train", "test": "Test"}


class FVIVideos(FolderVideos):
    """Videos of FVI, laid out as FVI/{Train,Test}/JPEGImages/<video>/<frame>.jpg.

    Args:
        root: the folder FVI.
        split: "train" or "test".
        options: as in `FolderVideos`.

    Raises:
        VideoError: the frames do not lie there; the sentence says where they must.
    """

    def __init__(self, root: str | Path, split: str = "train", **options: Any):
        check_choice("split", split, tuple(FOLDERS))
        frames = Path(root) / FOLDERS[split] / "JPEGImages"
        if not frames.is_dir():
            raise VideoError(
                f"The FVI data set must lie as {frames}/<video>/<frame>.jpg, and there is no such folder. Download it, "
                "and set data.root to the folder that holds Train and Test."
            )
        super().__init__(frames, split="all", **options)
