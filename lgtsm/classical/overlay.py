"""Take a half-transparent overlay off: estimate its opacity and color from many frames, and bring back the picture."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from lgtsm.classical.diffusion import box_around, diffuse, smooth_frames

FEWEST_FRAMES, MOST_FRAMES = 24, 120
AROUND = 16  # pixels around the hole that the picture under it is told from
MOST_OPAQUE = 0.85  # nothing worth bringing back shines through more
LEAST_CHANGE = 8.0  # levels of 255: deviation over time of the picture around, from which the opacity is read
LEAST_OPAQUE = 0.02
RIM = 2  # pixels inside a part's edge where what was brought back must meet the picture around
SEAM = 2.0  # times the usual step from pixel to pixel there


@dataclasses.dataclass(frozen=True)
class Overlay:
    """A picture that lies over all frames: shown = opacity · color + (1 - opacity) · picture.

    opacity: float32 (height, width), 0 to 1; 0 outside the hole. light: float32 (height, width, 3), opacity · color in
    levels of 255. hole: uint8 (height, width), 1 where the picture cannot be brought back and must be filled.
    """

    opacity: np.ndarray
    light: np.ndarray
    hole: np.ndarray

    @property
    def told(self) -> str:
        """A sentence on how much of the hole is brought back."""
        back = (self.opacity > 0).sum() / max(1, (self.opacity > 0).sum() + (self.hole > 0).sum())
        if back == 0:
            return "Nothing can be seen through what is removed, or too little moves behind it, so all of it is filled."
        return f"The picture under {back:.0%} of what is removed is brought back; the rest is filled."

    def take_off(self, frame: np.ndarray) -> np.ndarray:
        """Return a frame without the overlay, uint8 (height, width, 3); pixels without overlay stay as they are."""
        under = self.opacity > 0
        picture = frame.copy()
        through = 1 - self.opacity[under][:, None]
        picture[under] = np.clip(np.rint((frame[under] - self.light[under]) / through), 0, 255).astype(np.uint8)
        return picture


class OverlayEstimate:
    """Estimate the overlay in a hole that is the same in all frames, one frame after the other.

    Over a picture that changes, mean and deviation in time are smooth across the hole. What is missing from the
    deviation is the opacity; what the mean then has too much is the overlay's light. Parts where the result does not
    meet the picture around, or that are all but opaque, stay in the hole.

    Args:
        hole: uint8 (height, width), 1 = overlay.
        num_frames: that will be added; MOST_FRAMES of them are kept, and of these only what is around the hole.

    Source: the blend of Dekel et al. 2017, "On the Effectiveness of Visible Watermarks", Equation 1.
    Differs: one video, not many photos, so deviations in time give the opacity.
    """

    def __init__(self, hole: np.ndarray, num_frames: int):
        self.hole = hole
        kept = np.linspace(0, max(0, num_frames - 1), min(num_frames, MOST_FRAMES)).astype(int)
        self._kept, self._count = set(kept.tolist()), 0
        near = cv2.dilate(hole, np.ones((2 * AROUND + 1,) * 2, np.uint8))
        count, parts = cv2.connectedComponents(near, connectivity=8)
        self._boxes = [box_around(parts == part, 0, 0) for part in range(1, count)]
        self._crops: list[list[np.ndarray]] = [[] for _ in self._boxes]

    def add(self, frame: np.ndarray) -> None:
        """Look at the next frame, uint8 (height, width, 3)."""
        if self._count in self._kept:
            for box, crops in zip(self._boxes, self._crops):
                crops.append(frame[box].copy())
        self._count += 1

    def overlay(self) -> Overlay:
        """Return the estimate from the frames so far."""
        opacity = np.zeros(self.hole.shape, np.float32)
        whole = Overlay(opacity, np.zeros((*self.hole.shape, 3), np.float32), (self.hole > 0).astype(np.uint8))
        for box, crops in zip(self._boxes, self._crops):
            if len(crops) >= FEWEST_FRAMES:
                part = _estimate(np.stack(crops), self.hole[box] > 0)
                for of_whole, of_part in zip(
                    (whole.opacity, whole.light, whole.hole), (part.opacity, part.light, part.hole)
                ):
                    of_whole[box] = of_part
        return whole


def _estimate(frames: np.ndarray, missing: np.ndarray) -> Overlay:
    """Estimate from frames, uint8 (time, height, width, 3), and the hole, bool (height, width)."""
    shown = frames.astype(np.float32)
    mean, deviation = shown.mean(0), shown.std(0)
    usual_mean = diffuse(mean, ~missing)
    usual_deviation = np.sqrt(np.maximum(diffuse(deviation**2, ~missing), 1e-3))
    through = (deviation * usual_deviation).sum(-1) / (usual_deviation**2).sum(-1)
    opacity = np.clip(1 - through, 0, 1)
    opacity[~missing | (opacity < LEAST_OPAQUE)] = 0
    light = np.where(opacity[..., None] > 0, mean - (1 - opacity[..., None]) * usual_mean, 0)
    good = missing & (opacity <= MOST_OPAQUE) & (usual_deviation.max(-1) >= LEAST_CHANGE)

    def only(good: np.ndarray) -> Overlay:
        return Overlay(
            np.where(good, opacity, 0).astype(np.float32),
            np.where(good[..., None], light, 0).astype(np.float32),
            (missing & ~good).astype(np.uint8),
        )

    return only(good & ~_poor_parts(only(good), frames, missing))


def _poor_parts(overlay: Overlay, frames: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return the parts of the hole, bool (height, width), that would show a seam.

    What is brought back just inside the hole's edge is compared with a smooth fill from outside, and what is just
    outside with a smooth fill from further out.
    """
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM + 1,) * 2)
    wider = cv2.dilate(missing.astype(np.uint8), disk) > 0
    inner = missing & ~(cv2.erode(missing.astype(np.uint8), disk) > 0)
    outer = wider & ~missing
    some = frames[:: max(1, len(frames) // FEWEST_FRAMES)]
    back = np.stack([overlay.take_off(frame) for frame in some]).astype(np.float32)
    steps_in = np.abs(back - smooth_frames(back, np.broadcast_to(missing, back.shape[:3]))).mean((0, -1))
    steps_out = np.abs(back - smooth_frames(back, np.broadcast_to(wider, back.shape[:3]))).mean((0, -1))
    count, parts = cv2.connectedComponents(wider.astype(np.uint8), connectivity=8)
    poor = np.zeros(missing.shape, bool)
    for part in range(1, count):
        own = parts == part
        inside, outside = own & inner & (overlay.opacity > 0), own & outer
        if inside.any() and outside.any() and steps_in[inside].mean() > SEAM * steps_out[outside].mean() + 1:
            poor |= own & missing
    return poor
