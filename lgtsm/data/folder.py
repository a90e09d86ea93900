"""Clips from a folder of video files or of frame folders."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from lgtsm.checks import check_choice
from lgtsm.data.transforms import resize_and_crop
from lgtsm.video.errors import VideoError
from lgtsm.video.reader import list_videos, open_video


class FolderVideos:
    """Any folder of videos as a source of clips.

    Args:
        root: folder with video files and folders of frames, at any depth.
        split: "all", or "train" / "validation" / "test": a share of the videos chosen by a hash of their names, which
            stays the same when videos are added.
        held_out: share of the videos in each of validation and test, in [0, 0.5).
        limit: take at most so many videos, evenly spread; None takes all.
        scale: clips are cut from frames that cover scale times their size.
        flip: mirror half of the clips.
        stride: take every stride-th frame.
        backend: "auto", "decord" or "pyav", see `lgtsm.video.reader.open_video`.

    Raises:
        VideoError: the folder is missing or has no videos; the sentence says where they must lie.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "all",
        held_out: float = 0.1,
        limit: int | None = None,
        scale: float = 1.2,
        flip: bool = True,
        stride: int = 1,
        backend: str = "auto",
    ):
        check_choice("split", split, ("all", "train", "validation", "test"))
        self.root = Path(root)
        self.scale = scale
        self.flip = flip
        self.stride = stride
        self.backend = backend
        paths = [path for path in list_videos(self.root) if split in ("all", stable_split(self._name(path), held_out))]
        if not paths:
            raise VideoError(
                f"{self.root} has videos, but none falls into the split {split!r} (held_out={held_out}). "
                "Add videos, change held_out, or use split=all."
            )
        if limit is not None and limit < len(paths):
            paths = [paths[k * len(paths) // limit] for k in range(limit)]
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, index: int) -> str:
        """Return the path of video `index` below the root, without its ending."""
        return self._name(self.paths[index])

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).with_suffix("").as_posix()

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Read a clip.

        Args:
            index: which video.
            num_frames, height, width: size of the clip, in frames and pixels.
            rng: where to start and crop, and whether to flip; None: from the start, the middle, not flipped.

        Returns:
            uint8 (num_frames, height, width, 3), RGB.

        Raises:
            VideoError: the video is unreadable or too short.
        """
        with open_video(self.paths[index], self.backend) as reader:
            room = len(reader) - (num_frames - 1) * self.stride
            if room < 1:
                raise VideoError(
                    f"{self.paths[index]} must have at least {(num_frames - 1) * self.stride + 1} frames for clips of "
                    f"{num_frames} at stride {self.stride}; it has {len(reader)}. Remove it, or take shorter clips."
                )
            start = 0 if rng is None else int(rng.integers(room))
            frames = reader.read(range(start, start + num_frames * self.stride, self.stride)[:num_frames])
        scale = 1.0 if rng is None else self.scale
        return resize_and_crop(frames, height, width, scale, self.flip, rng)


def stable_split(name: str, held_out: float) -> str:
    """Return "train", "validation" or "test" for a name, the same on every machine and for ever."""
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
    if place < held_out:
        return "validation"
    return "test" if place < 2 * held_out else "train"
