"""Procedural clips: textured shapes that move, turn and cover each other under a moving camera."""

from __future__ import annotations

import cv2
import numpy as np

from lgtsm.checks import check_positive


class SyntheticVideos:
    """Draw videos from a seed, without files.

    A camera pans, turns and zooms smoothly over a large texture; textured ellipses, polygons and boxes move over it and
    cover each other. Contrast at each scale, speed, and the error of a mean color or the nearest known frame in a hole
    roughly match 80 real clips at 64x64.

    Args:
        num_videos: number of different videos.
        seed: the same seed gives the same videos, bit for bit.
        max_shapes: most moving shapes; there is at least one.
        camera_speed: largest camera speed, in frame heights per frame.
        shape_speed: largest speed of a shape relative to the scene, in frame heights per frame.
    """

    def __init__(
        self,
        num_videos: int = 1000,
        seed: int = 0,
        max_shapes: int = 4,
        camera_speed: float = 0.01,
        shape_speed: float = 0.018,
    ):
        check_positive("num_videos", num_videos)
        check_positive("max_shapes", max_shapes)
        self.num_videos, self.seed, self.max_shapes = num_videos, seed, max_shapes
        self.camera_speed, self.shape_speed = camera_speed, shape_speed

    def __len__(self) -> int:
        return self.num_videos

    def name(self, index: int) -> str:
        """Return a permanent name for video `index`."""
        return f"synthetic_{self.seed}_{index:06d}"

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None = None
    ) -> np.ndarray:
        """Draw video `index`, 0 to len - 1, from its first frame: uint8 (num_frames, height, width, 3), RGB.

        `rng` is ignored.
        """
        if not 0 <= index < self.num_videos:
            raise IndexError(f"There are {self.num_videos} synthetic videos, numbered from 0; got index {index}.")
        rng = np.random.default_rng([self.seed, index])
        scale = float(height)
        # The camera starts in the middle of a texture large enough for clips of usual length; beyond, it is mirrored.
        background = _texture(rng, int(1.7 * height), int(1.7 * width), scale)
        camera = _smooth_path(rng, num_frames, self.camera_speed * scale)
        turn = rng.normal(0, 0.004) * np.arange(num_frames)
        zoom = np.exp(rng.normal(0, 0.004) * np.arange(num_frames))
        shapes = [
            _Shape(rng, num_frames, height, width, self.shape_speed * scale)
            for _ in range(int(rng.integers(1, self.max_shapes + 1)))
        ]
        frames = np.empty((num_frames, height, width, 3), np.uint8)
        middle = np.array([width / 2, height / 2])
        for t in range(num_frames):
            view = _similarity(turn[t], zoom[t], np.array(background.shape[1::-1]) / 2 + camera[t], middle)
            frame = cv2.warpAffine(
                background, view, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
            )
            for shape in shapes:
                shape.draw(frame, t, view)
            frames[t] = frame
        return frames


class _Shape:
    """One textured shape and its path over the scene."""

    def __init__(self, rng: np.random.Generator, num_frames: int, height: int, width: int, max_speed: float):
        size = int(rng.uniform(0.2, 0.6) * height) + 4
        self.texture = _texture(rng, size, size, height)
        self.cover = _outline(rng, size)
        start = np.array([rng.uniform(0.3, 1.4) * width, rng.uniform(0.3, 1.4) * height])
        self.path = start + _smooth_path(rng, num_frames, max_speed)
        self.angle = rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.03) * np.arange(num_frames)

    def draw(self, frame: np.ndarray, t: int, view: np.ndarray) -> None:
        size = len(self.cover)
        height, width = frame.shape[:2]
        own = np.vstack([_similarity(self.angle[t], 1.0, np.full(2, size / 2), self.path[t]), [0, 0, 1]])
        placed = (np.vstack([view, [0, 0, 1]]) @ own)[:2]
        corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ placed.T
        left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (width, height))
        if left >= right or top >= bottom:
            return
        placed[:, 2] -= (left, top)
        box = (int(right - left), int(bottom - top))
        texture = cv2.warpAffine(self.texture, placed, box, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        cover = cv2.warpAffine(self.cover, placed, box, flags=cv2.INTER_LINEAR).astype(np.uint16)[..., None]
        part = frame[top:bottom, left:right]
        part[:] = ((texture * cover + part * (255 - cover) + 127) // 255).astype(np.uint8)


def _texture(rng: np.random.Generator, height: int, width: int, scale: float) -> np.ndarray:
    """Draw uint8 (height, width, 3): noise of several sizes, or stripes, between a few random colors."""
    value = np.zeros((height, width), np.float32)
    roughness = rng.uniform(0.45, 0.7)
    amplitude = 1.0
    cell = scale * rng.uniform(0.5, 1.6)
    while cell >= 2:
        grid = rng.random((int(height / cell) + 2, int(width / cell) + 2), dtype=np.float32)
        value += amplitude * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        amplitude *= roughness
        cell /= 2
    value = np.clip((value - value.mean()) / max(2.8 * float(value.std()), 1e-6) + 0.5, 0, 1)
    if rng.random() < 0.2:  # stripes or checks, bent a little by the noise
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        angle, period = rng.uniform(0, np.pi), scale * rng.uniform(0.1, 0.6)
        along = x * np.cos(angle) + y * np.sin(angle)
        wave = np.sin(2 * np.pi * along / period)
        if rng.random() < 0.5:
            wave = wave * np.sin(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period)
        value = np.clip(0.5 + 0.9 * wave.astype(np.float32), 0, 1) * 0.7 + value * 0.3
    colors = rng.uniform(0, 255, (4, 3)).astype(np.float32)
    # Sort from dark to bright, like shading; a random order would turn the noise into finer bands.
    colors = colors[np.argsort(colors.sum(1))]
    position = value * (len(colors) - 1)
    lower = np.minimum(position.astype(np.int32), len(colors) - 2)
    part = (position - lower)[..., None]
    return (colors[lower] * (1 - part) + colors[lower + 1] * part).astype(np.uint8)


def _outline(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw uint8 (size, size), 255 inside an ellipse, polygon or box that touches no edge."""
    cover = np.zeros((size, size), np.uint8)
    half = size / 2
    kind = rng.integers(3)
    if kind == 0:
        axes = (int(rng.uniform(0.5, 0.9) * half), int(rng.uniform(0.5, 0.9) * half))
        cv2.ellipse(cover, (int(half), int(half)), axes, 0, 0, 360, 255, -1)
    else:
        corners = int(rng.integers(3, 9)) if kind == 1 else 4
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if kind == 1 else np.pi / 4 + np.arange(4) * np.pi / 2
        radius = rng.uniform(0.5, 0.95, corners) * half if kind == 1 else np.full(4, rng.uniform(0.6, 0.95) * half)
        points = half + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
        cv2.fillPoly(cover, [points.astype(np.int32)], 255)
    return cover


def _smooth_path(rng: np.random.Generator, num_frames: int, max_speed: float) -> np.ndarray:
    """Return float (num_frames, 2): positions from 0 on, with slowly changing velocity."""
    angle = rng.uniform(0, 2 * np.pi)
    speed = rng.uniform(0, max_speed)
    velocity = speed * np.array([np.cos(angle), np.sin(angle)])
    bend = rng.normal(0, 0.15 * max_speed / 8, 2)
    steps = velocity + bend * np.arange(num_frames)[:, None]
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, 0)[:-1]])


def _similarity(angle: float, zoom: float, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the 2x3 matrix that rotates by `angle`, zooms, and maps `source` to `target`."""
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([matrix, (target - matrix @ source)[:, None]])
