"""The FaceForensics clips of the paper: 1,004 face videos, 150 of them for testing, 128x128."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.checks import check_choice
from lgtsm.data.published import FOLDERS, PublishedVideos
from lgtsm.data.stored_masks import StoredMasks


class FaceForensicsVideos(PublishedVideos):
    """Videos of FaceForensics, laid out as FaceForensics/{Train,Test}/videos/<video>, files or folders of frames.

    A folder FaceForensics/videos that is not split holds out 150 videos for testing, by the hash of their names.
    Arguments and errors as in `PublishedVideos`.
    """

    title = "FaceForensics"
    videos = "videos"
    contents = "<video>"
    obtain = "Obtain it from its authors"
    num_videos_published = 1_004
    num_test = 150

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
