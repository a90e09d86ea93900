"""Temporally coherent completion: colors along the flow, and patches of the clip where no frame shows the pixels."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from lgtsm.checks import check_positive
from lgtsm.classical import patch_search
from lgtsm.classical.clips import ClipMethod
from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.flow import grid, joined_flow, neighbor_flow, sample_image, split_flows
from lgtsm.classical.flow_copy import copy_along_flow

SHARPNESS = 2.0
MORE = 2  # extra turns of search and vote for each halving of the frames, where they cost little
Flow = tuple[np.ndarray, np.ndarray]  # forward and backward, from neighbor_flow


class TCCDS(ClipMethod):
    """Fill holes by motion and by example, without learning.

    Measure the flow between neighbors on known pixels and complete it in the hole. Copy missing pixels along it from
    the frames before and after that show them. Measure the flow again on the filled frames, and copy once more. Fill
    the rest with patches of the clip, from small frames to large ones: search patches, let them vote on the colors,
    even these out along the flow, and measure the flow, in turn.

    Args:
        patch_size: width of the patches, in pixels; odd.
        updates: turns of search and vote on the full frames; smaller ones get more.
        flow_updates: how often to measure the flow again on the filled frames and copy once more.
        max_miss: see `lgtsm.classical.flow_copy.FlowCopy`, in pixels.
        seed: of the patch search; the same seed gives the same result.

    Source: Huang et al. 2016, "Temporally coherent completion of dynamic video".
    Differs: flow by DIS instead of a variational solver; copies colors first and fills only the rest with patches,
    instead of one energy over both; no homographies between patches.
    """

    local = True
    bytes_per_pixel = 270  # of a frame, at work; measured at 320x180

    def __init__(
        self, patch_size: int = 7, updates: int = 2, flow_updates: int = 1, max_miss: float = 1.0, seed: int = 0
    ):
        super().__init__()
        check_positive("max_miss", max_miss)
        check_positive("updates", updates)
        if patch_size < 3 or patch_size % 2 == 0:
            raise ValueError(f"patch_size must be odd, so that a patch has a center, and at least 3; got {patch_size}.")
        if flow_updates < 0:
            raise ValueError(f"flow_updates must be 0 or more; got {flow_updates}.")
        self.radius = patch_size // 2
        self.updates = updates
        self.flow_updates = flow_updates
        self.max_miss = max_miss
        self.seed = seed

    def fill_clip(self, frames: np.ndarray, hole: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
        """Fill one clip; see `lgtsm.classical.clips.ClipMethod`."""
        filled, unknown = smooth_frames(frames, hole), hole
        for _ in range(self.flow_updates + 1):
            flows = joined_flow(filled, unknown)
            copied = copy_along_flow(filled, hole, flows, self.max_miss, device=device)
            filled, unknown = smooth_frames(copied.color, copied.missing), copied.missing
        return self._synthesize(filled, hole, unknown, split_flows(flows)) if unknown.any() else filled

    def _synthesize(self, filled: np.ndarray, hole: np.ndarray, missing: np.ndarray, flow: Flow) -> np.ndarray:
        """Replace missing pixels (time, height, width), smooth until now, with patches; coarse to fine."""
        rng = np.random.default_rng(self.seed)
        field = None
        texture = patch_search.TEXTURE * patch_search.texture_of(filled, hole)
        looks = np.concatenate([filled, texture], axis=-1)  # (time, height, width, 4)
        sizes = patch_search.pyramid_sizes(missing, self.radius)
        for level, (height, width) in enumerate(sizes):
            part = patch_search.shrink(missing, height, width)
            sources = patch_search.source_centers(~patch_search.shrink(hole, height, width), self.radius)
            if not sources.any():  # nothing to copy patches from at this size
                continue
            frames = patch_search.resize_frames(looks, height, width)
            targets = patch_search.target_centers(part, self.radius)
            forward, backward = (_resize_flow(f, height, width) for f in flow)
            motion = forward, backward
            if field is None:
                field = patch_search.random_field(sources, rng)
            else:
                field = patch_search.enlarge(field, sources, self.radius, rng)
                field.cost[:] = 1
                frames = patch_search.vote(frames, part, targets, field, self.radius)
            links = _links(motion)
            for _ in range(self.updates + MORE * (len(sizes) - 1 - level)):
                patch_search.search(frames, targets, sources, field, self.radius, rng, links=links)
                frames = patch_search.vote(frames, part, targets, field, self.radius, SHARPNESS)
                frames = _even_out(frames, part, motion, self.max_miss)
            if level < len(sizes) - 1:
                flow = _update_flow(flow, np.ascontiguousarray(frames[..., :3]), missing)
        return filled if field is None else np.where(missing[..., None], frames[..., :3], filled)


def _resize_flow(flow: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return flow (time, height', width', 2) for frames of another size, in their pixels."""
    if flow.shape[1:3] == (height, width):
        return flow
    scale = np.array((width / flow.shape[2], height / flow.shape[1]), np.float32)
    resized = [cv2.resize(f, (width, height), interpolation=cv2.INTER_LINEAR) * scale for f in flow]
    return np.stack(resized) if resized else np.zeros((0, height, width, 2), np.float32)


def _update_flow(flow: Flow, frames: np.ndarray, missing: np.ndarray) -> Flow:
    """Measure the flow on filled frames of some size and use it where pixels are missing."""
    measured = neighbor_flow(frames, np.zeros(frames.shape[:3], bool))
    forward, backward = (_resize_flow(f, *missing.shape[1:]) for f in measured)
    return np.where(missing[:-1, ..., None], forward, flow[0]), np.where(missing[1:, ..., None], backward, flow[1])


def _links(flow: Flow) -> list[tuple[int, int, np.ndarray]]:
    """Return where the pixels of each frame are in the one before and the one after, in whole pixels, y first."""
    position = grid(*flow[0].shape[1:3])
    links = []
    for t, (forward, backward) in enumerate(zip(*flow)):
        links.append((t + 1, t, np.round(position + backward)[..., ::-1].astype(np.int64)))
        links.append((t, t + 1, np.round(position + forward)[..., ::-1].astype(np.int64)))
    return links


def _even_out(frames: np.ndarray, missing: np.ndarray, flow: Flow, max_miss: float) -> np.ndarray:
    """Average missing pixels with their partners along the flow in the frame before and the frame after."""
    height, width = missing.shape[1:]
    position = grid(height, width)
    total, weight = frames.copy(), np.ones((*missing.shape, 1), np.float32)
    for t in range(len(frames) - 1):
        for here, other, there, back in ((t, t + 1, flow[0][t], flow[1][t]), (t + 1, t, flow[1][t], flow[0][t])):
            target = position + there
            inside = ((target >= 0) & (target <= (width - 1, height - 1))).all(-1)
            miss = np.square(there + sample_image(back, target)).sum(-1)
            use = (inside & (miss <= max_miss**2))[..., None].astype(np.float32)
            total[here] += sample_image(frames[other], target) * use
            weight[here] += use
    return np.where(missing[..., None], total / weight, frames)
