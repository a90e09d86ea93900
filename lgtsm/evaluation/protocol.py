"""Protocols: videos x kinds of holes x bins of hole share; the same settings give the same clips everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lgtsm.checks import check_choice, check_positive
from lgtsm.data.clips import channels_first
from lgtsm.data.face_forensics import FaceForensicsVideos
from lgtsm.data.folder import FolderVideos
from lgtsm.data.fvi import FVIVideos
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.masks.test_set import CENTERS, MaskClip, TestSet

LAYOUTS = {  # videos, and the folders that hold them and their masks
    "fvi": (FVIVideos, "JPEGImages", "random_masks"),
    "face_forensics": (FaceForensicsVideos, "videos", "masks"),
}


class Unit(NamedTuple):
    """One clip to score: video number `video`, called `name`, with a hole of a kind and a bin (None: no bins)."""

    video: int
    name: str
    kind: str
    center: int | None

    @property
    def key(self) -> str:
        """Its unique name."""
        return "/".join(str(part) for part in (self.kind, self.center, self.name) if part is not None)


class Protocol:
    """The clips of an evaluation; `PaperProtocol`, or `lgtsm.evaluation.validation.ValidationProtocol`.

    name: title in the report. video_names: a unique name for each video. kinds: of holes. centers: middles of the bins
    of hole share, in percent; (None,) without bins. size: frames, height and width of a clip. masks: "drawn" from
    `seed`, or "stored". is_published_set: whether it covers a whole published test set.
    """

    name: str
    video_names: Sequence[str]
    kinds: tuple[str, ...]
    centers: tuple[int | None, ...]
    size: tuple[int, int, int]
    masks: str
    seed: int
    is_published_set: bool = False

    def units(self) -> list[Unit]:
        """Return all clips to score, video by video."""
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
        """Return plain values; two evaluations with equal values can be compared."""
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

    Takes the holes stored beside the test videos, paired in sorted order, if every kind and bin is there. Otherwise
    draws hole i for video i, from the same seeds as `lgtsm make_masks`.

    Args:
        name: title in the report.
        videos: root of the published test set (see `layout`), or any folder of videos, all of which it takes; the
            report tells which.
        layout: "fvi" or "face_forensics".
        num_frames, height, width: size of a clip: its first frames, resized and cropped to this many pixels.
        kinds: kinds of holes: `lgtsm.masks` names, or folders of stored masks.
        centers: middles of the bins of mean hole share, in percent.
        masks: folder of stored masks, <kind>/<center>/<clip>; None looks beside the videos, False always draws.
        seed: of the drawn holes.
        limit: number of videos to take, evenly spread; None takes all.

    Raises:
        ValueError: no folder is named, it has no videos, or `masks` lacks a kind or bin.
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
        for argument, value in {"num_frames": num_frames, "height": height, "width": width}.items():
            check_positive(argument, value)
        if videos is None:
            raise ValueError(
                f"The protocol {name} needs test videos. Set protocol.videos to the data set's folder, or to any "
                "folder of videos."
            )
        self.name, self.layout = name, layout
        self.kinds: Any = tuple(kinds)
        self.centers: Any = tuple(centers)
        self.size = num_frames, height, width
        self.source, self.is_published_set = _open_videos(Path(videos), layout, limit)
        self.video_names = [self.source.name(video) for video in range(len(self.source))]
        self.seed = seed
        self.test_set = TestSet(self.kinds, self.centers, len(self.source), num_frames, height, width, seed)
        self.stored = self._find_stored(masks)
        self.masks = "drawn" if self.stored is None else "stored"
        if self.stored is None:
            self.test_set.check()
        self._last: tuple[int | None, Any] = None, None

    def read(self, unit: Unit) -> tuple[Tensor, Tensor]:
        """Return video and hole of a unit; see `Protocol`."""
        if self._last[0] != unit.video:
            self._last = unit.video, self.source.read_window(unit.video, *self.size, None)
        frames, window = self._last[1]
        if self.stored is None:
            center: Any = unit.center  # this protocol has bins
            hole = self.test_set.draw(MaskClip(unit.kind, center, window.position))
        else:
            hole = self.stored[f"{unit.kind}/{unit.center}"].read_hole(window)
        video = torch.from_numpy(channels_first(frames)).float() / 255
        return video[None], torch.from_numpy(np.ascontiguousarray(hole)).float()[None, :, None]

    def _find_stored(self, masks: str | Path | bool | None) -> dict[str, StoredMasks] | None:
        if masks is False:
            return None
        folder = Path(str(masks)) if masks else self.source.root.parent / LAYOUTS[self.layout][2]
        cells = [f"{kind}/{center}" for kind in self.kinds for center in self.centers]
        missing = [cell for cell in cells if not (folder / cell).is_dir()]
        if missing and masks:
            raise ValueError(f"Masks must be stored as {folder}/<kind>/<center>/<clip>; {missing[0]} is missing.")
        return None if missing else {cell: StoredMasks(folder / cell, every_video=False) for cell in cells}


def _open_videos(root: Path, layout: str, limit: int | None) -> tuple[FolderVideos, bool]:
    """Open the published test set if the folder has its layout, else every video in the folder."""
    videos, below, _ = LAYOUTS[layout]
    if any((root / folder / below).is_dir() for folder in ("", "Test")):
        return videos(root, split="test", limit=limit), True
    return FolderVideos(root, "all", limit=limit), False
