"""Clips from a folder of video files or frame folders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lgtsm.checks import check_choice, check_positive
from lgtsm.counted import counted
from lgtsm.data.opening import Opener
from lgtsm.data.splits import choose_split, share_for
from lgtsm.data.transforms import Window, choose_crop
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import list_videos

if TYPE_CHECKING:
    from lgtsm.data.stored_masks import StoredMasks


class FolderVideos:
    """Cut clips from any folder of videos.

    Args:
        root: folder with video files and folders of frames, at any depth.
        split: "all", "train", "validation" or "test", chosen by `split_folder` or else by a hash of the names, which
            does not change when videos are added.
        held_out: share of the videos in each of validation and test, in [0, 0.5).
        split_folder: folder with train.txt, validation.txt or test.txt: one video name per line.
        limit: use at most N videos, evenly spaced; None uses all.
        clips_per_video: clips per video in one pass, evenly spaced without augmentation.
        scale: scale frames to cover this multiple of the clip's size before cropping.
        flip: mirror half of the clips.
        stride: take every stride-th frame; (least, most) draws a stride per clip, or takes the least without
            augmentation.
        backend: "auto", "decord" or "pyav", see `lgtsm.video.open.open_video`.
        fit: "crop" or "stretch" frames of another aspect, see `lgtsm.data.transforms.choose_crop`.
        only: names of the videos to use, of those in the split; None uses all.
        short: "refuse" videos that are too short for a clip, or take them "whole", so that their clips are shorter.

    Raises:
        VideoError: the folder is missing or has no videos.
    """

    order: ClassVar[str] = "natural"  # of the videos, see `list_videos`

    def __init__(
        self,
        root: str | Path,
        split: str = "all",
        held_out: float = 0.1,
        split_folder: str | Path | None = None,
        limit: int | None = None,
        clips_per_video: int = 1,
        scale: float = 1.2,
        flip: bool = True,
        stride: int | Sequence[int] = 1,
        backend: str = "auto",
        fit: str = "crop",
        short: str = "refuse",
        only: Collection[str] | None = None,
    ):
        check_choice("split", split, ("all", "train", "validation", "test"))
        check_choice("fit", fit, ("crop", "stretch"))
        check_choice("short", short, ("refuse", "whole"))
        self.fit, self.short = fit, short
        check_positive("clips_per_video", clips_per_video)
        self.root, self.clips_per_video, self.scale, self.flip = Path(root), clips_per_video, scale, flip
        self.strides = (stride, stride) if isinstance(stride, int) else tuple(stride)
        if len(self.strides) != 2 or not 1 <= self.strides[0] <= self.strides[1]:
            raise ValueError(f"stride must be a number from 1 up, or (least, most); got {stride!r}.")
        self.backend, self._opener = backend, Opener(backend)
        every = list_videos(self.root, self.order)
        names = [path.relative_to(self.root).with_suffix("").as_posix() for path in every]
        chosen = self._choose(names, split, held_out, split_folder)
        if not chosen:
            raise VideoError(
                f"{self.root} has {len(names)} videos, but none in the split {split!r}. "
                f"{self._way_out(names, split, held_out, split_folder)}"
            )
        if only is not None:
            chosen = [k for k in chosen if names[k] in only]
            if not chosen:
                raise VideoError(
                    f"{self.root} must hold videos of the names asked for; none of them is there, as the first ones, "
                    f"{min(only)} and {names[0]}, show."
                )
        if limit is not None and limit < len(chosen):
            chosen = [chosen[k * len(chosen) // limit] for k in range(limit)]
        self.positions = chosen
        self.paths = [every[k] for k in chosen]
        self.names = [names[k] for k in chosen]

    def _choose(self, names: list[str], split: str, held_out: float, split_folder: str | Path | None) -> list[int]:
        """Return the indices of the videos in the split."""
        return choose_split(names, split, held_out, split_folder)

    def _way_out(self, names: list[str], split: str, held_out: float, split_folder: str | Path | None) -> str:
        """Return what to do about an empty split."""
        if split_folder is not None:
            return f"Name some in {Path(split_folder) / split}.txt, or set `split=all`."
        enough = share_for(names) if split in ("train", "validation") else None
        change = "" if enough is None else f" set `held_out={enough}` (it is {held_out:g}),"
        return f"Add videos,{change} or set `split=all`."

    def __len__(self) -> int:
        return len(self.paths) * self.clips_per_video

    def name(self, index: int) -> str:
        """Return the video's path below the root, without extension; numbered if it gives several clips."""
        video, part = divmod(index, self.clips_per_video)
        return self.names[video] + (f"_clip{part}" if self.clips_per_video > 1 else "")

    @property
    def num_videos(self) -> int:
        """Number of videos, regardless of clips per video."""
        return len(self.paths)

    def video_name(self, index: int) -> str:
        """Return the name of the video behind clip `index`."""
        return self.names[index // self.clips_per_video]

    def published_count(self) -> int | None:
        """Return the published number of videos in this split; None if there is none."""
        return None

    def masks_beside(self) -> dict[str, StoredMasks]:
        """Return the stored masks beside the videos, by folder name."""
        return {}

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return the frames of `read_window`."""
        return self.read_window(index, num_frames, height, width, rng)[0]

    def read_window(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, Window]:
        """Read a clip and return it with its window.

        Args:
            index: number of the clip.
            num_frames, height, width: size of the clip, in frames and pixels.
            rng: draws start, crop, stride and flip; None takes the start and the middle, without flip.

        Returns:
            uint8 (num_frames, height, width, 3), RGB, and its window; fewer frames of a short video taken whole.

        Raises:
            VideoError: the video is unreadable or too short.
        """
        video, part = divmod(index, self.clips_per_video)
        least, most = self.strides
        with self._opener.open(self.paths[video]) as reader:
            if self.short == "whole":
                num_frames = min(num_frames, (len(reader) - 1) // least + 1)
            longest = (len(reader) - 1) // max(1, num_frames - 1)
            if len(reader) < (num_frames - 1) * least + 1:
                raise VideoError(
                    f"{self.paths[video]} must have at least {counted((num_frames - 1) * least + 1, 'frame')} for "
                    f"clips of {num_frames} at stride {least}; it has {len(reader)}. Remove it, or lower num_frames."
                )
            stride = least if rng is None or most == least else int(rng.integers(least, min(most, longest) + 1))
            room = len(reader) - (num_frames - 1) * stride
            start = part * room // self.clips_per_video if rng is None else int(rng.integers(room))
            numbers = tuple(start + k * stride for k in range(num_frames))
            frames = reader.read(numbers)
            files = getattr(reader, "files", None)
        frame_names = tuple(files[number].stem for number in numbers) if files else None
        own_size = frames.shape[1:3]
        crop = choose_crop(own_size, height, width, 1.0 if rng is None else self.scale, self.flip, rng, self.fit)
        window = Window(self.names[video], self.positions[video], numbers, frame_names, own_size, crop)
        return crop.frames(frames), window
