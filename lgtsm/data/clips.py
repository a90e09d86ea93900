"""Clips with holes: what every data set hands to training and evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from lgtsm.checks import check_positive
from lgtsm.data.bad_videos import BadVideos, describe
from lgtsm.video.errors import VideoError

if TYPE_CHECKING:
    from lgtsm.data.stored_masks import StoredMasks
    from lgtsm.data.transforms import Window

MOST_ATTEMPTS = 20


@runtime_checkable
class VideoSource(Protocol):
    """Where clips come from: procedural videos, a folder, a published data set."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """Return a name of video `index` for tables and file names."""

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return uint8 (num_frames, height, width, 3); rng None means no augmentation, from the start."""


class InpaintingClips(Dataset):
    """A source of videos with holes, drawn on the fly or stored.

    An item is asked for by (draw, index), see `lgtsm.data.sampling.StreamBatches`, and is augmented at random, or by
    a plain index, and then is the same every time, not augmented.

    A video that cannot be used is skipped: another one takes its place, drawn from the seed and the number of the
    sample, so that a sample depends on nothing but these and the files. The sample names those skipped, because
    only the main process can name each of them once: see `lgtsm.data.bad_videos`.

    Args:
        videos: the source.
        masks: callable (num_frames, height, width, seed) -> uint8 (time, height, width), 1 = missing; or masks from
            files, with `read_hole(window)`, see `lgtsm.data.stored_masks`; these need a source with `read_window`.
        num_frames: frames of a clip.
        height, width: in pixels.
        seed: seeds clips and holes.
        max_bad_share: share of the videos that may turn out unusable before the run stops, in [0, 1].
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
        self.videos = videos
        self.masks = masks
        self.num_frames = num_frames
        self.height = height
        self.width = width
        self.seed = seed
        self.stored = hasattr(masks, "read_hole")
        if self.stored and not hasattr(videos, "read_window"):
            raise ValueError(
                f"Masks from files need videos from files; {type(videos).__name__} has none. Choose masks that are "
                "drawn on the fly, such as mask=mixture."
            )
        self.bad_videos = BadVideos(getattr(videos, "num_videos", len(videos)), max_bad_share)

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, Any]:
        """Return one sample.

        Returns:
            {"video": uint8 (time, 3, height, width), "hole": uint8 (time, 1, height, width), "name": str, "skipped": a
            line for each video that was skipped, see `lgtsm.data.bad_videos.describe`}.

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
            "video": torch.from_numpy(colors_first(frames)),
            "hole": torch.from_numpy(hole)[:, None],
            "name": self.videos.name(index),
            "skipped": "\n".join(skipped),
        }

    def _read(self, index: int, number: int, augment: bool, attempt: int) -> tuple[np.ndarray, np.ndarray]:
        """Return frames (time, height, width, 3) and hole (time, height, width) of video `index`."""
        size = self.num_frames, self.height, self.width
        # Two streams of one seed, so that a change of the augmentation leaves the holes alone.
        again = [attempt] if attempt else []
        rng = np.random.default_rng([self.seed, number, 0, *again]) if augment else None
        if self.stored:
            frames, window = self.videos.read_window(index, *size, rng)
            return frames, self.masks.read_hole(window)
        frames = self.videos.read_clip(index, *size, rng)
        return frames, self.masks(*size, [self.seed, number, 1 if augment else 2])


def colors_first(frames: np.ndarray) -> np.ndarray:
    """Return (time, 3, height, width) of uint8 (time, height, width, 3), five times as fast as a transpose."""
    out = np.empty((len(frames), 3, *frames.shape[1:3]), np.uint8)
    for frame, planes in zip(frames, out):
        cv2.split(frame, list(planes))
    return out


class MixedVideos:
    """Several sources as one, for example real clips with procedural ones between them.

    Args:
        sources: the sources by name.
        shares: how much of the videos each gives, by the same names; the sources are repeated to reach it.
    """

    def __init__(self, sources: dict[str, VideoSource], shares: dict[str, float]):
        if set(sources) != set(shares) or not sources:
            raise ValueError(f"Every source needs a share: got sources {sorted(sources)} and shares {sorted(shares)}.")
        if min(shares.values()) < 0 or sum(shares.values()) <= 0:
            raise ValueError(f"Shares must not be negative and not all 0; got {dict(shares)}.")
        self.sources = {name: source for name, source in sources.items() if shares[name] > 0}
        total = sum(shares.values())
        # As many items as make the most cramped source appear whole.
        length = max(round(len(source) * total / shares[name]) for name, source in self.sources.items())
        self._items: list[tuple[str, int]] = []
        for name, source in self.sources.items():
            count = max(1, round(length * shares[name] / total))
            self._items += [(name, k % len(source)) for k in range(count)]

    def __len__(self) -> int:
        return len(self._items)

    def name(self, index: int) -> str:
        """Return the name that the video has in its own source."""
        source, own = self._items[index]
        return self.sources[source].name(own)

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return uint8 (num_frames, height, width, 3) from the source that `index` belongs to."""
        source, own = self._items[index]
        return self.sources[source].read_clip(own, num_frames, height, width, rng)

    @property
    def num_videos(self) -> int:
        """How many different videos there are."""
        return sum(getattr(source, "num_videos", len(source)) for source in self.sources.values())

    def video_name(self, index: int) -> str:
        """Return the name of the video that clip `index` is cut from."""
        source, own = self._items[index]
        return getattr(self.sources[source], "video_name", self.sources[source].name)(own)

    def read_window(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, Window]:
        """Return a clip and its window from the source that `index` belongs to."""
        source, own = self._items[index]
        if not hasattr(self.sources[source], "read_window"):
            raise ValueError(f"Masks from files need videos from files; the source {source!r} has none.")
        return self.sources[source].read_window(own, num_frames, height, width, rng)
