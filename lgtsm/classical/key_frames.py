"""Copy what other frames show, then complete key frames with patches and carry them into the others."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import torch

from lgtsm.checks import check_positive
from lgtsm.classical.clips import ClipMethod
from lgtsm.classical.coarse_shades import correct_shades
from lgtsm.classical.diffusion import box_around, smooth_frames
from lgtsm.classical.flow import joined_flow
from lgtsm.classical.flow_copy import MOST_STEPS, copy_along_flow
from lgtsm.classical.found import Found
from lgtsm.classical.frame_threads import for_each
from lgtsm.classical.patch_completion import complete_frame

FEWEST = 12  # missing pixels of a frame; fewer are filled smoothly
FIRST_KEY_FRAMES = 5  # after these, small areas are filled smoothly: completed one by one, they would flicker
SMALL = 0.005  # of a frame's pixels
CARRY = 40  # frames each way that a key frame is carried into at once; further frames take it from those
COARSE = 8 / 180  # of the height: deviation of the Gaussian that separates the smooth fill's shades from fine ones
LEARNED = 4 / 180  # the same for the network's, which are finer


@dataclasses.dataclass(frozen=True)
class Candidates:
    """A completed clip, and what it was made of.

    completed: float32 (time, height, width, 3).
    shades: the same with coarse shades alone where no frame shows the hidden pixels.
    missing: bool (time, height, width), the pixels that no frame shows.
    found: see `lgtsm.classical.flow_copy.Copied`.
    """

    completed: np.ndarray
    shades: np.ndarray
    missing: np.ndarray
    found: dict[int, tuple[Found, Found]]


class KeyFrames(ClipMethod):
    """Fill holes from other frames along the motion, and from patches where no frame shows the hidden pixels.

    Copy missing pixels along the flow from the frames before and after that show them. Complete the frame with the
    largest area still missing with patches of itself and of two frames of the scene, known or copied but never
    completed. Carry the completion along the flow into all other frames, so that it stays the same. Repeat with the
    next frame until nothing is missing.

    Args:
        beside: other frames to take patches from, counted from the completed one.
        learned_share: share of a key frame's coarse shades to take from the network that ships with the package
            (`lgtsm/weights/completion.md`), in [0, 1]; patches give the fine ones. 0 does without the network.
        smooth_share: share of every frame's coarse shades to take from the smooth fill of its border, in [0, 1].
        updates: turns of matching patches and voting at each size.
        max_miss: see `lgtsm.classical.flow_copy.FlowCopy`, in pixels.
        seed: of matching patches; the same seed gives the same result.

    Source: Huang et al. 2016 (copying along the flow); Wexler et al. 2007 and Barnes et al. 2009 (patches). Editors
    complete key frames and carry them on by hand.
    """

    local = True
    bytes_per_pixel = 170  # of a frame, at work: 163 measured at 320x180, 115 at 960x540

    def __init__(
        self,
        beside: tuple[int, ...] = (-8, 8),
        learned_share: float = 0.8,
        smooth_share: float = 0.3,
        updates: int = 1,
        max_miss: float = 1.0,
        seed: int = 0,
    ):
        super().__init__()
        check_positive("updates", updates)
        check_positive("max_miss", max_miss)
        for name, share in (("learned_share", learned_share), ("smooth_share", smooth_share)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must be a number from 0 to 1; got {share}.")
        self.beside = tuple(beside)
        self.learned_share = learned_share
        self.smooth_share = smooth_share
        self.updates = updates
        self.max_miss = max_miss
        self.seed = seed

    def fill_clip(self, frames: np.ndarray, hole: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
        """Fill one clip; see `lgtsm.classical.clips.ClipMethod`."""
        return self.candidates(frames, hole, device).completed

    def candidates(self, frames: np.ndarray, hole: np.ndarray, device: torch.device | str = "cpu") -> Candidates:
        """Fill one clip, as `fill_clip`, and return what it was made of, too."""
        frames = smooth_frames(frames, hole)
        flows = joined_flow(frames, hole, around=hole)
        copied = copy_along_flow(frames, hole, flows, self.max_miss, device=device, in_place=True)
        found = copied.found
        if copied.missing.any() and len(frames) > MOST_STEPS:
            # Where copies end for their length alone they go on: another texture from there on would flash.
            known = hole & ~copied.missing
            copied = copy_along_flow(frames, copied.missing, flows, self.max_miss, None, known, device, in_place=True)
        if not copied.missing.any():
            return Candidates(copied.color, copied.color, copied.missing, found)
        smooth = smooth_frames(copied.color, copied.missing)
        shades = correct_shades(smooth, copied.missing) if self.learned_share else smooth
        completed = self._complete(shades, copied.missing, flows, device)

        def smoothen(t: int) -> None:
            completed[t] = _take_coarse(completed[t], smooth[t], copied.missing[t], self.smooth_share, COARSE)

        for_each(smoothen, np.flatnonzero(copied.missing.any((1, 2))).tolist())
        return Candidates(completed, shades, copied.missing, found)

    def _complete(
        self, frames: np.ndarray, missing: np.ndarray, flows: np.ndarray, device: torch.device | str
    ) -> np.ndarray:
        frames, left, usable, completed, last = frames.copy(), missing.copy(), ~missing, 0, None

        def carry(key: int) -> None:
            """Copy completed pixels into the frames around one."""
            near = slice(max(0, key - CARRY), key + CARRY + 1)
            made = ~left[near] & ~usable[near]
            if made.any():
                where = frames[near], left[near], flows[near], self.max_miss, None, made, device
                left[near] = copy_along_flow(*where, in_place=True).missing

        while True:
            area = left.sum((1, 2))
            key = int(area.argmax())
            fewest = FEWEST if completed < FIRST_KEY_FRAMES else max(FEWEST, SMALL * left[key].size)
            if area[key] < fewest:
                return smooth_frames(frames, left)
            if last is not None and abs(key - last) > CARRY:
                carry(key)  # completions of other key frames come first, so that the same texture continues
            if left[key].sum() >= fewest:
                shown = [key, *(key + step for step in self.beside if 0 <= key + step < len(frames))]
                coarse = frames[key].copy()
                frames[key] = complete_frame(frames[shown], left[key], usable[shown], self.updates, self.seed)
                if self.learned_share:
                    # In key frames only: the network's shades change a little from frame to frame.
                    frames[key] = _take_coarse(frames[key], coarse, left[key], self.learned_share, LEARNED)
                left[key] = False
                completed, last = completed + 1, key
                carry(key)


def _take_coarse(
    frame: np.ndarray, coarse: np.ndarray, missing: np.ndarray, share: float, deviation: float
) -> np.ndarray:
    """Move the coarse shades of a frame's missing pixels towards those of `coarse` by a share.

    Shades are coarse after a Gaussian blur, whose deviation is given as a share of the height.
    """
    sigma, part = deviation * len(missing), box_around(missing, 0, 0)
    here, moved = missing[part][..., None], frame.copy()
    # What lies outside the box weighs nothing, as known pixels do.
    difference = np.concatenate([(coarse[part] - frame[part]) * here, here], axis=2, dtype=np.float32)
    blurred = cv2.GaussianBlur(difference, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    change = share * blurred[..., :3] / np.maximum(blurred[..., 3:], np.float32(1e-3))
    moved[part] = np.where(here, np.clip(frame[part] + change, 0, 1), frame[part])
    return moved
