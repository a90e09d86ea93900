"""Protocols: videos x kinds of holes x bins of hole share; the same settings give the same clips everywhere."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
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
from lgtsm.data.transforms import Window
from lgtsm.masks.presets import frame_scale
from lgtsm.masks.sample import sample_hole
from lgtsm.masks.test_set import CENTERS, MaskClip, TestSet

# What to draw in place of a published kind of stored masks, where there are none: the kind of `lgtsm.masks`, and the
# pixels at each edge of a 320x180 frame that stay known.
DRAWN_FOR = {
    "object_like_middle_noBoarder": ("object_like_middle", 15),
    "rand_curve_noBoarder": ("rand_curve", 15),
    "test_rand_curve": ("rand_curve", 0),
    "test_object_like": ("object_like", 0),
    "test_bbox": ("static_box", 0),
}
DRAWN = "drawn"
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
    of hole share, in percent; (None,) without bins. size: frames (None: all), height and width of a clip. masks:
    "drawn" from `seed`, or "stored". is_published_set: whether it covers a whole published test set. eight_bit: whether
    frames are rounded to 8 bits before they are scored. facts: further settings that change scores, by name. published:
    rows of published results for the report, as {"method", score: number, "source"}.
    """

    name: str
    video_names: Sequence[str]
    kinds: tuple[str, ...]
    centers: tuple[int | None, ...]
    size: tuple[int | None, int, int]
    masks: str
    seed: int
    is_published_set: bool = False
    eight_bit: bool = False
    facts: Mapping[str, str] = MappingProxyType({})
    published: Sequence[Mapping[str, Any]] = ()

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
            "frames": "rounded to 8 bits" if self.eight_bit else "as they come, not rounded",
            **self.facts,
        }


class FolderProtocol(Protocol):
    """The first frames of videos in a folder, or all; a subclass finds the holes.

    source: the videos. clip: most frames, height and width of a clip.
    """

    source: FolderVideos
    clip: tuple[int, int, int]
    _last: tuple[int | None, Any] = None, None

    def read(self, unit: Unit) -> tuple[Tensor, Tensor]:
        """Return video and hole of a unit; see `Protocol`."""
        if self._last[0] != unit.video:
            self._last = unit.video, self.source.read_window(unit.video, *self.clip, None)
        frames, window = self._last[1]
        hole = np.ascontiguousarray(self.read_hole(unit, window, len(frames)))
        video = torch.from_numpy(channels_first(frames)).float() / 255
        return video[None], torch.from_numpy(hole).float()[None, :, None]

    def read_hole(self, unit: Unit, window: Window, num_frames: int) -> np.ndarray:
        """Return the hole of a unit's clip, uint8 (num_frames, height, width), 1 = missing."""
        raise NotImplementedError


class PaperProtocol(FolderProtocol):
    """The first frames of each test video, with one hole of every kind and bin.

    Args:
        name: title in the report.
        videos: root of the published test set (see `layout`), or any folder of videos, all of which it takes; the
            report tells which.
        layout: "fvi" or "face_forensics".
        num_frames, height, width: size of a clip: its first frames (all of a shorter video), in pixels.
        kinds: kinds of holes: folders of stored masks, or `lgtsm.masks` names; `DRAWN_FOR` says what is drawn for the
            published ones.
        centers: middles of the bins of mean hole share, in percent; None for kinds without bins.
        masks: folder of stored masks, <kind>/<center>/<clip>; "drawn" draws hole i for video i, from the same seeds as
            `lgtsm make_masks`; None takes those beside a published test set, and draws for any other folder of videos.
        seed: of the drawn holes.
        limit: number of videos to take, evenly spread; None takes all.
        split_folder: of any folder of videos, take only those that validation.txt in this folder names.
        fit: "stretch" frames to the size, as the released program does, or "crop" them.
        eight_bit: round frames to 8 bits before they are scored, as published scores are of files.

    Stored masks are paired in the plain sorted order of names (10 before 2) in a published tree, else in natural order.

    Raises:
        ValueError: no folder is named, it has no videos, or a kind or bin of stored masks is missing; names those that
            are there.
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
        centers: Sequence[int] | None = CENTERS,
        masks: str | Path | None = None,
        seed: int = 0,
        limit: int | None = None,
        split_folder: str | Path | None = None,
        fit: str = "crop",
        eight_bit: bool = False,
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
        self.centers: Any = (None,) if centers is None else tuple(centers)
        self.size = self.clip = num_frames, height, width
        self.source, published = _open_videos(Path(videos), layout, split_folder, limit=limit, fit=fit, short="whole")
        self.video_names = [self.source.name(video) for video in range(len(self.source))]
        self.seed, self.eight_bit = seed, eight_bit
        draws = masks == DRAWN or (masks is None and not published)
        self.is_published_set = published and not draws
        self.stored = None if draws else self._find_stored(masks)
        self.masks = DRAWN if draws else "stored"
        if draws:
            TestSet([_drawn_for(kind)[0] for kind in self.kinds], centers or ()).check()
        self.facts = {"fit": fit} | ({} if draws else {"pairing": f"{self.source.order} order"})

    def read_hole(self, unit: Unit, window: Window, num_frames: int) -> np.ndarray:
        """Return the stored or drawn hole; see `FolderProtocol`."""
        if self.stored is None:
            return self._draw(unit, window.position)[:num_frames]
        return self.stored[_cell(unit.kind, unit.center)].read_hole(window)

    def _draw(self, unit: Unit, number: int) -> np.ndarray:
        """Draw as `lgtsm make_masks` does; without bins, as many strokes as come."""
        kind, border = _drawn_for(unit.kind)
        border = round(border * frame_scale(*self.clip[1:]))
        if unit.center is None:
            return sample_hole(kind, *self.clip, (self.seed, zlib.crc32(kind.encode()), number), border=border)
        mask = MaskClip(kind, unit.center, number)
        return sample_hole(kind, *self.clip, mask.seed(self.seed), hole_share=mask.bounds, border=border)

    def _find_stored(self, masks: str | Path | None) -> dict[str, StoredMasks]:
        folder = Path(str(masks)) if masks else self.source.root.parent / LAYOUTS[self.layout][2]
        cells = [_cell(kind, center) for kind in self.kinds for center in self.centers]
        missing = [cell for cell in cells if not (folder / cell).is_dir()]
        if missing:
            bins = "" if self.centers == (None,) else "/<center>"
            depth = "*/*" if bins else "*"
            there = sorted(path.relative_to(folder).as_posix() for path in folder.glob(depth) if path.is_dir())
            raise ValueError(
                f"Masks must be stored as {folder}/<kind>{bins}/<clip>; {', '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} missing. There: {', '.join(there) or 'none'}. Choose "
                "protocol.kinds and protocol.centers among them, or draw all with protocol.masks=drawn."
            )
        order = self.source.order
        return {cell: StoredMasks(folder / cell, every_video=False, order=order) for cell in cells}


def _drawn_for(kind: str) -> tuple[str, int]:
    return DRAWN_FOR.get(kind, (kind, 0))


def _cell(kind: str, center: int | None) -> str:
    return kind if center is None else f"{kind}/{center}"


def _open_videos(root: Path, layout: str, split_folder: str | Path | None, **options: Any) -> tuple[FolderVideos, bool]:
    """Open the published test set if the folder has its layout, else every video in the folder."""
    videos, below, _ = LAYOUTS[layout]
    if not root.is_dir():
        raise ValueError(
            f"The protocol needs test videos; there is no folder {root}. Put the data set there (`lgtsm get_data "
            f"{layout}` names its pages), set the environment variable LGTSM_DATA to the folder above it, or set "
            "protocol.videos to it, or to any folder of videos."
        )
    if any((root / folder / below).is_dir() for folder in ("", "Test")):
        return videos(root, split="test", **options), True
    split = "all" if split_folder is None else "validation"
    return FolderVideos(root, split, split_folder=split_folder, **options), False
