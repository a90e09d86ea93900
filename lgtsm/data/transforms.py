"""Resize, crop and flip frames to the size of a clip, and its hole in the same way."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch


class Crop(NamedTuple):
    """How to turn frames into a clip: resize, crop, then mirror; all in pixels.

    Attributes:
        resized: (height, width) of the whole frame before cropping.
        corner: (top, left) of the crop.
        size: (height, width) of the crop.
        mirror: whether to swap left and right.
    """

    resized: tuple[int, int]
    corner: tuple[int, int]
    size: tuple[int, int]
    mirror: bool

    def frames(self, frames: np.ndarray) -> np.ndarray:
        """Crop frames, uint8 (time, height', width', 3), to contiguous uint8 (time, *size, 3)."""
        if self.resized[0] < frames.shape[1]:
            # Shrink without aliasing; OpenCV's INTER_AREA takes ten times as long.
            images = torch.from_numpy(frames).permute(0, 3, 1, 2)
            images = torch.nn.functional.interpolate(images, self.resized, mode="bilinear", antialias=True)
            frames = images.permute(0, 2, 3, 1).contiguous().numpy()
        return self._apply(frames, cv2.INTER_LINEAR)

    def hole(self, hole: np.ndarray) -> np.ndarray:
        """Crop a hole, uint8 (time, height', width'), to uint8 (time, *size); it stays 0 and 1."""
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
    """The part of a video that a clip shows, to crop its stored mask in the same way.

    Attributes:
        name: name of the video; None if it is no file, and so has no masks of its own.
        position: index of the video in the whole sorted folder, before any split.
        frames: frame numbers in the video.
        frame_names: frame names without extension; None if the video is a file.
        own_size: (height, width) of the video, in pixels.
        crop: the crop of each frame.
    """

    name: str | None
    position: int
    frames: tuple[int, ...]
    frame_names: tuple[str, ...] | None
    own_size: tuple[int, int]
    crop: Crop


def whole_window(position: int, num_frames: int, height: int, width: int) -> Window:
    """Return the window of a clip that is no part of a file, such as a procedural one: all of it."""
    size = height, width
    return Window(None, position, tuple(range(num_frames)), None, size, Crop(size, (0, 0), size, False))


def choose_crop(
    own_size: tuple[int, int],
    height: int,
    width: int,
    scale: float = 1.0,
    flip: bool = False,
    rng: np.random.Generator | None = None,
    fit: str = "crop",
) -> Crop:
    """Choose how to resize frames, and where to crop them.

    Args:
        own_size: (height, width) of the frames, in pixels.
        height, width: wanted size, in pixels.
        scale: resize to cover this multiple of the wanted size; 1 just covers it, 1.2 leaves a fifth to crop from.
        flip: mirror left and right for half of the clips.
        rng: draws the crop and the flip; None crops the middle and does not flip.
        fit: "crop" keeps the aspect of the frames; "stretch" gives them that of the clip, as the released program does.

    Source: Chang et al. 2019's released program: scale to 1.2, random crop, horizontal flip.
    """
    if fit == "stretch":
        resized = round(height * scale), round(width * scale)
    else:
        factor = max(height * scale / own_size[0], width * scale / own_size[1])
        resized = max(height, round(own_size[0] * factor)), max(width, round(own_size[1] * factor))
    room = resized[0] - height, resized[1] - width
    if rng is None:
        corner, mirror = (room[0] // 2, room[1] // 2), False
    else:
        corner = int(rng.integers(room[0] + 1)), int(rng.integers(room[1] + 1))
        mirror = bool(flip and rng.random() < 0.5)
    return Crop(resized, corner, (height, width), mirror)
