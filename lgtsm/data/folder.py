"""Clips from a folder of video files or of frame folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lgtsm.checks import check_choice, check_positive
from lgtsm.data.opening import Opener
from lgtsm.data.splits import choose_split
from lgtsm.data.transforms import Window, choose_crop
from lgtsm.video.errors import VideoError
from lgtsm.video.listing import list_videos

if TYPE_CHECKING:
    from lgtsm.data.stored_masks import StoredMasks


class FolderVideos:
    """Any folder of videos as a source of clips.

    Args:
        root: folder with video files and folders of frames, at any depth.
        split: "all", or "train" / "validation" / "test", chosen by `split_folder` where it is given, else by a hash of
            the names, which stays the same when videos are added.
        held_out: share of the videos in each of validation and test, in [0, 0.5).
        split_folder: folder with train.txt, validation.txt or test.txt: names of videos, one a line.
        limit: take at most so many videos, evenly spread; None takes all.
        clips_per_video: how many clips of a video make one pass; without augmentation they are spread over it evenly.
        scale: clips are cut from frames that cover scale times their size.
        flip: mirror half of the clips.
        stride: take every stride-th frame; (least, most) draws it for each clip, and takes the least when not
            augmenting.
        backend: "auto", "decord" or "pyav", see `lgtsm.video.open.open_video`.

    Raises:
        VideoError: the folder is missing or has no videos; the sentence says where they must lie.
    """

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
    ):
        check_choice("split", split, ("all", "train", "validation", "test"))
        check_positive("clips_per_video", clips_per_video)
        self.root = Path(root)
        self.clips_per_video = clips_per_video
        self.scale = scale
        self.flip = flip
        self.strides = (stride, stride) if isinstance(stride, int) else tuple(stride)
        if len(self.strides) != 2 or not 1 <= self.strides[0] <= self.strides[1]:
            raise ValueError(f"stride must be a number from 1 up, or two of them (least, most); got {stride!r}.")
        self.backend, self._opener = backend, Opener(backend)
        every = list_videos(self.root)
        names = [path.relative_to(self.root).with_suffix("").as_posix() for path in every]
        chosen = self._choose(names, split, held_out, split_folder)
        if not chosen:
            raise VideoError(
                f"{self.root} has videos, but none falls into the split {split!r} (held_out={held_out}). "
                "Add videos, change held_out, or use split=all."
            )
        if limit is not None and limit < len(chosen):
            chosen = [chosen[k * len(chosen) // limit] for k in range(limit)]
        self.positions = chosen
        self.paths = [every[k] for k in chosen]
        self.names = [names[k] for k in chosen]

    def _choose(self, names: list[str], split: str, held_out: float, split_folder: str | Path | None) -> list[int]:
        """Return which of all videos belong to the split."""
        return choose_split(names, split, held_out, split_folder)

    def __len__(self) -> int:
        return len(self.paths) * self.clips_per_video

    def name(self, index: int) -> str:
        """Return the path of the video below the root, without its ending; numbered where there are several clips."""
        video, part = divmod(index, self.clips_per_video)
        return self.names[video] + (f"_clip{part}" if self.clips_per_video > 1 else "")

    @property
    def num_videos(self) -> int:
        """How many videos there are, however many clips each gives."""
        return len(self.paths)

    def video_name(self, index: int) -> str:
        """Return the name of the video that clip `index` is cut from."""
        return self.names[index // self.clips_per_video]

    def published_count(self) -> int | None:
        """Return how many videos this split has as it was published; None where nothing is published."""
        return None

    def masks_beside(self) -> dict[str, StoredMasks]:
        """Return the stored masks that lie beside the videos, by the name of their folder."""
        return {}

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return the frames of `read_window`."""
        return self.read_window(index, num_frames, height, width, rng)[0]

    def read_window(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, Window]:
        """Read a clip, and say where it was cut.

        Args:
            index: which clip.
            num_frames, height, width: size of the clip, in frames and pixels.
            rng: where to start and crop, the stride, and whether to flip; None: the same each time, the middle, not
                flipped, from the start.

        Returns:
            uint8 (num_frames, height, width, 3), RGB, and its window.

        Raises:
            VideoError: the video is unreadable or too short.
        """
        video, part = divmod(index, self.clips_per_video)
        least, most = self.strides
        with self._opener.open(self.paths[video]) as reader:
            longest = (len(reader) - 1) // max(1, num_frames - 1)
            if len(reader) < (num_frames - 1) * least + 1:
                raise VideoError(
                    f"{self.paths[video]} must have at least {(num_frames - 1) * least + 1} frames for clips of "
                    f"{num_frames} at stride {least}; it has {len(reader)}. Remove it, or take shorter clips."
                )
            stride = least if rng is None or most == least else int(rng.integers(least, min(most, longest) + 1))
            room = len(reader) - (num_frames - 1) * stride
            start = part * room // self.clips_per_video if rng is None else int(rng.integers(room))
            numbers = tuple(start + k * stride for k in range(num_frames))
            frames = reader.read(numbers)
            files = getattr(reader, "files", None)
        frame_names = tuple(files[number].stem for number in numbers) if files else None
        own_size = frames.shape[1:3]
        crop = choose_crop(own_size, height, width, 1.0 if rng is None else self.scale, self.flip, rng)
        return crop.frames(frames), Window(
            self.names[video], self.positions[video], numbers, frame_names, own_size, crop
        )
