"""Pictures of an evaluation: scores by hole share, frames, and slices through time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lgtsm.evaluation.columns import column
from lgtsm.evaluation.shown import HOLE, TARGET
from lgtsm.video.pictures import mark_hole, side_by_side, strip
from lgtsm.whole_files import whole_file

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
STYLES = ("-", "--", "-.", ":")
SLICE_WIDTH = 480  # pixels
SLICE_HEIGHT = 120
FRAME_WIDTH = 200  # pixels; smaller frames are enlarged to at least this
PAGE_WIDTH = 1060  # pixels that a page shows without shrinking


def write_plot(path: str | Path, name: str, scores: dict[str, dict], kinds: list[str], centers: list[int]) -> bool:
    """Plot a score by hole share: a line with its interval for each method, a panel for each kind.

    Args:
        path: PNG to write; left out if there is nothing to plot.
        name: of the score.
        scores: method -> group -> score -> {"mean", "low", "high"}, see `lgtsm.evaluation.summary.summarize`.
        kinds: of holes; centers: middles of bins, percent.

    Returns:
        whether it wrote the plot.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(kinds), 3.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axis, kind in zip(axes, kinds):
        for number, (method, groups) in enumerate(scores.items()):
            points = [(center, groups.get(f"{kind}/{center}", {}).get(name, {})) for center in centers]
            points = [(center, value) for center, value in points if "mean" in value]
            if not points:
                continue
            color, style = COLORS[number % len(COLORS)], STYLES[number // len(COLORS) % len(STYLES)]
            x, y = zip(*((center, value["mean"]) for center, value in points))
            axis.plot(x, y, style, color=color, marker="o", markersize=3, label=method)
            bounded = [(c, v) for c, v in points if v["low"] is not None]
            if bounded:
                low, high = ([v[key] for _, v in bounded] for key in ("low", "high"))
                axis.fill_between([c for c, _ in bounded], low, high, color=color, alpha=0.15, linewidth=0)
        axis.set(title=kind, xlabel="hole share, middle of the bin (%)", xticks=centers)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(column(name).title if len(column(name).title) < 30 else name)
    lines = {line.get_label(): line for axis in axes for line in axis.lines}
    if lines:
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=min(len(lines), 4))
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png")
    return bool(lines)


def frames_picture(clips: dict[str, np.ndarray], methods: list[str]) -> np.ndarray:
    """Stack input, every method and the target as rows of frames of one clip: uint8 (height, width, 3)."""
    scale = -(-FRAME_WIDTH // clips[HOLE].shape[2])
    rows = {name: frames.repeat(scale, axis=1).repeat(scale, axis=2) for name, frames in _rows(clips, methods).items()}
    return strip(rows, max(2, PAGE_WIDTH // (clips[HOLE].shape[2] * scale)))


def side_by_side_video(clips: list[dict[str, np.ndarray]], methods: list[str]) -> np.ndarray:
    """Show input, the last method that filled all clips, and target side by side, clip after clip.

    Returns:
        uint8 (time, height, width, 3).
    """
    last = [method for method in methods if all(method in clip for clip in clips)][-1:]
    return np.concatenate([side_by_side(_rows(clip, last)) for clip in clips])


def slices_picture(clips: dict[str, np.ndarray], methods: list[str]) -> np.ndarray:
    """Show one row of pixels over time, time downwards, a block for each method.

    Takes the row that is missing most often. Steady edges are smooth lines; flicker is noise across them.

    Args:
        clips: from `lgtsm.evaluation.shown.load_shown`.
        methods: names.

    Returns:
        uint8 (height, width, 3).
    """
    row, width = int(clips[HOLE].sum((0, 2)).argmax()), clips[HOLE].shape[2]
    scale = max(1, round(SLICE_WIDTH / width))
    blocks = {}
    for name, frames in _rows(clips, methods).items():
        size = width * scale, len(frames) * max(scale, SLICE_HEIGHT // len(frames))
        picture = cv2.resize(frames[:, row], size, interpolation=cv2.INTER_NEAREST)
        blocks[f"{name}: row {row}, time downwards"] = picture[None]
    return strip(blocks, 1)


def _rows(clips: dict[str, np.ndarray], methods: list[str]) -> dict[str, np.ndarray]:
    filled = {method: clips[method] for method in methods if method in clips}
    return {"input": mark_hole(clips[TARGET], clips[HOLE]), **filled, TARGET: clips[TARGET]}
