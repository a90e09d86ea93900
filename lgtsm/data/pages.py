"""Where the published data sets and networks are to be had, and where they belong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lgtsm.data.davis import DAVISVideos
from lgtsm.data.face_forensics import FaceForensicsVideos
from lgtsm.data.folder import FolderVideos
from lgtsm.data.fvi import FVIVideos
from lgtsm.video.errors import VideoError

AUTHORS = "https://github.com/amjltc295/Free-Form-Video-Inpainting"


class Published(NamedTuple):
    """A published data set, or files.

    title: its name. folder: where it belongs, below the folder of all data sets. pages: what -> public page. notes:
    sentences for whoever downloads it. layout: what the folder then holds. open: opens a split; None for files.
    """

    title: str
    folder: str
    pages: dict[str, str]
    notes: tuple[str, ...]
    layout: tuple[str, ...]
    open: Callable[[Path, str], FolderVideos] | None = None

    def found(self, root: Path) -> list[str]:
        """Compare what is in a folder with the published number of videos: one sentence for each split."""
        if self.open is None:
            return []
        lines = []
        for split in ("train", "test"):
            try:
                videos = self.open(root, split)
            except VideoError as error:
                lines.append(f"{split}: {error}")
                continue
            expected = videos.published_count()
            of = "" if expected in (None, videos.num_videos) else f", published are {expected}"
            lines.append(f"{split}: {videos.num_videos} videos{of}")
        return lines


PUBLISHED = {
    "fvi": Published(
        "Free-form Video Inpainting (FVI)",
        "FVI",
        {
            "videos and masks": "https://drive.google.com/open?id=1E1lLxMKtLZwSBappJ9EIaOwo2shpk_Pb",
            "videos of YouTube-Bounding-Boxes": "https://github.com/mbuckler/youtube-bb",
            "its authors' instructions": f"{AUTHORS}/blob/master/doc/training.md",
        },
        (
            "The archive holds the videos of YouTube-VOS alone. Those of YouTube-Bounding-Boxes (of at least 640x480) "
            "come from their own page; without them there are fewer training videos than published.",
        ),
        (
            "Train/JPEGImages/<video>/<frame>.jpg",
            "Train/random_masks/<preset>/<center>/<clip>/<frame>.png",
            "Test/JPEGImages/<video>/<frame>.jpg",
            "Test/random_masks/{rand_curve,object_like_middle,...}/{5,15,...,65}/<clip>/<frame>.png",
        ),
        FVIVideos,
    ),
    "face_forensics": Published(
        "FaceForensics, as cut by the authors of FVI",
        "FaceForensics",
        {
            "videos and masks": "https://drive.google.com/open?id=1oeBa2WWvTHBOBuB2RBEsQSYQlUh2YGBl",
            "terms of the videos": "https://github.com/ondyari/FaceForensics",
            "its authors' instructions": f"{AUTHORS}/blob/master/doc/training.md",
        },
        ("The videos show people. Ask the authors of FaceForensics for their terms before you use them.",),
        (
            "Train/videos/<video>",
            "Train/masks/...",
            "Test/videos/<video>",
            "Test/masks/{test_rand_curve,test_object_like,test_bbox}/<clip>/<frame>.png",
        ),
        FaceForensicsVideos,
    ),
    "davis": Published(
        "DAVIS 2017",
        "DAVIS",
        {"frames and annotations (480p)": "https://davischallenge.org/davis2017/code.html"},
        (),
        ("JPEGImages/480p/<video>/<frame>.jpg", "Annotations/480p/<video>/<frame>.png", "ImageSets/2017/*.txt"),
        DAVISVideos,
    ),
    "youtube_vos": Published(
        "YouTube-VOS",
        "YouTubeVOS",
        {"frames and annotations": "https://youtube-vos.org/dataset/vos/"},
        ("It asks for an account.",),
        ("JPEGImages/<video>/<frame>.jpg", "Annotations/<video>/<frame>.png"),
        DAVISVideos,
    ),
    "networks": Published(
        "the authors' released networks",
        "networks",
        {
            "GTSM, 3-D and others": "https://drive.google.com/open?id=1uva9yI8yYKivqi4pWcyZLcCdIt1k-LRY",
            "its authors' instructions": AUTHORS,
        },
        ("lgtsm.load_official(FILE) loads a checkpoint, as does every command that takes one; no code in it is run.",),
        ("*.pth",),
    ),
}
