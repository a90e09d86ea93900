"""Free-form strokes the obvious way: moved vertex by vertex, drawn with Pillow line by line and disc by disc."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
from PIL import Image, ImageDraw


def draw_stroke_pil(image: Image.Image, vertices, brush_width: int) -> None:
    """Draw one stroke of one frame: a line of brush width per piece, a disc per vertex."""
    draw = ImageDraw.Draw(image)
    radius = brush_width // 2
    for start, stop in itertools.pairwise(vertices):
        draw.line((*start, *stop), fill=1, width=brush_width)
    for x, y in vertices:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)


def draw_strokes_pil(strokes, num_frames: int, height: int, width: int) -> np.ndarray:
    """Draw moving strokes.

    Args:
        strokes: pairs of points (time, vertices, 2), x and y in pixels, and brush width in pixels.
        num_frames: length of the clip.
        height: of the frame, pixels.
        width: of the frame, pixels.

    Returns:
        (time, height, width) uint8, 1 where a stroke is.
    """
    frames = []
    for t in range(num_frames):
        image = Image.new("1", (width, height), 0)
        for points, brush_width in strokes:
            draw_stroke_pil(image, [(int(x), int(y)) for x, y in points[t]], brush_width)
        frames.append(np.array(image, np.uint8))
    return np.stack(frames)


def random_clip_pil(preset, num_strokes: int, num_frames: int, height: int, width: int, seed: int) -> np.ndarray:
    """Invent strokes of a preset, move and draw them, one number and one vertex after the other.

    The same rules as `lgtsm.masks` at 320x180, from another random stream: shares agree on average, pixels do not.
    """
    rng = random.Random(seed)
    strokes = []
    for _ in range(num_strokes):
        x, y = float(rng.randrange(width)), float(rng.randrange(height))
        angle, speed = rng.uniform(0, 2 * math.pi), rng.uniform(0, preset.head_speed)
        vertices = [(x, y)]
        for _ in range(rng.randint(*preset.vertices)):
            speed += rng.uniform(-preset.head_acceleration[0], preset.head_acceleration[0])
            angle += rng.uniform(-preset.head_acceleration[1], preset.head_acceleration[1])
            speed = min(max(speed, 0.0), preset.head_speed)
            x, y = x + speed * math.sin(angle), y + speed * math.cos(angle)
            vertices.append((x, y))
        brush_width = rng.randrange(math.ceil(preset.brush_width[0]), math.ceil(preset.brush_width[1]))
        brush_width -= brush_width % 2 == 0
        drift = [abs(rng.gauss(0, preset.drift_speed / 2)), rng.uniform(0, 2 * math.pi)]
        strokes.append((vertices, brush_width, drift))
    frames = []
    jump = math.floor(preset.jitter)
    for t in range(num_frames):
        image = Image.new("1", (width, height), 0)
        for i, (vertices, brush_width, drift) in enumerate(strokes):
            if t > 0:
                drift[1] += rng.gauss(0, preset.drift_acceleration[1])
                dx, dy = int(drift[0] * math.sin(drift[1])), int(drift[0] * math.cos(drift[1]))
                moved = []
                for x, y in vertices:
                    if rng.random() < preset.jitter_share:
                        x, y = x + rng.randint(-jump, jump), y + rng.randint(-jump, jump)
                    moved.append((x + dx, y + dy))
                vertices = moved
                strokes[i] = (vertices, brush_width, drift)
            draw_stroke_pil(image, [(round(x), round(y)) for x, y in vertices], brush_width)
        frames.append(np.array(image, np.uint8))
    return np.stack(frames)
