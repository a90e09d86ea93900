"""The protocol of STTN, FuseFormer, E2FGVI and ProPainter: whole videos of DAVIS and YouTube-VOS, 432x240."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.checks import check_choice, check_positive
from lgtsm.data.davis import DAVISMasks, DAVISVideos
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.data.transforms import Window
from lgtsm.evaluation.protocol import DRAWN, FolderProtocol, Unit
from lgtsm.masks.sample import sample_hole

KINDS = ("stationary", "object")
TEST_MASKS = "test_masks"
WHOLE = 100_000  # more frames than any video of these sets has
DRAWN_SHARE = 0.05, 0.25


class ObjectProtocol(FolderProtocol):
    """Whole videos, with a hole that stays where it is, or that moves as an object of another video does.

    Args:
        name: title in the report.
        videos: folder with JPEGImages (and JPEGImages/480p), for kind "object" Annotations, and test_masks.
        num_videos: of the published test set; the report warns about any other number.
        height, width: size that frames are stretched to, in pixels.
        kinds: "stationary" holes, stored as test_masks/<video>/<frame>.png (all but black is missing); "object": the
            annotated objects of the next video, so that the truth under them is known.
        masks: another folder of stationary masks; "drawn" draws them where there are none.
        dilate: grow every hole by N pixels, as the published evaluations do.
        resolution: folder below JPEGImages and Annotations, if any.
        seed: of drawn holes.
        limit: number of videos, evenly spread; None takes all.
        published: published results for the report, as {"method", score: number, "source"}.

    The videos are those with stationary masks; with drawn ones, all.

    Raises:
        ValueError: a kind is unknown, or masks are missing; the message says what is there.
        VideoError: videos are missing, or none is named like a folder of masks.

    Source: Li et al. 2022 (E2FGVI), the released evaluation and test masks.
    Differs: results are rounded to 8 bits once, after all, and not truncated window by window; the hole grows by a
    disc, not by a diamond. Which masks the published "object" results took is not known; ours are named above.
    """

    centers = (None,)
    eight_bit = True

    def __init__(
        self,
        name: str,
        videos: str | Path | None,
        num_videos: int,
        height: int = 240,
        width: int = 432,
        kinds: Sequence[str] = KINDS,
        masks: str | Path | None = None,
        dilate: int = 4,
        resolution: str = "480p",
        seed: int = 0,
        limit: int | None = None,
        published: Sequence[dict[str, Any]] = (),
    ):
        for kind in kinds:
            check_choice("kinds", kind, KINDS)
        check_positive("height", height)
        check_positive("width", width)
        if videos is None or not Path(videos).is_dir():
            raise ValueError(
                f"The protocol {name} needs the folder with JPEGImages and {TEST_MASKS}; there is no folder {videos}. "
                f"`lgtsm get_data davis` or `youtube_vos` names its pages; set protocol.videos to it."
            )
        root = Path(videos)
        self.name, self.kinds, self.seed, self.published = name, tuple(kinds), seed, tuple(published)
        self.size, self.clip = (None, height, width), (WHOLE, height, width)
        self.dilate = dilate
        draws = masks == DRAWN
        self.masks = DRAWN if draws else "stored"
        self.stationary = None
        if "stationary" in self.kinds and not draws:
            self.stationary = self._open_stationary(root, Path(masks) if masks else root / TEST_MASKS)
        named = None if self.stationary is None else {path.name for path in self.stationary.paths}
        self.source = DAVISVideos(root, "all", resolution, fit="stretch", short="whole", limit=limit, only=named)
        self.video_names = [self.source.name(video) for video in range(len(self.source))]
        self.objects = DAVISMasks(root, resolution, dilate=dilate) if "object" in self.kinds else None
        stored = self.stationary is not None or "stationary" not in self.kinds
        self.is_published_set = stored and len(self.video_names) == num_videos
        self.facts = {"fit": "stretch", "dilate": f"{dilate} pixels"}

    def read_hole(self, unit: Unit, window: Window, num_frames: int) -> np.ndarray:
        """Return the hole that stays, or that moves; see `FolderProtocol`."""
        if unit.kind == "object":
            assert self.objects is not None
            following = self.video_names[(unit.video + 1) % len(self.video_names)]
            return self.objects.read_hole(window._replace(name=following))
        if self.stationary is not None:
            return self.stationary.read_hole(window)
        seed = self.seed, zlib.crc32(unit.name.encode())
        size = self.clip[1:]
        return sample_hole("object_like_middle", num_frames, *size, seed, hole_share=DRAWN_SHARE, static=True)

    def _open_stationary(self, root: Path, folder: Path) -> StoredMasks:
        if not folder.is_dir():
            there = ", ".join(sorted(path.name for path in root.iterdir() if path.is_dir())) or "nothing"
            raise ValueError(
                f"Stationary masks must be stored as {folder}/<video>/<frame>.png; {root} holds {there}. Put them "
                "there, draw others with protocol.masks=drawn, or take protocol.kinds=[object]."
            )
        return StoredMasks(folder, meaning="objects", pair="name", dilate=self.dilate)
