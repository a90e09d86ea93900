"""Clips with holes: what every data set hands to training and evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import Dataset

from lgtsm.checks import check_positive


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
    """A source of videos with holes drawn on the fly.

    An item is asked for by (draw, index), see `lgtsm.data.sampling.StreamBatches`, and is augmented at random, or by
    a plain index, and then is the same every time, not augmented.

    Args:
        videos: the source.
        masks: callable (num_frames, height, width, seed) -> uint8 (time, height, width), 1 = missing.
        num_frames: frames of a clip.
        height, width: in pixels.
        seed: seeds clips and holes.
    """

    def __init__(
        self,
        videos: VideoSource,
        masks: Callable[..., np.ndarray],
        num_frames: int,
        height: int,
        width: int,
        seed: int = 0,
    ):
        for name, value in {"num_frames": num_frames, "height": height, "width": width}.items():
            check_positive(name, value)
        self.videos = videos
        self.masks = masks
        self.num_frames = num_frames
        self.height = height
        self.width = width
        self.seed = seed

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, Any]:
        """Return {"video": uint8 (time, 3, height, width), "hole": uint8 (time, 1, height, width), "name": str}."""
        if isinstance(item, tuple):
            draw, index = item
            # Two streams of one seed, so that a change of the augmentation leaves the holes alone.
            rng, hole_seed = np.random.default_rng([self.seed, draw, 0]), [self.seed, draw, 1]
        else:
            index, rng, hole_seed = item, None, [self.seed, item, 2]
        frames = self.videos.read_clip(index, self.num_frames, self.height, self.width, rng)
        hole = self.masks(self.num_frames, self.height, self.width, hole_seed)
        return {
            "video": torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2))),
            "hole": torch.from_numpy(hole)[:, None],
            "name": self.videos.name(index),
        }


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
