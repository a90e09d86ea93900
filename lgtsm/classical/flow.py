"""Motion between neighboring frames: measured where both are known, completed where they are not."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch

from lgtsm.classical.diffusion import box_around, diffuse
from lgtsm.classical.frame_threads import for_each
from lgtsm.classical.patch_search import resize_frames, shrink
from lgtsm.ops.to_uint8 import to_uint8

MARGIN = 3  # pixels around the hole whose measured flow the hole may disturb
REACH = 48  # pixels around an area that belong to its surroundings; motion paths end where a step is longer
STEP = 64  # flow is rounded to 1/64 pixel: finer than any measurement, and whole pixels stay whole
POINTS_IN_ROW = 256
LONGEST_SIDE = 2**14  # OpenCV samples at most 32766 rows or columns at once
MOST_FITTED = 1500  # pixels that the affine motion is fitted to
NO_SECOND_MAP: Any = None  # OpenCV takes None, its types do not
SMALLEST = 12  # pixels; frames with a shorter side are too small to measure flow
LARGEST = 400  # pixels; frames with a longer short side are halved until they are no larger


def neighbor_flow(
    frames: np.ndarray, hole: np.ndarray, around: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Measure the flow between neighbors on known pixels and complete it everywhere else.

    Arguments as of `joined_flow`.

    Returns:
        forward and backward, each float32 (time - 1, height, width, 2), in pixels, x first: pixel p of frame t is at
        p + forward[t][p] in frame t + 1, and pixel p of frame t + 1 at p + backward[t][p] in frame t.
    """
    return split_flows(joined_flow(frames, hole, around))


def joined_flow(frames: np.ndarray, hole: np.ndarray, around: np.ndarray | None = None) -> np.ndarray:
    """Measure the flow of each frame to its neighbors on known pixels and complete it everywhere else.

    Args:
        frames: float32 (time, height, width, 3) in [0, 1]; the hole filled with anything smooth.
        hole: bool (time, height, width), True where flow must not be measured.
        around: bool (time, height, width): compute flow only around this area, REACH pixels each way, and leave 0
            elsewhere. None computes it everywhere.

    Returns:
        float32 (time, height, width, 4): the flow to the frame before, and to the frame after, in pixels, x first;
        zeros where there is no such frame, or if frames are too small to measure flow. Where the short side is longer
        than LARGEST, half the size is measured. OpenCV samples four channels best, so both lie together.

    Source: Huang et al. 2016, Section 4; Kroeger et al. 2016 (DIS) for the measuring.
    Differs: the flow in the hole is an affine motion fitted to the known flow plus a harmonic rest.
    """
    height, width = frames.shape[1:3]
    flows = np.zeros((len(frames), height, width, 4), np.float32)
    forward, backward = _directions(flows)
    if min(height, width) < SMALLEST:
        return flows
    if min(height, width) > LARGEST:
        size = (height + 1) // 2, (width + 1) // 2
        area = None if around is None else shrink(around, *size)
        half = neighbor_flow(resize_frames(frames, *size), shrink(hole, *size), area)
        for large, small in zip((forward, backward), half):
            for_each(lambda pair: _enlarge(*pair), zip(small, large))
        return flows
    gray = for_each(_gray, frames)
    grown = [cv2.dilate(h.astype(np.uint8), np.ones((2 * MARGIN + 1,) * 2, np.uint8)) > 0 for h in hole]

    def fill_in(t: int) -> None:
        part = slice(None), slice(None)
        if around is not None:
            wanted = around[t] | around[t + 1]
            if not wanted.any():
                return
            part = box_around(wanted, REACH, REACH)
        here, there = (np.ascontiguousarray(g[part]) for g in (gray[t], gray[t + 1]))
        away, back = _measure(here, there), _measure(there, here)
        hidden, hidden_there = grown[t][part], grown[t + 1][part]
        forward[t][part] = complete_flow(away, _reliable(away, back, hidden, hidden_there))
        backward[t][part] = complete_flow(back, _reliable(back, away, hidden_there, hidden))

    for_each(fill_in, range(len(forward)))
    return flows


def split_flows(flows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return forward and backward, as from `neighbor_flow`, of the output of `joined_flow`."""
    forward, backward = map(np.ascontiguousarray, _directions(flows))
    return forward, backward


def _directions(flows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return flows[:-1, ..., 2:], flows[1:, ..., :2]


def _enlarge(flow: np.ndarray, out: np.ndarray) -> None:
    """Write flow (height', width', 2) into `out`, (height, width, 2), in the pixels of that size."""
    height, width = out.shape[:2]
    longer = np.array((width / flow.shape[1], height / flow.shape[0]), np.float32)
    large = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR) * longer
    out[:] = np.round(large * STEP) / np.float32(STEP)


def _gray(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(to_uint8(torch.from_numpy(frame).movedim(-1, -3)), cv2.COLOR_RGB2GRAY)


def _measure(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return the flow from one gray frame, uint8 (height, width), to another.

    Rounds it to whole pixels where the frames then agree better, so that a pan by whole pixels is found exactly.
    """
    estimator: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    estimator.setFinestScale(0)
    estimator.setPatchStride(5)  # of 3 in the preset: faster, and better fills but for warping error
    flow = estimator.calc(here, there, None)
    position, whole = grid(*here.shape), np.round(flow)
    here, there = here.astype(np.float32), there.astype(np.float32)
    error, whole_error = (cv2.blur(cv2.absdiff(sample_image(there, position + f), here), (7, 7)) for f in (flow, whole))
    off = np.abs(flow - whole)
    near = (off[..., 0] < 0.25) & (off[..., 1] < 0.25)
    return np.where((near & (whole_error <= error))[..., None], whole, flow)


def complete_flow(flow: np.ndarray, reliable: np.ndarray) -> np.ndarray:
    """Keep reliable flow and complete the rest from its border.

    Args:
        flow: float32 (height, width, 2), in pixels.
        reliable: bool (height, width); flow elsewhere is never used.

    Returns:
        float32 (height, width, 2), in steps of 1/64 pixel; 0 where nothing is reliable.
    """
    if not reliable.any():
        return np.zeros_like(flow)
    affine = _affine_motion(flow, reliable)
    completed = affine + diffuse(flow - affine, reliable)
    return np.round(completed * STEP) / np.float32(STEP)


def sample_image(image: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return image (height, width, channel) at the float32 positions (height, width, 2), x first, border repeated."""
    return cv2.remap(image, at, NO_SECOND_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def sample_points(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return image (height, width[, channel]) at complex64 points x + iy, as (points, channel); border repeated.

    OpenCV 4, and OpenCV 5 with other than 1, 3 or 4 channels, round the points to 1/32 pixel.
    """
    count = len(points)
    row = POINTS_IN_ROW if count < POINTS_IN_ROW * LONGEST_SIDE else LONGEST_SIDE
    padded = np.zeros((-(-max(count, 1) // row), row), np.complex64)
    padded.reshape(-1)[:count] = points
    at = padded.view(np.float32).reshape(*padded.shape, 2)
    return sample_image(image, at).reshape(padded.size, -1)[:count]


def grid(height: int, width: int) -> np.ndarray:
    """Return the position of every pixel, float32 (height, width, 2), x first."""
    position = np.empty((height, width, 2), np.float32)
    position[..., 0] = np.arange(width)
    position[..., 1] = np.arange(height)[:, None]
    return position


def _reliable(there: np.ndarray, back: np.ndarray, hole: np.ndarray, other_hole: np.ndarray) -> np.ndarray:
    """Tell where the flow starts and ends at known pixels and leads back to its start."""
    height, width = hole.shape
    target = grid(height, width) + there
    x, y = target[..., 0], target[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    hidden = cv2.remap(other_hole.astype(np.uint8), target, NO_SECOND_MAP, cv2.INTER_NEAREST, borderValue=1)
    returned = sample_image(back, target)
    allowed = 0.01 * (squared_length(there) + squared_length(returned)) + 0.5
    return inside & ~hole & (hidden == 0) & (squared_length(there + returned) < allowed)


def squared_length(flow: np.ndarray) -> np.ndarray:
    """Return x² + y² of flow (..., 2), ten times faster than NumPy's sum over so short an axis."""
    return flow[..., 0] ** 2 + flow[..., 1] ** 2


def _affine_motion(flow: np.ndarray, reliable: np.ndarray) -> np.ndarray:
    """Fit flow = A·position + b to most of the reliable pixels; return (height, width, 2)."""
    height, width = reliable.shape
    ys, xs = np.nonzero(reliable)
    chosen = np.linspace(0, len(ys) - 1, min(len(ys), MOST_FITTED)).astype(int)
    ys, xs = ys[chosen], xs[chosen]
    design = np.stack([np.ones(len(xs)), xs / width - 0.5, ys / height - 0.5], axis=1)
    target = flow[ys, xs].astype(np.float64)
    weight = np.ones(len(xs))
    for _ in range(8):
        # A small penalty keeps a fit to few or lined-up pixels near a translation.
        weighted = (design * weight[:, None]).T
        normal = weighted @ design + np.diag([0, 1e-3, 1e-3]) * len(xs)
        solution = np.linalg.lstsq(normal, weighted @ target, rcond=None)[0]
        weight = 1 / (0.05 + squared_length(design @ solution - target))
    x = np.arange(width, dtype=np.float32)[:, None] / width - 0.5
    y = np.arange(height, dtype=np.float32)[:, None, None] / height - 0.5
    return (solution[0] + x * solution[1] + y * solution[2]).astype(np.float32)
