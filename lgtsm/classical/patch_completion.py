"""Complete one frame with patches: what no frame shows is put together from what the scene shows elsewhere.

A patch is described by few numbers, the lowest terms of its cosine transform, so that comparing two patches costs
little: at the smallest size every patch is compared with every other one, and from size to size the matches are
carried over and improved by what their neighbors have found.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from lgtsm.classical.diffusion import diffuse

RADIUS = 3  # patches are 7x7 pixels
TERMS = 4  # cosine terms a direction; of their products those with order below TERMS are kept
TEXTURE = 6.0  # how much texture counts beside color
SHARPNESS = 2.0  # how much more the better patches count in a vote
SMALLEST_TURNS = 4  # turns of search and vote at the smallest size, where they cost little
ROUNDS = 2  # passes over the neighbors' matches in a turn
JITTER = 4  # further candidates a round, drawn around the best match
REACH = 1.0  # patches come from around the hole: its box grown by so many times its size, at least LEAST_REACH pixels
LEAST_REACH = 48
RIM = 3  # pixels beside the hole on which the completion is fitted to what is known
MOST_SOURCES = 2**13  # patches with which every patch is compared at the smallest size; larger frames are halved


def complete_frame(
    frames: np.ndarray, missing: np.ndarray, usable: np.ndarray, updates: int = 1, seed: int = 0
) -> np.ndarray:
    """Complete the missing part of the first frame.

    Args:
        frames: float32 (number, height, width, 3) in [0, 1]: the frame to complete, filled smoothly where it is
            missing, and other frames of the scene to take patches from.
        missing: bool (height, width), of the first frame.
        usable: bool (number, height, width), what patches may be taken from.
        updates: turns of search and vote at each size but the smallest.
        seed: of the candidates drawn by chance; the same one gives the same result.

    Returns:
        float32 (height, width, 3), equal to frames[0] where nothing is missing; smooth where there is no patch to take.

    Source: Wexler et al. 2007 (vote), Barnes et al. 2009 (propagation of matches), Perez et al. 2003 (the fit to the
    known pixels around, in the form of Farbman et al. 2009).
    """
    if not missing.any():
        return frames[0]
    rows, columns = _around(missing)
    part, unknown, sources = frames[:, rows, columns], missing[rows, columns], usable[:, rows, columns]
    completed = frames[0].copy()
    completed[rows, columns] = _complete(np.ascontiguousarray(part), unknown, sources, updates, seed)
    return completed


def _complete(frames: np.ndarray, missing: np.ndarray, usable: np.ndarray, updates: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    texture = _texture(frames, usable)
    sizes = _sizes(missing, len(frames))
    voted, source, coarse = None, None, None
    for level, size in enumerate(sizes):
        height, width = size
        here = _shrink(missing, height, width)
        whole = _shrink_known(usable, height, width)
        allowed = np.stack([cv2.erode(k.astype(np.uint8), SQUARE, borderValue=0) > 0 for k in whole])
        if not allowed.any():
            continue
        images = _resize(frames, height, width)
        textures = _resize(texture, height, width)
        if voted is not None:
            larger = cv2.resize(voted, (width, height), interpolation=cv2.INTER_LINEAR)
            images[0][here] = larger[here]
        target = cv2.dilate(here.astype(np.uint8), SQUARE) > 0
        y, x = np.nonzero(target)
        described = np.stack([_describe(i, t) for i, t in zip(images, textures)])
        exhaustive = source is None
        if not exhaustive:
            source = _enlarge(source, coarse, (y, x), allowed, rng)
        turns = SMALLEST_TURNS if exhaustive else updates
        for turn in range(turns):
            if turn:
                described[0] = _describe(images[0], textures[0])
            if exhaustive:
                match, cost = _best_of_all(described, allowed, y, x)
            else:
                match, cost = _improve(described, allowed, y, x, source, rng)
            source = match
            voted = _vote(images, here, y, x, source, cost)
            images[0][here] = voted[here]
        coarse = np.full((height, width), -1)
        coarse[y, x] = np.arange(len(y))
        last = level == len(sizes) - 1
    if voted is None or voted.shape[:2] != missing.shape:
        return frames[0]
    assert last
    return _fit_to_rim(frames[0], voted, missing, target)


SQUARE = np.ones((2 * RADIUS + 1, 2 * RADIUS + 1), np.uint8)
OFFSETS = [(dy, dx) for dy in range(-RADIUS, RADIUS + 1) for dx in range(-RADIUS, RADIUS + 1)]


def _cosine_terms() -> np.ndarray:
    """Return the lowest terms of the orthonormal cosine transform, float32 (term, 2·RADIUS + 1)."""
    length = 2 * RADIUS + 1
    place = np.arange(length) + 0.5
    terms = [np.cos(np.pi * k * place / length) * np.sqrt((2 if k else 1) / length) for k in range(TERMS)]
    return np.float32(terms)


COSINES = _cosine_terms()


def _describe(image: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Describe the patch around every pixel, float32 (height, width, numbers); their distance is that of the patches."""
    parts = []
    for row_order, row_term in enumerate(COSINES):
        for column_order, column_term in enumerate(COSINES):
            if row_order + column_order < TERMS:
                parts.append(cv2.sepFilter2D(image, -1, column_term, row_term, borderType=cv2.BORDER_REFLECT))
    parts.append(texture * np.float32(TEXTURE * (2 * RADIUS + 1)))
    return np.concatenate(parts, axis=2)


def _best_of_all(described: np.ndarray, allowed: np.ndarray, y: np.ndarray, x: np.ndarray):
    """Compare every target with every source; returns sources (targets, 3) as (frame, y, x), and costs."""
    centers = np.stack(np.nonzero(allowed), axis=1)
    sources = described[allowed]
    targets = described[0, y, x]
    best = np.empty(len(y), np.int64)
    half_length = np.einsum("nd,nd->n", sources, sources) / 2
    for part in np.array_split(np.arange(len(y)), -(-len(y) // 256)):
        score = torch.addmm(torch.from_numpy(-half_length), torch.from_numpy(targets[part]), torch.from_numpy(sources.T))
        best[part] = score.argmax(1).numpy()
    difference = targets - sources[best]
    return centers[best], np.einsum("nd,nd->n", difference, difference)


def _improve(described, allowed, y, x, source, rng):
    """Improve matches by those of the neighbors, and by chance around the best one."""
    count, height, width = allowed.shape
    flat = described.reshape(-1, described.shape[-1])
    ok = allowed.ravel()
    targets = described[0, y, x]
    place = np.full((height, width), -1)
    place[y, x] = np.arange(len(y))
    source = source.copy()

    def cost_of(candidate, of):
        difference = flat[(candidate[:, 0] * height + candidate[:, 1]) * width + candidate[:, 2]] - targets[of]
        return np.einsum("nd,nd->n", difference, difference)

    cost = cost_of(source, slice(None))

    def attempt(candidate, of):
        inside = (candidate[:, 1] >= 0) & (candidate[:, 1] < height) & (candidate[:, 2] >= 0) & (candidate[:, 2] < width)
        candidate, of = candidate[inside], of[inside]
        good = ok[(candidate[:, 0] * height + candidate[:, 1]) * width + candidate[:, 2]]
        candidate, of = candidate[good], of[good]
        found = cost_of(candidate, of)
        better = found < cost[of]
        source[of[better]], cost[of[better]] = candidate[better], found[better]

    for number in range(ROUNDS):
        reach = 2 ** (ROUNDS - 1 - number)
        for down, right in ((0, reach), (0, -reach), (reach, 0), (-reach, 0)):
            ny, nx = y + down, x + right
            inside = (ny >= 0) & (ny < height) & (nx >= 0) & (nx < width)
            asked = np.where(inside, place[ny.clip(0, height - 1), nx.clip(0, width - 1)], -1)
            of = np.flatnonzero(asked >= 0)
            candidate = source[asked[of]] - np.array((0, down, right))
            different = (candidate != source[of]).any(1)
            attempt(candidate[different], of[different])
        for jitter in range(JITTER):
            far = max(2, min(height, width) >> (jitter + 2))
            step = rng.integers(-far, far + 1, (len(y), 2))
            candidate = source + np.concatenate([np.zeros((len(y), 1), np.int64), step], axis=1)
            attempt(candidate, np.arange(len(y)))
    return source, cost


def _enlarge(source, place, targets, allowed, rng):
    """Carry matches over to twice the size; those that are no source there are drawn anew."""
    y, x = targets
    height, width = allowed.shape[1:]
    above, beside = np.minimum(y // 2, place.shape[0] - 1), np.minimum(x // 2, place.shape[1] - 1)
    index = place[above, beside]
    known = index >= 0
    carried = np.zeros((len(y), 3), np.int64)
    carried[known] = source[index[known]] * (1, 2, 2) + np.stack([0 * y, y % 2, x % 2], axis=1)[known]
    carried[:, 1] = carried[:, 1].clip(0, height - 1)
    carried[:, 2] = carried[:, 2].clip(0, width - 1)
    bad = ~(known & allowed[carried[:, 0], carried[:, 1], carried[:, 2]])
    centers = np.stack(np.nonzero(allowed), axis=1)
    carried[bad] = centers[rng.integers(len(centers), size=int(bad.sum()))]
    return carried


def _vote(images, missing, y, x, source, cost):
    """Let the matches of the patches over a pixel vote on its color; float32 (height, width, 3), 0 where none does."""
    height, width = missing.shape
    spread = max(float(np.percentile(cost, 75)), 1e-6)
    depth = cv2.distanceTransform(missing.astype(np.uint8), cv2.DIST_L2, 3)[y, x]
    weight = np.exp(-SHARPNESS * (cost - cost.min()) / spread) * np.power(np.float32(1.3), -depth) + 1e-9
    border = [(0, 0), (RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)]
    padded = np.pad(images, border, mode="edge")
    wide = width + 2 * RADIUS
    flat = padded.reshape(-1, 3)
    start = (source[:, 0] * (height + 2 * RADIUS) + source[:, 1] + RADIUS) * wide + source[:, 2] + RADIUS
    total = np.zeros(((height + 2 * RADIUS) * wide, 4), np.float32)
    target = (y + RADIUS) * wide + x + RADIUS
    weight = weight.astype(np.float32)[:, None]
    for down, right in OFFSETS:
        shift = down * wide + right
        votes = flat[start + shift] * weight
        total[target + shift, :3] += votes  # every target is there once, so that no vote is lost
        total[target + shift, 3:] += weight
    total = total.reshape(height + 2 * RADIUS, wide, 4)[RADIUS:-RADIUS, RADIUS:-RADIUS]
    return total[..., :3] / np.maximum(total[..., 3:], np.float32(1e-12))


def _fit_to_rim(frame, voted, missing, target):
    """Add to the completion the smoothest change that makes it meet the known pixels beside it."""
    rim = cv2.dilate(missing.astype(np.uint8), np.ones((2 * RIM + 1,) * 2, np.uint8)) > 0
    rim &= ~missing & target
    completed = frame.copy()
    change = np.zeros_like(frame)
    if rim.any():
        difference = np.where(rim[..., None], frame - voted, 0).astype(np.float32)
        weight = rim.astype(np.float32)
        mean = cv2.blur(difference, (5, 5)) / np.maximum(cv2.blur(weight, (5, 5)), np.float32(1e-6))[..., None]
        rows, columns = _box(missing, 1)
        known = (rim | ~missing)[rows, columns]
        known &= rim[rows, columns]
        change[rows, columns] = diffuse(mean[rows, columns], known)
    completed[missing] = np.clip(voted + change, 0, 1)[missing]
    return completed


def _texture(frames, usable):
    """Return how much brightness changes around each pixel, float32 (number, height, width, 1), smooth in the hole."""
    textures = []
    for frame, known in zip(frames, usable):
        gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        change = sum(np.abs(cv2.Sobel(gray, cv2.CV_32F, dx, 1 - dx, scale=0.25)) for dx in (0, 1))
        inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        textures.append(cv2.blur(diffuse(change[..., None], inner), (9, 9))[..., None])
    return np.stack(textures)


def _sizes(missing, count):
    """Return the sizes from the smallest, where the hole is hardly deeper than a patch, to the full one."""
    depth = cv2.distanceTransform(np.pad(missing, 1).astype(np.uint8), cv2.DIST_L2, 3).max()
    sizes = [missing.shape]
    while min(sizes[0]) >= 8 * RADIUS + 4 and (depth > RADIUS or count * sizes[0][0] * sizes[0][1] > MOST_SOURCES):
        sizes.insert(0, tuple((side + 1) // 2 for side in sizes[0]))
        depth /= 2
    return sizes


def _resize(images, height, width):
    if images.shape[1:3] == (height, width):
        return images.copy()
    resized = [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images]
    return np.stack(resized).reshape(len(images), height, width, -1)


def _shrink(area, height, width):
    """Return area (height, width) at a smaller size, True where any of it was."""
    return cv2.resize(area.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0


def _shrink_known(known, height, width):
    """Return known (number, height, width) at a smaller size, True where all of it was."""
    return np.stack([~_shrink(~k, height, width) for k in known])


def _around(missing):
    """Return the part of the frame that patches come from."""
    rows, columns = _box(missing, 0)
    reach = [max(LEAST_REACH, int(REACH * (part.stop - part.start))) for part in (rows, columns)]
    return _box(missing, reach)


def _box(area, margin):
    """Return the smallest box around `area`, grown by `margin` pixels (of rows and of columns), within the frame."""
    ys, xs = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    down, right = margin if isinstance(margin, (list, tuple)) else (margin, margin)
    return (
        slice(max(0, int(ys[0]) - down), int(ys[-1]) + 1 + down),
        slice(max(0, int(xs[0]) - right), int(xs[-1]) + 1 + right),
    )
