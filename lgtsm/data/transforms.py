"""Bring frames of any size to the size of a clip: resize, crop, flip; the same for all frames and for the hole."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch


class Crop(NamedTuple):
    """How frames become those of a clip: resized to `resized`, cut at `corner`, mirrored or not; pixels.

    Attributes:
        resized: (height, width) of the whole frame before it is cut.
        corner: (top, left) of the part that is kept.
        size: (height, width) of that part.
        mirror: whether left and right are swapped.
    """

    resized: tuple[int, int]
    corner: tuple[int, int]
    size: tuple[int, int]
    mirror: bool

    def frames(self, frames: np.ndarray) -> np.ndarray:
        """Return uint8 (time, *size, 3) of uint8 (time, height', width', 3), contiguous."""
        if self.resized[0] < frames.shape[1]:
            # Smaller without aliasing; OpenCV's INTER_AREA takes ten times as long.
            images = torch.from_numpy(frames).permute(0, 3, 1, 2)
            images = torch.nn.functional.interpolate(images, self.resized, mode="bilinear", antialias=True)
            frames = images.permute(0, 2, 3, 1).contiguous().numpy()
        return self._apply(frames, cv2.INTER_LINEAR)

    def hole(self, hole: np.ndarray) -> np.ndarray:
        """Return uint8 (time, *size) of a hole uint8 (time, height', width'); it stays 0 and 1."""
        return self._apply(hole, cv2.INTER_NEAREST_EXACT)

    def _apply(self, images: np.ndarray, interpolation: int) -> np.ndarray:
        out = np.empty((len(images), *self.size, *images.shape[3:]), np.uint8)
        (top, left), (height, width) = self.corner, self.size
        for t, image in enumerate(images):
            if image.shape[:2] != self.resized:
                image = cv2.resize(image, self.resized[::-1], interpolation=interpolation)
            image = image[top : top + height, left : left + width]
            if self.mirror:
                cv2.flip(image, 1, dst=out[t])
            else:
                out[t] = image
        return out


class Window(NamedTuple):
    """Which part of which video a clip shows, so that a stored mask can be cut in the same way.

    Attributes:
        name: of the video.
        position: of the video in the whole sorted folder, before any split.
        frames: their numbers in the video.
        frame_names: their names without ending; None where the video is a file.
        own_size: (height, width) of the video, in pixels.
        crop: what became of each frame.
    """

    name: str
    position: int
    frames: tuple[int, ...]
    frame_names: tuple[str, ...] | None
    own_size: tuple[int, int]
    crop: Crop


def choose_crop(
    own_size: tuple[int, int],
    height: int,
    width: int,
    scale: float = 1.0,
    flip: bool = False,
    rng: np.random.Generator | None = None,
) -> Crop:
    """Choose how to resize until the frames cover scale times the wanted size, keeping their aspect, and what to cut.

    Args:
        own_size: (height, width) of the frames, in pixels.
        height, width: wanted size, in pixels.
        scale: 1 covers the wanted size just so, 1.2 leaves a fifth to crop from.
        flip: mirror left and right for half of the clips.
        rng: where to crop and whether to flip; None crops the middle and does not flip.

    Source: Chang et al. 2019's released program: scale to 1.2, random crop, horizontal flip.
    """
    factor = max(height * scale / own_size[0], width * scale / own_size[1])
    resized = max(height, round(own_size[0] * factor)), max(width, round(own_size[1] * factor))
    room = resized[0] - height, resized[1] - width
    if rng is None:
        corner, mirror = (room[0] // 2, room[1] // 2), False
    else:
        corner = int(rng.integers(room[0] + 1)), int(rng.integers(room[1] + 1))
        mirror = bool(flip and rng.random() < 0.5)
    return Crop(resized, corner, (height, width), mirror)
