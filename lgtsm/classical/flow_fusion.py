"""Fill as key frames do, and correct the result with a network that sees what it was made of."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgtsm.candidate_channels import (
    AFTER,
    BEFORE,
    COMPLETED,
    COUNT,
    HOLE,
    NEARNESS,
    SHADES,
    UNSEEN,
    played_backwards,
)
from lgtsm.checks import check_video_and_hole
from lgtsm.classical.clips import clip_arrays
from lgtsm.classical.frame_threads import for_each
from lgtsm.classical.key_frames import Candidates, KeyFrames
from lgtsm.models.candidate_fusion import CandidateFusion
from lgtsm.ops.compositing import composite

LARGEST = 300  # pixels; the network sees frames with a longer short side at half the size, or less: as good, and faster

WAYS = (), (-1,), (1,), (1, -1)  # dimensions to turn a clip along: none, mirrored, backwards, both


class FlowFusion(nn.Module):
    """Propagate, complete, and correct: key frames without learning, then a network of gated temporal shifts.

    The network sees the completed frames, the copies from both directions of time, the coarse shades, the hole, what
    no frame shows, and how far away each copy comes from. Untrained, it changes nothing.

    Args:
        width, shift_kernel_size, shift_groups, shift_fraction: of the network, see
            `lgtsm.models.candidate_fusion.CandidateFusion`.

    Attributes:
        passes: how many ways to show the clip to the network, 1 to 4: as it is, mirrored, backwards, and both. The mean
            of what it makes of them is better and flickers less, and takes as many times longer.

    Source: see `lgtsm.classical.key_frames.KeyFrames`; Chang et al. 2019 for the network's layers.
    """

    window = KeyFrames.window
    local = True

    def __init__(
        self, width: int = 24, shift_kernel_size: int = 3, shift_groups: int = 2, shift_fraction: float = 0.25
    ):
        super().__init__()
        self.network = CandidateFusion(width, shift_kernel_size, shift_groups, shift_fraction)
        self.passes = 1

    def forward(self, video: Tensor, hole: Tensor, candidates: Tensor | None = None) -> dict[str, Tensor]:
        """Fill the hole.

        Args:
            video: (batch, time, 3, height, width) in [0, 1]; the pixels under the hole are never used.
            hole: (batch, time, 1, height, width), 1 = missing.
            candidates: what the method `find_candidates` returns for them, to save its time; made if None.

        Returns:
            "filled": like video, with the known pixels of video bit for bit;
            "predicted": like video, not clipped to [0, 1].

        Raises:
            ValueError: video or hole has another shape or type.
        """
        check_video_and_hole(video, hole)
        if candidates is None:
            candidates = self.find_candidates(video, hole)
        predicted = self.fuse(candidates)
        return {"filled": composite(video, hole, predicted), "predicted": predicted}

    def bytes_per_pixel(self, height: int, width: int) -> int:
        """Return the memory for filling, per pixel of a frame."""
        # Measured: 360 at 320x180; 181 at 960x540.
        return 390 if min(height, width) <= LARGEST else 200

    def fuse(self, candidates: Tensor) -> Tensor:
        """Return what the network makes of candidates, see `CandidateFusion.forward`.

        Frames whose short side is longer than LARGEST go through it at half the size; what it changes is enlarged.
        """
        height, width = candidates.shape[-2:]
        if min(height, width) <= LARGEST:
            first, *others = (self._pass(candidates, dims) for dims in WAYS[: self.passes])
            return sum(others, first) / (1 + len(others)) if others else first
        small = F.avg_pool2d(candidates.flatten(0, 1), 2, ceil_mode=True).unflatten(0, candidates.shape[:2])
        areas = small[:, :, HOLE.start : UNSEEN.stop]
        areas.copy_(areas > 0)
        change = (self.fuse(small) - small[:, :, COMPLETED]).flatten(0, 1)
        large = F.interpolate(change, (height, width), mode="bilinear").unflatten(0, candidates.shape[:2])
        return torch.where(
            candidates[:, :, HOLE] > 0.5, candidates[:, :, COMPLETED] + large, candidates[:, :, COMPLETED]
        )

    def _pass(self, candidates: Tensor, dims: tuple[int, ...]) -> Tensor:
        """Return what the network makes of the clip turned along some dimensions, turned back."""
        if not dims:
            return self.network(candidates)
        seen = candidates[:, :, played_backwards()] if 1 in dims else candidates
        return self.network(seen.flip(dims)).flip(dims)

    @torch.no_grad()
    def find_candidates(self, video: Tensor, hole: Tensor) -> Tensor:
        """Return float32 (batch, time, 16, height, width); see `CandidateFusion.forward`."""
        with torch.autocast("cpu", enabled=False):
            clips = [torch.from_numpy(find_candidates(*clip, video.device)) for clip in clip_arrays(video, hole)]
        stacked = clips[0][None] if len(clips) == 1 else torch.stack(clips)  # a view of one clip, which may be large
        return stacked.permute(0, 1, 4, 2, 3).to(video.device)


def find_candidates(frames: np.ndarray, hole: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
    """Find the candidates of one clip, see `lgtsm.models.candidate_fusion.CandidateFusion.forward`.

    Args:
        frames: float32 (time, height, width, 3) in [0, 1], 0 in the hole.
        hole: bool (time, height, width), True = missing.
        device: see `lgtsm.classical.clips.ClipMethod.fill_clip`.

    Returns:
        float32 (time, height, width, 16) in [0, 1].
    """
    if hole.all() or not hole.any():
        whole = np.full_like(frames, 0.5) if hole.all() else frames
        made = Candidates(whole, whole, hole, {})
    else:
        made = KeyFrames().candidates(frames, hole, device)
    planes = np.zeros((len(hole), COUNT, *hole.shape[1:]), np.float32)

    def stack(t: int) -> None:
        for part, color in ((COMPLETED, made.completed), (SHADES, made.shades)):
            cv2.split(color[t], list(planes[t, part]))
        for part in (AFTER, BEFORE):
            planes[t, part] = planes[t, COMPLETED]
        planes[t, HOLE], planes[t, UNSEEN] = hole[t], made.missing[t]
        flat = planes[t].reshape(COUNT, -1)
        for part, near, found in zip((AFTER, BEFORE), range(NEARNESS.start, NEARNESS.stop), made.found.get(t, ())):
            for channel, color in zip(flat[part], found.color.T):
                channel[found.pixels] = color
            flat[near, found.pixels] = 1 / found.steps

    for_each(stack, range(len(hole)))
    return np.moveaxis(planes, 1, -1)  # a view: the network takes channels first
