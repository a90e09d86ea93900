"""Clips with holes, for training and evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from lgtsm.checks import check_positive
from lgtsm.data.bad_videos import BadVideos, describe
from lgtsm.data.transforms import whole_window
from lgtsm.video.errors import VideoError

if TYPE_CHECKING:
    from lgtsm.data.stored_masks import StoredMasks
    from lgtsm.data.transforms import Window

MOST_ATTEMPTS = 20


@runtime_checkable
class VideoSource(Protocol):
    """A source of clips: procedural videos, a folder, or a published data set."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """Return the name of video `index`, for tables and file names."""

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return uint8 (num_frames, height, width, 3); without `rng`, from the start and without augmentation."""


class InpaintingClips(Dataset):
    """Combine a source of videos with holes, drawn on the fly or stored.

    Index with (draw, index), see `lgtsm.data.sampling.StreamBatches`, for random augmentation, or with a plain index
    for the same clip every time, without augmentation.

    An unusable video is replaced by another one, drawn from the seed and the number of the sample, so that a sample
    depends only on these and the files. The sample lists the skipped videos, so that the main process can warn once
    about each: see `lgtsm.data.bad_videos`.

    Args:
        videos: the source.
        masks: callable (num_frames, height, width, seed) -> uint8 (time, height, width), 1 = missing; or masks from
            files, with `read_hole(window)`, see `lgtsm.data.stored_masks`; these need a source with `read_window`.
        num_frames, height, width: size of a clip, in frames and pixels.
        seed: seeds clips and holes.
        max_bad_share: stop the run if more than this share of the videos is unusable, in [0, 1].
    """

    def __init__(
        self,
        videos: VideoSource,
        masks: Callable[..., np.ndarray] | StoredMasks,
        num_frames: int,
        height: int,
        width: int,
        seed: int = 0,
        max_bad_share: float = 0.05,
    ):
        for name, value in {"num_frames": num_frames, "height": height, "width": width}.items():
            check_positive(name, value)
        self.videos, self.masks, self.seed = videos, masks, seed
        self.num_frames, self.height, self.width = num_frames, height, width
        self.stored = hasattr(masks, "read_hole")
        if self.stored and not hasattr(videos, "read_window"):
            raise ValueError(
                f"Masks from files need videos from files; {type(videos).__name__} has none. Draw masks on the fly, "
                "such as mask=mixture."
            )
        self.bad_videos = BadVideos(getattr(videos, "num_videos", len(videos)), max_bad_share)

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, Any]:
        """Return one sample.

        Returns:
            {"video": uint8 (time, 3, height, width), "hole": uint8 (time, 1, height, width), "name": str, "skipped":
            one line per skipped video, see `lgtsm.data.bad_videos.describe`}.

        Raises:
            VideoError: 20 videos in a row, or too many in all, cannot be used.
        """
        number, index = item if isinstance(item, tuple) else (item, item)
        augment = isinstance(item, tuple)
        instead = np.random.default_rng([self.seed, number, 3])
        skipped, frames, error = [], None, None
        for attempt in range(MOST_ATTEMPTS):
            try:
                frames, hole = self._read(index, number, augment, attempt)
                break
            except VideoError as unusable:
                error = unusable
                skipped.append(describe(getattr(self.videos, "video_name", self.videos.name)(index), error))
                index = int(instead.integers(len(self)))
        if get_worker_info() is None:
            self.bad_videos.note(skipped)
        if frames is None:
            raise VideoError(f"{MOST_ATTEMPTS} videos in a row cannot be used; the last one: {error}")
        return {
            "video": torch.from_numpy(channels_first(frames)),
            "hole": torch.from_numpy(hole)[:, None],
            "name": self.videos.name(index),
            "skipped": "\n".join(skipped),
        }

    def _read(self, index: int, number: int, augment: bool, attempt: int) -> tuple[np.ndarray, np.ndarray]:
        """Return frames (time, height, width, 3) and hole (time, height, width) of video `index`."""
        size = self.num_frames, self.height, self.width
        # Clips and holes use separate random streams, so that changing the augmentation keeps the holes.
        again = [attempt] if attempt else []
        rng = np.random.default_rng([self.seed, number, 0, *again]) if augment else None
        masks: Any = self.masks
        if self.stored:
            videos: Any = self.videos
            frames, window = videos.read_window(index, *size, rng)
            return frames, masks.read_hole(window)
        frames = self.videos.read_clip(index, *size, rng)
        return frames, masks(*size, [self.seed, number, 1 if augment else 2])


def channels_first(frames: np.ndarray) -> np.ndarray:
    """Convert contiguous uint8 (time, height, width, channel) to (time, channel, height, width).

    Five times as fast as a transpose.
    """
    count, height, width, channels = frames.shape
    out = np.empty((count, channels, height, width), np.uint8)
    for frame, planes in zip(frames, out):
        cv2.split(frame, list(planes))
    return out


class MixedVideos:
    """Mix several sources into one, for example real clips and procedural ones.

    Args:
        sources: the sources by name.
        shares: relative number of videos from each, by the same names; sources repeat to reach it.
    """

    def __init__(self, sources: dict[str, VideoSource], shares: dict[str, float]):
        if set(sources) != set(shares) or not sources:
            raise ValueError(f"Every source needs a share: got sources {sorted(sources)} and shares {sorted(shares)}.")
        if not all(isinstance(share, (int, float)) for share in shares.values()):
            raise ValueError(f"`shares` must be numbers; got {dict(shares)}.")
        if min(shares.values()) < 0 or sum(shares.values()) <= 0:
            raise ValueError(f"Shares must not be negative and not all 0; got {dict(shares)}.")
        self.sources = {name: source for name, source in sources.items() if shares[name] > 0}
        total = sum(shares.values())
        # Enough items for every source to appear whole.
        length = max(round(len(source) * total / shares[name]) for name, source in self.sources.items())
        self._items: list[tuple[VideoSource, int]] = []
        for name, source in self.sources.items():
            count = max(1, round(length * shares[name] / total))
            self._items += [(source, k % len(source)) for k in range(count)]

    def __len__(self) -> int:
        return len(self._items)

    def name(self, index: int) -> str:
        """Return the video's name in its own source."""
        source, own = self._items[index]
        return source.name(own)

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return uint8 (num_frames, height, width, 3) from the source of `index`."""
        source, own = self._items[index]
        return source.read_clip(own, num_frames, height, width, rng)

    @property
    def num_videos(self) -> int:
        """Number of different videos."""
        return sum(getattr(source, "num_videos", len(source)) for source in self.sources.values())

    def video_name(self, index: int) -> str:
        """Return the name of the video behind clip `index`."""
        source, own = self._items[index]
        return getattr(source, "video_name", source.name)(own)

    def read_window(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, Window]:
        """Return a clip and its window from the source of `index`; procedural clips take stored masks in turn."""
        source, own = self._items[index]
        if not hasattr(source, "read_window"):
            frames = source.read_clip(own, num_frames, height, width, rng)
            return frames, whole_window(own, num_frames, height, width)
        return source.read_window(own, num_frames, height, width, rng)
