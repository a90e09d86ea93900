"""Clips with what the motion shows and patches complete, found once on whole clips and kept in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lgtsm.candidate_channels import AFTER, BEFORE, COMPLETED, HOLE, SHADES, played_backwards
from lgtsm.checks import check_positive
from lgtsm.data.clips import InpaintingClips, VideoSource, channels_first
from lgtsm.whole_files import whole_file

if TYPE_CHECKING:
    from lgtsm.data.stored_masks import StoredMasks

COLORS = 3  # of the frame, before the candidates
HOLE_AT = COLORS + HOLE.start
BACKWARDS = [*range(COLORS), *(COLORS + channel for channel in played_backwards())]
IN_COLOR = [0, *(COLORS + part.start for part in (COMPLETED, AFTER, BEFORE, SHADES))]  # first of three channels each


class CandidateClips(InpaintingClips):
    """Training clips cut from larger ones, with candidates for their holes.

    Candidates for a small cut-out are not those for the whole: other pixels are found, and other holes remain. So find
    them on clips of the size that people fill, keep them in a folder, and cut many small clips from each. Mirror them,
    turn them by 90 degrees, play them backwards and swap their colors at random. Index with (draw, index).

    Args:
        videos, masks, num_frames, height, width, seed, max_bad_share: of the larger clips; see `InpaintingClips`.
        find: frames float32 (time, height, width, 3), hole bool (time, height, width) -> candidates float32 (time,
            height, width, 16) in [0, 1]; see `lgtsm.classical.flow_fusion.find_candidates`.
        folder: where to keep them, 1.1 MB for each frame of 320x180.
        cut: frames, height and width of a cut-out, in frames and pixels; at most those of the larger clips.
        variants: larger clips, with holes of their own, of each video.

    Raises:
        ValueError: a cut-out would be larger than the clips.
    """

    def __init__(
        self,
        videos: VideoSource,
        masks: Callable[..., np.ndarray] | StoredMasks,
        num_frames: int,
        height: int,
        width: int,
        find: Callable[[np.ndarray, np.ndarray], np.ndarray],
        folder: str | Path,
        seed: int = 0,
        max_bad_share: float = 0.05,
        cut: Sequence[int] = (6, 128, 128),
        variants: int = 2,
    ):
        super().__init__(videos, masks, num_frames, height, width, seed, max_bad_share)
        check_positive("variants", variants)
        if len(cut) != 3 or not all(0 < own <= whole for own, whole in zip(cut, (num_frames, height, width))):
            raise ValueError(
                "cut must be three numbers, frames, height and width, from 1 up to those of the clips, "
                f"({num_frames}, {height}, {width}); got {tuple(cut)}."
            )
        self.find, self.variants, self.cut = find, variants, tuple(cut)
        # Clips made from other videos, or with other sizes, holes or seeds are no use, so they lie in another folder.
        names = [videos.name(index) for index in range(len(videos))]
        made_by = _settings((seed, num_frames, height, width, masks, videos, names))
        self.folder = Path(folder) / hashlib.sha256(repr(made_by).encode()).hexdigest()[:12]

    def __getitem__(self, item: int | tuple[int, int]) -> dict[str, Any]:
        """Return one cut-out.

        Returns:
            As `InpaintingClips` does, and "candidates": uint8 (time, 16, height, width).

        Raises:
            VideoError: see `InpaintingClips`.
        """
        number, index = item if isinstance(item, tuple) else (item, item)
        rng = np.random.default_rng([self.seed, number, 4])
        sample = self._large(int(rng.integers(self.variants)), index)
        both = _turned(sample["both"][_choose_cut(sample["both"][..., HOLE_AT], self.cut, rng)], rng)
        planes = torch.from_numpy(channels_first(np.ascontiguousarray(both)))
        return {
            "video": planes[:, :COLORS],
            "hole": planes[:, HOLE_AT : HOLE_AT + 1] // 255,
            "candidates": planes[:, COLORS:],
            "name": sample["name"],
            "skipped": sample["skipped"],
        }

    def _large(self, variant: int, index: int) -> dict[str, Any]:
        """Return a large clip, from the folder if it was made before."""
        path = self.folder / f"{index:05d}_{variant}.npy"
        if path.is_file():
            return {
                "both": np.load(path, mmap_mode="r", allow_pickle=False),
                "name": self.videos.name(index),
                "skipped": "",
            }
        sample = super().__getitem__((variant * len(self) + index, index))
        frames = sample["video"].permute(0, 2, 3, 1).numpy()
        hole = sample["hole"][:, 0].numpy() > 0
        found = self.find(np.where(hole[..., None], 0, frames.astype(np.float32) / 255), hole)
        both = np.concatenate([frames, np.round(found.clip(0, 1) * 255).astype(np.uint8)], axis=-1)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary, open(temporary, "wb") as file:
            np.save(file, both, allow_pickle=False)
        return {"both": both, "name": sample["name"], "skipped": sample["skipped"]}


def _settings(part: Any) -> Any:
    """Return what tells one source of videos or masks from another: its names and numbers, at any depth."""
    if part is None or isinstance(part, (bool, int, float, str)):
        return part
    if isinstance(part, (list, tuple)):
        return [_settings(value) for value in part]
    named = dict(part if isinstance(part, dict) else getattr(part, "__dict__", {}))
    public = sorted((str(name), _settings(value)) for name, value in named.items() if not str(name).startswith("_"))
    return [type(part).__name__, *public]


def _choose_cut(hole: np.ndarray, size: tuple[int, ...], rng: np.random.Generator) -> tuple[slice, ...]:
    """Return a cut-out of the size that has a missing pixel."""
    # One frame after the other, as each is read from the file.
    t = next(int(t) for t in rng.permutation(len(hole)) if hole[t].any())
    pixel = divmod(int(rng.choice(np.flatnonzero(hole[t]))), hole.shape[2])
    cut = []
    for at, own, whole in zip((t, *pixel), size, hole.shape):
        start = min(max(0, at - int(rng.integers(own))), whole - own)
        cut.append(slice(start, start + own))
    return tuple(cut)


def _turned(both: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror cut-outs left to right, top to bottom and, if square, along the diagonal; reverse time; swap colors.

    Each happens to half of them. Candidates stay right, as no step that finds them prefers a direction or a color.
    """
    turns = rng.random(5) < 0.5
    if turns[0]:
        both = both[:, :, ::-1]
    if turns[1]:
        both = both[:, ::-1]
    if turns[2] and both.shape[1] == both.shape[2]:
        both = both.swapaxes(1, 2)
    channels = np.array(BACKWARDS if turns[3] else range(both.shape[-1]))
    if turns[4]:
        order = rng.permutation(3)
        for first in IN_COLOR:
            channels[first : first + 3] = channels[first + order]
    return (both[::-1] if turns[3] else both)[..., channels]
