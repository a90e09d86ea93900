"""Nearest patches: for patches that touch a hole, find the most similar known ones of the clip, and let them vote.

Patches are squares in one frame, named by their center (t, y, x).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np

from lgtsm.classical.diffusion import diffuse

LARGE = np.float32(1e9)
TEXTURE = 6.0  # weight of texture against color when comparing patches


@dataclasses.dataclass
class PatchField:
    """The best source patch so far for every target patch.

    source: int64 (time, height, width, 3), the center (t, y, x); meaningful at targets only.
    cost: float32 (time, height, width), squared difference of the two patches: sum over channels, mean over pixels.
    """

    source: np.ndarray
    cost: np.ndarray


def target_centers(missing: np.ndarray, radius: int) -> np.ndarray:
    """Mark centers of patches within the frame that touch missing pixels; bool (time, height, width) like missing."""
    square = np.ones((2 * radius + 1,) * 2, np.uint8)
    return np.stack([cv2.dilate(m.astype(np.uint8), square) > 0 for m in missing]) & _inside(missing.shape, radius)


def source_centers(known: np.ndarray, radius: int) -> np.ndarray:
    """Mark centers of fully known patches; bool (time, height, width) like known."""
    square = np.ones((2 * radius + 1,) * 2, np.uint8)
    return np.stack([cv2.erode(k.astype(np.uint8), square) > 0 for k in known]) & _inside(known.shape, radius)


def random_field(sources: np.ndarray, rng: np.random.Generator) -> PatchField:
    """Give every patch a random source.

    Args:
        sources: bool (time, height, width), at least one True.
        rng: source of randomness.
    """
    centers = np.flatnonzero(sources)
    chosen = centers[rng.integers(len(centers), size=sources.shape)]
    return PatchField(np.stack(np.unravel_index(chosen, sources.shape), axis=-1), np.full(sources.shape, LARGE))


def enlarge(field: PatchField, sources: np.ndarray, radius: int, rng: np.random.Generator) -> PatchField:
    """Carry a field over to frames of twice the size; draw a new source where the old one is invalid."""
    larger = random_field(sources, rng)
    num_frames, height, width = sources.shape
    coarse_height, coarse_width = field.cost.shape[1:]
    y, x = np.mgrid[0:height, 0:width]
    above = np.clip(y // 2, min(radius, coarse_height - 1), max(coarse_height - 1 - radius, 0))
    beside = np.clip(x // 2, min(radius, coarse_width - 1), max(coarse_width - 1 - radius, 0))
    source = field.source[:, above, beside]
    source = source * (1, 2, 2) + np.stack([0 * y, y - 2 * above, x - 2 * beside], axis=-1)
    inside = ((source >= 0) & (source < (num_frames, height, width))).all(-1)
    source = np.where(inside[..., None], source, larger.source)
    good = sources[source[..., 0], source[..., 1], source[..., 2]]
    return PatchField(np.where(good[..., None], source, larger.source), larger.cost)


def search(
    frames: np.ndarray,
    targets: np.ndarray,
    sources: np.ndarray,
    field: PatchField,
    radius: int,
    rng: np.random.Generator,
    rounds: int = 3,
    links: Sequence[tuple[int, int, np.ndarray]] = (),
) -> None:
    """Improve a field by PatchMatch, in place; try neighbors in space and along the flow, and random places.

    Args:
        frames: float32 (time, height, width, channel): colors, and other channels that patches must agree in.
        targets, sources: bool (time, height, width), from `target_centers` and `source_centers`.
        field: the start; its costs are computed again for the present frames.
        radius: patches are 2·radius + 1 pixels wide.
        rng: source of randomness.
        rounds: passes; they ask neighbors 4, 2 and 1 pixels away in turn.
        links: (t, other time, positions int64 (height, width, 2) y first): where frame t's pixels are in another frame.

    Source: Barnes et al. 2009 (PatchMatch), in the time of the clip too; Rong and Tan 2006 for asking far neighbors.
    Differs: all patches of a frame are improved at once, so that NumPy can do it.
    """
    for t in range(len(frames)):
        if targets[t].any():
            own_links = [link[1:] for link in links if link[0] == t]
            _FrameSearch(frames, targets, sources, field, radius, t).run(rng, rounds, own_links)


def vote(
    frames: np.ndarray, missing: np.ndarray, targets: np.ndarray, field: PatchField, radius: int, sharpness: float = 1.0
) -> np.ndarray:
    """Give every missing pixel the mean color of its place in the sources of the patches over it.

    Patches that fit well and lie near the border of the hole count more.

    Args:
        frames: float32 (time, height, width, channel).
        missing, targets: bool (time, height, width).
        field: the sources, searched.
        radius: as in `search`.
        sharpness: how much more better patches count; 0 weighs all alike.

    Returns:
        float32 (time, height, width, channel), equal to frames where nothing is missing.

    Source: Wexler et al. 2007, Section 4, its weights.
    """
    num_frames, height, width = missing.shape
    flat = frames.reshape(-1, frames.shape[-1])
    offsets = _offsets(width, radius)
    voted = frames.copy()
    for t in range(num_frames):
        if not missing[t].any():
            continue
        y, x = np.nonzero(targets[t])
        cost = field.cost[t, y, x]
        spread = max(float(np.percentile(cost, 75)), 1e-6)
        depth = cv2.distanceTransform(missing[t].astype(np.uint8), cv2.DIST_L2, 3)[y, x]
        weight = np.exp(-sharpness * (cost - cost.min()) / spread) * np.power(1.3, -depth) + 1e-12
        weight = np.repeat(weight[:, None], len(offsets), 1).ravel()
        pixel = ((y * width + x)[:, None] + offsets).ravel()
        source = flat_index(field.source[t, y, x], missing.shape)
        colors = flat[(source[:, None] + offsets).ravel()]
        total = np.bincount(pixel, weight, height * width)
        sums = np.stack([np.bincount(pixel, weight * channel, height * width) for channel in colors.T], axis=-1)
        mean = sums / np.maximum(total, 1e-12)[:, None]
        here = missing[t] & (total > 0).reshape(height, width)
        voted[t][here] = mean.reshape(height, width, -1)[here]
    return voted


def texture_of(frames: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return the change of brightness around each pixel, (time, height, width, 1), smooth in the hole.

    Source: Newson et al. 2014, Section 3.2.
    """
    textures = []
    for frame, h in zip(frames, hole):
        gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        change = sum(np.abs(cv2.Sobel(gray, cv2.CV_32F, dx, 1 - dx, scale=0.25)) for dx in (0, 1))
        near = cv2.dilate(h.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        textures.append(cv2.blur(diffuse(change[..., None], ~near), (9, 9))[..., None])
    return np.stack(textures)


def shrink(area: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return area (time, height, width) at a smaller size, True where any of it was."""
    if area.shape[1:] == (height, width):
        return area
    return np.stack([cv2.resize(a.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0 for a in area])


def resize_frames(frames: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a copy of frames (time, height', width', channel) at another size."""
    resized = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]
    return np.stack(resized).reshape(len(frames), height, width, -1)


def pyramid_sizes(missing: np.ndarray, radius: int, most_pixels: float = math.inf) -> list[tuple[int, int]]:
    """Return the frame sizes from the smallest, where the hole is hardly deeper than a patch, to the full one.

    Args:
        missing: bool (time, height, width).
        radius: of the patches, in pixels.
        most_pixels: of a frame of the smallest size.
    """
    depth = max(cv2.distanceTransform(np.pad(m, 1).astype(np.uint8), cv2.DIST_L2, 3).max() for m in missing)
    sizes = [missing.shape[1:]]
    while min(sizes[0]) >= 8 * radius + 4 and (depth > radius or math.prod(sizes[0]) > most_pixels):
        sizes.insert(0, tuple((side + 1) // 2 for side in sizes[0]))
        depth /= 2
    return sizes


class _FrameSearch:
    """The search for the patches of one frame."""

    def __init__(self, frames, targets, sources, field, radius, t):
        self.targets, self.sources, self.field, self.t = targets, sources, field, t
        self.flat = frames.reshape(-1, frames.shape[-1])
        self.offsets = _offsets(frames.shape[2], radius)
        self.y, self.x = np.nonzero(targets[t])
        own = (t * frames.shape[1] + self.y) * frames.shape[2] + self.x
        self.patches = self.flat[own[:, None] + self.offsets]  # (patches, pixels of each, channels)
        self.source = field.source[t, self.y, self.x]
        self.cost = np.full(len(self.y), LARGE)
        self._try(self.source)

    def run(self, rng, rounds, links):
        height, width = self.targets.shape[1:]
        for number in range(rounds):
            reach = 2 ** ((rounds - 1 - number) % 3)
            for down, right in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
                self._ask(self.t, self.y + down, self.x + right, (0, down, right))
            for other, position in links:
                y, x = position[self.y, self.x].T
                self._ask(other, y, x, (0, 0, 0))
            size = np.array([len(self.targets), height, width]) / 1.0
            while size.max() >= 1:
                step = rng.uniform(-1, 1, self.source.shape) * size
                self._try(self.source + np.round(step).astype(np.int64))
                size /= 3

    def _ask(self, t, y, x, offset):
        """Try the sources of the patches at (t, y, x), moved back by offset."""
        height, width = self.targets.shape[1:]
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        self._try(self.field.source[t, y, x] - np.array(offset), self.targets[t, y, x])

    def _try(self, candidate, asked=True):
        shape = self.sources.shape
        inside = ((candidate >= 0) & (candidate < shape)).all(1) & asked
        inside &= (candidate != self.source).any(1) | (self.cost == LARGE)
        inside[inside] = self.sources[tuple(candidate[inside].T)]
        tried = np.flatnonzero(inside)
        colors = self.flat[flat_index(candidate[tried], shape)[:, None] + self.offsets]
        colors -= self.patches[tried]
        cost = np.einsum("npc,npc->n", colors, colors) / np.float32(colors.shape[1])
        better = cost < self.cost[tried]
        self.source[tried[better]] = candidate[tried[better]]
        self.cost[tried[better]] = cost[better]
        self.field.source[self.t, self.y, self.x] = self.source
        self.field.cost[self.t, self.y, self.x] = self.cost


def _offsets(width: int, radius: int) -> np.ndarray:
    reach = np.arange(-radius, radius + 1)
    return (reach[:, None] * width + reach).ravel()


def flat_index(center: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the flat indices of centers (points, 3) in an array that begins with `shape` (time, height, width)."""
    return (center[:, 0] * shape[1] + center[:, 1]) * shape[2] + center[:, 2]


def _inside(shape: tuple[int, ...], radius: int) -> np.ndarray:
    inside = np.zeros(shape, bool)
    inside[:, radius : shape[1] - radius, radius : shape[2] - radius] = True
    return inside
