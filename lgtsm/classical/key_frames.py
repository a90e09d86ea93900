"""Copy along the flow, then complete key frames with patches and carry them into the others."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor, nn

from lgtsm.checks import check_positive
from lgtsm.classical.clips import fill_clips
from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.flow import neighbour_flow
from lgtsm.classical.flow_copy import copy_along_flow
from lgtsm.classical.patch_completion import complete_frame

FEWEST = 12  # missing pixels; fewer are filled smoothly
CARRY_MISS = 2.0  # pixels, as max_miss, for what a key frame hands on: a small error is better than another texture
SMOOTH_SIGMA = 8 / 180  # of the frame's height: what is coarser than that counts as low frequencies


class KeyFrames(nn.Module):
    def __init__(self, turns=2, updates=1, beside=(-8, 8), smooth_share=0.5, max_keys=8, max_miss=1.0, seed=0):
        super().__init__()
        self.turns, self.updates, self.beside, self.smooth_share = turns, updates, beside, smooth_share
        self.max_keys, self.max_miss, self.seed = max_keys, max_miss, seed

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        return fill_clips(video, hole, self._fill)

    def _fill(self, frames, hole):
        smooth = smooth_frames(frames, hole)
        flow = neighbour_flow(smooth, hole)
        filled = smooth
        for turn in range(self.turns):
            if turn:
                flow = neighbour_flow(filled, np.zeros_like(hole))
            copied = copy_along_flow(smooth, hole, *flow, self.max_miss)
            base = smooth_frames(copied.color, copied.missing)
            filled = self._complete(base, copied.missing, flow)
            filled = blend_low(filled, base, copied.missing, self.smooth_share)
        return filled

    def _complete(self, frames, missing, flow):
        frames, unknown, usable = frames.copy(), missing.copy(), ~missing
        for _ in range(self.max_keys):
            area = unknown.reshape(len(unknown), -1).sum(1)
            if area.max() < FEWEST:
                break
            key = int(area.argmax())
            shown = [key] + [key + b for b in self.beside if 0 <= key + b < len(frames)]
            frames[key] = complete_frame(frames[shown], unknown[key], usable[shown], self.updates, self.seed)
            unknown[key] = False
            if unknown.any():
                copied = copy_along_flow(frames, unknown, *flow, CARRY_MISS)
                frames = np.where(copied.missing[..., None], frames, copied.color)
                unknown = copied.missing
        return smooth_frames(frames, unknown) if unknown.any() else frames


def blend_low(frames, base, missing, share):
    blended = frames.copy()
    sigma = SMOOTH_SIGMA * missing.shape[1]
    for t, area in enumerate(missing.astype(np.float32)):
        if area.any():
            difference = cv2.GaussianBlur((base[t] - frames[t]) * area[..., None], (0, 0), sigma)
            weight = np.maximum(cv2.GaussianBlur(area, (0, 0), sigma), 1e-3)
            blended[t] += share * (area / weight)[..., None] * difference
    return blended
