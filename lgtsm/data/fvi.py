"""The Free-form Video Inpainting data set (Chang et al. 2019): 15,000 videos as folders of JPEG frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgtsm.data.published import PublishedVideos, split_root
from lgtsm.data.stored_masks import StoredMasks


class FVIVideos(PublishedVideos):
    """Videos of FVI, as FVI/{Train,Test}/JPEGImages/<video>/<frame>.jpg.

    Without these splits, FVI/JPEGImages holds out 100 videos for testing, by the hash of their names. Arguments and
    errors as in `PublishedVideos`.
    """

    title = "FVI"
    videos = "JPEGImages"
    contents = "<video>/<frame>.jpg"
    obtain = "`lgtsm get_data fvi` names the pages to download it from. Put it there"
    num_videos_published = 15_000
    num_test = 100

    def masks_beside(self) -> dict[str, StoredMasks]:
        """Return all bins of random_masks, and object_masks."""
        folder = self.root.parent
        bins = sorted(
            path for path in folder.glob("random_masks/*/*") if path.is_dir() and not path.name.startswith(".")
        )
        found = {
            path.relative_to(folder).as_posix(): StoredMasks(path, every_video=False, order=self.order) for path in bins
        }
        if (folder / "object_masks").is_dir():
            found["object_masks"] = StoredMasks(folder / "object_masks", pair="name")
        return found


class FVIMasks(StoredMasks):
    """Stored masks of FVI, 255 = valid: .../random_masks/<preset>/<center>/<clip>/<frame>.png or object_masks/<video>.

    Args:
        root: the folder FVI.
        split: "train" or "test".
        preset: folder of random_masks, such as "object_like"; None takes object_masks, paired by name.
        center: middle of the bin in percent, 5, 15, ..., 65; None takes all bins of the preset.
        options: as in `StoredMasks`.

    Raises:
        VideoError: the masks are missing.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "test",
        preset: str | None = "object_like",
        center: int | None = None,
        **options: Any,
    ):
        folder = split_root(root, split)
        options.setdefault("order", FVIVideos.order)
        if preset is None:
            super().__init__(folder / "object_masks", **{"pair": "name"} | options)
            return
        folder = folder / "random_masks" / preset
        super().__init__(folder if center is None else folder / str(center), **options)
