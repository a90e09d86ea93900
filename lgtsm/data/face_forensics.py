"""The FaceForensics clips of the paper: 1,004 face videos, 150 of them for testing, 128x128."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.data.published import PublishedVideos, split_root
from lgtsm.data.stored_masks import StoredMasks


class FaceForensicsVideos(PublishedVideos):
    """Videos of FaceForensics, as FaceForensics/{Train,Test}/videos/<video>, files or folders of frames.

    Without these splits, FaceForensics/videos holds out 150 videos for testing, by the hash of their names. Arguments
    and errors as in `PublishedVideos`.
    """

    title = "FaceForensics"
    videos = "videos"
    contents = "<video>"
    obtain = "`lgtsm get_data face_forensics` names the pages to download it from. Put it there"
    num_videos_published = 1_004
    num_test = 150

    def masks_beside(self) -> dict[str, StoredMasks]:
        """Return the masks in the folder "masks"."""
        folder = self.root.parent / "masks"
        return {"masks": StoredMasks(folder, order=self.order)} if folder.is_dir() else {}


class FaceForensicsMasks(StoredMasks):
    """Stored masks of FaceForensics, 255 = valid, paired with the videos by sorted order: {Train,Test}/masks/....

    Args:
        root: the folder FaceForensics.
        split: "train" or "test".
        kind: folder below masks, such as "curve/35"; None takes all masks.
        options: as in `StoredMasks`.

    Raises:
        VideoError: the masks are missing.
    """

    def __init__(self, root: str | Path, split: str = "test", kind: str | None = None, **options: Any):
        options.setdefault("order", FaceForensicsVideos.order)
        super().__init__(split_root(root, split) / "masks" / (kind or ""), **options)
