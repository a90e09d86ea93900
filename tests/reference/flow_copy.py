"""Copying along the flow, one frame after the other."""

import cv2
import numpy as np

from lgtsm.classical.flow_copy import Copied
from lgtsm.classical.found import Found


def join_flows(forward, backward):
    """Return the flow of each frame to the one before and to the one after, zeros where there is none."""
    flows = np.zeros((len(forward) + 1, *forward.shape[1:3], 4), np.float32)
    flows[1:, ..., :2], flows[:-1, ..., 2:] = backward, forward
    return flows


def slow_copy_along_flow(frames, hole, forward, backward, max_miss, most_steps, sources):
    """As `lgtsm.classical.flow_copy.copy_along_flow`, for flows that are not joined."""
    color, missing, found = frames.copy(), hole.copy(), {}
    nowhere = np.zeros((1, *forward.shape[1:]), np.float32)
    flows = np.concatenate([[*nowhere, *backward], [*forward, *nowhere]], axis=-1)
    for t in np.flatnonzero(hole.any((1, 2))).tolist():
        total, weights = np.zeros((hole[t].size, 3), np.float32), np.zeros(hole[t].size, np.float32)
        found[t] = tuple(
            follow(t, frames, hole, flows, ahead, max_miss, most_steps, sources) for ahead in (True, False)
        )
        for pixels, colors, steps in found[t]:
            weight = 1 / np.square(steps)
            total[pixels] += colors * weight[:, None]
            weights[pixels] += weight
        shown = np.flatnonzero(weights)
        color[t].reshape(-1, 3)[shown] = total[shown] / weights[shown, None]
        missing[t].reshape(-1)[shown] = False
    return Copied(color, missing, found)


def follow(t, frames, hole, flows, ahead, max_miss, most_steps, sources):
    """Follow the missing pixels of frame t in one direction of time."""
    onward, back = (slice(2, 4), slice(0, 2)) if ahead else (slice(0, 2), slice(2, 4))
    _, height, width = hole.shape
    start = np.flatnonzero(hole[t])
    y, x = (part.astype(np.float32) for part in np.divmod(start, width))
    moved = flows[t].reshape(-1, 4)[start, onward]
    found, colors, steps = [start[:0]], [np.zeros((0, 3), np.float32)], [np.zeros(0, np.float32)]
    for here in range(t + 1, len(frames))[:most_steps] if ahead else range(t)[::-1][:most_steps]:
        x, y = x + moved[:, 0], y + moved[:, 1]
        sampled = sample(flows[here], x, y)
        going = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        miss = sampled[:, back] + moved
        going &= miss[:, 0] ** 2 + miss[:, 1] ** 2 <= max_miss**2
        shown = going & (sample(hole[here].astype(np.uint8) * 255, x, y)[:, 0] == 0)
        going &= ~shown
        if sources is not None:
            shown &= sample(sources[here].astype(np.uint8) * 255, x, y)[:, 0] > 0
        found.append(start[shown])
        colors.append(sample(frames[here], x[shown], y[shown]))
        steps.append(np.full(len(found[-1]), abs(here - t), np.float32))
        start, x, y, moved = start[going], x[going], y[going], sampled[going, onward]
    return Found(np.concatenate(found), np.concatenate(colors), np.concatenate(steps))


def sample(image, x, y):
    """Bilinear, border repeated."""
    padded = np.zeros((2, 1 + len(x) // 256, 256), np.float32)  # whole rows, so that OpenCV takes its fast path for all
    padded.reshape(2, -1)[:, : len(x)] = x, y
    sampled = cv2.remap(image, *padded, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled.reshape(padded[0].size, -1)[: len(x)]
