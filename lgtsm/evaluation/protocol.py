"""Protocols: videos x kinds of holes x bins of hole share, the same for everyone who asks for the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lgtsm.checks import check_choice, check_positive
from lgtsm.data.clips import colors_first
from lgtsm.data.face_forensics import FaceForensicsVideos
from lgtsm.data.folder import FolderVideos
from lgtsm.data.fvi import FVIVideos
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.masks.test_set import CENTERS, MaskClip, TestSet

LAYOUTS = {"fvi": (FVIVideos, "random_masks"), "face_forensics": (FaceForensicsVideos, "masks")}


class Unit(NamedTuple):
    """One thing to score: video number `video`, called `name`, with a hole of a kind and of a bin (None: no bins)."""

    video: int
    name: str
    kind: str
    center: int | None

    @property
    def key(self) -> str:
        """A name of its own."""
        return "/".join(str(part) for part in (self.kind, self.center, self.name) if part is not None)


class Protocol:
    """The clips of an evaluation; `PaperProtocol`, or `lgtsm.evaluation.validation.ValidationProtocol`.

    name: what the report calls it. video_names: a name for each video, no two alike. kinds: of holes. centers: middles
    of the bins of hole share, in percent, or (None,) where there are no bins. size: frames, height and width of a clip.
    masks: "drawn", from `seed`, or "stored". is_published_set: whether it is all of a published test set.
    """

    name: str
    video_names: Sequence[str]
    kinds: tuple[str, ...]
    centers: tuple[int | None, ...]
    size: tuple[int, int, int]
    masks: str
    seed: int
    is_published_set = False

    def units(self) -> list[Unit]:
        """Return everything to score, video by video."""
        return [
            Unit(video, name, kind, center)
            for video, name in enumerate(self.video_names)
            for kind in self.kinds
            for center in self.centers
        ]

    def read(self, unit: Unit) -> tuple[Tensor, Tensor]:
        """Return video (1, time, 3, height, width) in [0, 1] and hole (1, time, 1, height, width), 1 = missing.

        Raises:
            VideoError: the video or its mask is unreadable, or too short.
        """
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """Return plain values by which two evaluations are of the same, or not."""
        names = "\n".join(self.video_names)
        return {
            "name": self.name,
            "published_test_set": self.is_published_set,
            "videos": len(self.video_names),
            "videos_sha256": hashlib.sha256(names.encode()).hexdigest()[:16],
            **dict(zip(("num_frames", "height", "width"), self.size)),
            "kinds": list(self.kinds),
            "centers": [center for center in self.centers if center is not None],
            "masks": self.masks,
            "seed": self.seed,
        }


class PaperProtocol(Protocol):
    """The first frames of each test video, with one hole of every kind and bin.

    Holes are those stored beside the test videos, where all kinds and bins are there, paired with them by sorted
    order; else they are drawn, hole i for video i, from the seeds that `lgtsm make_masks` uses, so that the same
    numbers give the same holes everywhere.

    Args:
        name: what the report calls it.
        videos: root of the published test set (see `layout`), or any folder of videos, of which all are taken; the
            report says which it was.
        layout: "fvi" or "face_forensics".
        num_frames, height, width: size of a clip: its first frames, resized and cut to this many pixels.
        kinds: kinds of holes: `lgtsm.masks` names, or folders of stored masks.
        centers: middles of the bins of mean hole share, in percent.
        masks: folder of stored masks, <kind>/<center>/<clip>; None looks beside the videos, False always draws.
        seed: of the drawn holes.
        limit: take so many of the videos, evenly spread; None takes all.

    Raises:
        ValueError: no folder is named, no videos are there, or the masks that are asked for.
    """

    def __init__(
        self,
        name: str,
        videos: str | Path | None,
        layout: str,
        num_frames: int,
        height: int,
        width: int,
        kinds: Sequence[str],
        centers: Sequence[int] = CENTERS,
        masks: str | Path | bool | None = None,
        seed: int = 0,
        limit: int | None = None,
    ):
        check_choice("layout", layout, tuple(LAYOUTS))
        for what, value in {"num_frames": num_frames, "height": height, "width": width}.items():
            check_positive(what, value)
        if videos is None:
            raise ValueError(
                f"The protocol {name} needs its test videos: set protocol.videos to the data set's folder, or to any "
                "folder of videos."
            )
        self.name, self.layout, self.kinds, self.centers = name, layout, tuple(kinds), tuple(centers)
        self.size = num_frames, height, width
        self.source, self.is_published_set = _open_videos(Path(videos), layout, limit)
        self.video_names = [self.source.name(video) for video in range(len(self.source))]
        self.seed = seed
        self.test_set = TestSet(self.kinds, self.centers, len(self.source), num_frames, height, width, seed)
        self.stored = self._find_stored(masks)
        self.masks = "drawn" if self.stored is None else "stored"
        if self.stored is None:
            self.test_set.check()
        self._last: tuple[int, Any] | None = None

    def read(self, unit: Unit) -> tuple[Tensor, Tensor]:
        """Return video and hole of a unit; see `Protocol`."""
        if self._last is None or self._last[0] != unit.video:
            self._last = unit.video, self.source.read_window(unit.video, *self.size, None)
        frames, window = self._last[1]
        if self.stored is None:
            hole = self.test_set.draw(MaskClip(unit.kind, unit.center, window.position))
        else:
            hole = self.stored[f"{unit.kind}/{unit.center}"].read_hole(window)
        video = torch.from_numpy(colors_first(frames)).float() / 255
        return video[None], torch.from_numpy(np.ascontiguousarray(hole)).float()[None, :, None]

    def _find_stored(self, masks: str | Path | bool | None) -> dict[str, StoredMasks] | None:
        if masks is False:
            return None
        folder = Path(masks) if masks else self.source.root.parent / LAYOUTS[self.layout][1]
        cells = [f"{kind}/{center}" for kind in self.kinds for center in self.centers]
        missing = [cell for cell in cells if not (folder / cell).is_dir()]
        if missing and masks:
            raise ValueError(f"Stored masks must lie as {folder}/<kind>/<center>/<clip>; there is no {missing[0]}.")
        return None if missing else {cell: StoredMasks(folder / cell, every_video=False) for cell in cells}


def _open_videos(root: Path, layout: str, limit: int | None) -> tuple[FolderVideos, bool]:
    """Open the published test set where the folder is laid out as one, else every video in the folder."""
    videos, _ = LAYOUTS[layout]
    below = ("Test/JPEGImages", "JPEGImages") if layout == "fvi" else ("Test/videos", "videos")
    if any((root / folder).is_dir() for folder in below):
        return videos(root, split="test", limit=limit), True
    return FolderVideos(root, "all", limit=limit), False
