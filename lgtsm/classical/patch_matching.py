"""Match the patches of one frame, each described by few numbers, so that comparing two costs little.

The numbers are the lowest terms of the patch's cosine transform, and the texture around it. At a small size, compare
every patch with every other; at larger ones, improve the matches by those of their neighbors.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from lgtsm.classical.patch_search import TEXTURE, flat_index

RADIUS = 3  # patches are 7x7 pixels
WIDTH = 2 * RADIUS + 1
SQUARE = np.ones((WIDTH, WIDTH), np.uint8)
TERMS = 4  # cosine terms in each direction; of their products, those whose orders add up to less
ROUNDS = 2  # passes over the neighbors' matches
CHANCES = 4  # random candidates in a round, near the best match
SHARPNESS = 10.0  # how much more better patches count in a vote: high, so that texture is not averaged away
FADING = np.float32(1.3)  # a patch counts this many times less for each pixel deeper in the hole, up to DEEPEST pixels
DEEPEST = np.float32(60)
# Centers of sources (frame, y, x), int64 (targets, 3), and costs, float32 (targets,).
Matches = tuple[np.ndarray, np.ndarray]


def describe(image: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Describe the patch around every pixel, so that squared distances are those of patches without finest detail.

    Args:
        image: float32 (height, width, 3).
        texture: float32 (height, width, 1), see `lgtsm.classical.patch_search.texture_of`.

    Returns:
        float32 (height, width, numbers).
    """
    parts = [
        cv2.sepFilter2D(image, -1, across, down, borderType=cv2.BORDER_REFLECT)
        for row, down in enumerate(COSINES)
        for column, across in enumerate(COSINES)
        if row + column < TERMS
    ]
    return np.concatenate([*parts, texture * np.float32(TEXTURE * WIDTH)], axis=2)


def match_all(described: np.ndarray, sources: np.ndarray, y: np.ndarray, x: np.ndarray) -> Matches:
    """Compare every target patch with every source.

    Args:
        described: float32 (frames, height, width, numbers), from `describe`.
        sources: bool (frames, height, width), centers of the patches to choose from; at least one.
        y, x: (targets,), centers of the patches of frame 0 to match.
    """
    candidates, targets = described[sources], described[0, y, x]
    half_square = torch.from_numpy(np.einsum("nd,nd->n", candidates, candidates) / 2)
    best = np.empty(len(y), np.int64)
    for part in np.array_split(np.arange(len(y)), -(-len(y) // 256)):  # the whole matrix would be large
        score = torch.addmm(-half_square, torch.from_numpy(targets[part]), torch.from_numpy(candidates).T)
        best[part] = score.argmax(1).numpy()
    return np.argwhere(sources)[best], _squares(targets - candidates[best])


def improve(
    described: np.ndarray,
    sources: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    found: np.ndarray,
    rng: np.random.Generator,
) -> Matches:
    """Improve matches by those of the neighbors, moved along, and at random around the best one.

    Args:
        described, sources, y, x: as in `match_all`.
        found: int64 (targets, 3), the start, within the frames.
        rng: source of randomness.

    Source: Barnes et al. 2009 (PatchMatch). Differs: improves all patches at once, for NumPy.
    """
    height, width = sources.shape[1:]
    flat, allowed, targets = described.reshape(-1, described.shape[-1]), sources.ravel(), described[0, y, x]
    number = np.full((height, width), -1)
    number[y, x] = np.arange(len(y))
    found = found.copy()
    cost = _squares(flat[flat_index(found, sources.shape)] - targets)

    def attempt(candidates: np.ndarray, of: np.ndarray) -> None:
        inside = (candidates[:, 1:] >= 0).all(1) & (candidates[:, 1:] < (height, width)).all(1)
        candidates, of = candidates[inside], of[inside]
        places = flat_index(candidates, sources.shape)
        good = allowed[places]
        candidates, of, places = candidates[good], of[good], places[good]
        costs = _squares(flat[places] - targets[of])
        better = costs < cost[of]
        found[of[better]], cost[of[better]] = candidates[better], costs[better]

    for reach in (2**k for k in reversed(range(ROUNDS))):
        for down, right in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
            beside_y, beside_x = y + down, x + right
            inside = (beside_y >= 0) & (beside_y < height) & (beside_x >= 0) & (beside_x < width)
            asked = np.where(inside, number[beside_y.clip(0, height - 1), beside_x.clip(0, width - 1)], -1)
            of = np.flatnonzero(asked >= 0)
            candidates = found[asked[of]] - np.array((0, down, right))
            other = (candidates != found[of]).any(1)
            attempt(candidates[other], of[other])
        for chance in range(CHANCES):
            far = max(2, min(height, width) >> (chance + 2))
            step = np.zeros_like(found)
            step[:, 1:] = rng.integers(-far, far + 1, (len(y), 2))
            attempt(found + step, np.arange(len(y)))
    return found, cost


def enlarge(
    found: np.ndarray, number: np.ndarray, y: np.ndarray, x: np.ndarray, sources: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Carry matches over to frames of twice the size; draw a new source where the old one is invalid.

    Args:
        found: int64 (targets, 3), at half the size.
        number: (height, width) at half the size: index of the target centered at a pixel, -1 for none.
        y, x: centers of the targets at the full size.
        sources: bool (frames, height, width) at the full size.
        rng: source of randomness.
    """
    parent = number[np.minimum(y // 2, number.shape[0] - 1), np.minimum(x // 2, number.shape[1] - 1)]
    carried = found[parent] * (1, 2, 2) + np.stack([0 * y, y % 2, x % 2], axis=1)
    carried[:, 1:] = carried[:, 1:].clip(0, np.array(sources.shape[1:]) - 1)
    lost = (parent < 0) | ~sources[tuple(carried.T)]
    centers = np.argwhere(sources)
    carried[lost] = centers[rng.integers(len(centers), size=int(lost.sum()))]
    return carried


def vote(images: np.ndarray, missing: np.ndarray, y: np.ndarray, x: np.ndarray, matches: Matches) -> np.ndarray:
    """Let the matches of the patches over a pixel vote on its color, also for the known pixels that they cover.

    Args:
        images: float32 (frames, height, width, 3).
        missing: bool (height, width), of frame 0.
        y, x, matches: the targets, and their matches.

    Returns:
        float32 (height, width, 3), 0 where there is no patch.

    Source: Wexler et al. 2007, Section 4.
    """
    found, cost = matches
    height, width = (side + 2 * RADIUS for side in missing.shape)
    padded = (len(images), height, width)
    spread = max(float(np.percentile(cost, 75)), 1e-6)
    depth = cv2.distanceTransform(missing.astype(np.uint8), cv2.DIST_L2, 3)[y, x]
    # Beyond some depth the border counts as equally far, as ever smaller numbers would drown in rounding.
    fading = FADING ** -np.minimum(depth, DEEPEST)
    weight = (np.exp(-SHARPNESS * (cost - cost.min()) / spread) + 1e-9) * fading
    weight = weight.astype(np.float32)[:, None]
    border = [(0, 0), (RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)]
    colors = np.pad(images, border, mode="edge").reshape(-1, 3)
    source, target = flat_index(found + np.array((0, RADIUS, RADIUS)), padded), (y + RADIUS) * width + x + RADIUS
    total = np.zeros((height * width, 4), np.float32)
    for down in range(-RADIUS, RADIUS + 1):
        for right in range(-RADIUS, RADIUS + 1):
            step = down * width + right
            # Centers are unique, so no vote is lost when all are added at once.
            total[target + step, :3] += colors[source + step] * weight
            total[target + step, 3:] += weight
    total = total.reshape(height, width, 4)[RADIUS:-RADIUS, RADIUS:-RADIUS]
    return total[..., :3] / np.maximum(total[..., 3:], np.float32(1e-30))


def _cosine_terms() -> np.ndarray:
    """Return the lowest terms of the orthonormal cosine transform, float32 (TERMS, WIDTH)."""
    place = np.arange(WIDTH) + 0.5
    scale = [np.sqrt((2 if k else 1) / WIDTH) for k in range(TERMS)]
    return np.array([scale[k] * np.cos(np.pi * k * place / WIDTH) for k in range(TERMS)], np.float32)


COSINES = _cosine_terms()


def _squares(difference: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", difference, difference)
