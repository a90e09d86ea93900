"""Draw training logs: one panel per quantity, with all runs in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.places import make_folder
from lgtsm.training.log import STAGE, RunLog
from lgtsm.whole_files import whole_file

TOLD_APART = r"(train|gan)/told_apart"
# Shared panels, in order: (title, regular expression of the columns).
SHARED = (
    ("generator's total loss", r"train/loss"),
    ("discriminator's loss", r"train/discriminator"),
    ("discriminator's scores", r"train/score_(real|fake)"),
    ("true patches scored above filled ones (share)", TOLD_APART),
    ("gradient norm", r"train/gradient_norm_\w+"),
    ("learning rate", r"lr[-/].*"),
    ("PSNR of validation clips (dB)", r"val/psnr.*"),
    ("SSIM of validation clips", r"val/ssim.*"),
    ("MSE of validation clips", r"val/mse.*"),
    ("frames a second", r"speed/frames_per_second"),
    ("peak memory (MiB)", r"speed/peak_memory_mib"),
)
# Shown in another panel already, or not a curve.
HIDDEN = (STAGE, "speed/clips_per_second", "speed/seconds_per_step")
COLUMNS = 4
PANEL_SIZE = (4.0, 2.7)  # inches
STYLES = ("-", "--", ":", "-.")
LOG_SPAN = 100  # draw positive values with a larger span on a logarithmic axis, except shares
SMOOTH_FROM = 100  # points


def panels(logs: Sequence[RunLog]) -> list[tuple[str, list[str]]]:
    """Return (title, columns) of each panel: the shared ones, then one per other column with non-zero values."""
    names = sorted({name for log in logs for name in log.columns} - set(HIDDEN))
    groups = [(title, [name for name in names if re.fullmatch(pattern, name)]) for title, pattern in SHARED]
    shared = {name for _, members in groups for name in members}
    others = [
        (name, [name])
        for name in names
        if name not in shared and any(np.any(log.columns[name][1] != 0) for log in logs if name in log.columns)
    ]
    parts = [group for group in others if group[0].startswith("train/")]
    rest = [group for group in others if not group[0].startswith("train/")]
    # The loss terms follow their sum.
    return [group for group in groups[:1] + parts + groups[1:] + rest if group[1]]


def moving_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the finite values in a window around each value; windows shrink at the ends."""
    finite = np.isfinite(values)
    kernel = np.ones(window)
    totals = np.convolve(np.where(finite, values, 0.0), kernel, "same")
    counts = np.convolve(finite, kernel, "same")
    return np.divide(totals, counts, out=np.full(len(values), np.nan), where=counts > 0.5)


def write_curves(path: str | Path, logs: Sequence[RunLog], smooth: int | None = None) -> list[str]:
    """Draw the curves of runs as a PNG. A dashed vertical line marks the start of the GAN stage.

    Args:
        path: the PNG; its folder is created.
        logs: from `lgtsm.training.log.read_log`.
        smooth: points in the moving mean drawn over the values; 1 draws the values alone. None: 1/40 of the points, for
            curves of 100 points or more.

    Returns:
        the titles of the panels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    chosen = panels(logs)
    across = min(COLUMNS, len(chosen))
    down = -(-len(chosen) // across)
    figure = Figure(figsize=(PANEL_SIZE[0] * across, PANEL_SIZE[1] * down + 0.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for axis, (title, members) in zip(axes, chosen):
        _draw_panel(axis, title, members, logs, smooth)
    for axis in axes[len(chosen) :]:
        axis.axis("off")
    if len(logs) > 1:
        from matplotlib.lines import Line2D

        lines = [Line2D([], [], color=f"C{number}", label=log.name) for number, log in enumerate(logs)]
        figure.legend(handles=lines, loc="outside upper left", ncols=min(3, len(logs)), fontsize="small")
    path = Path(path)
    make_folder(path.parent)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png")
    return [title for title, _ in chosen]


def _draw_panel(axis, title: str, members: list[str], logs: Sequence[RunLog], smooth: int | None) -> None:
    everything: Any = []
    short = {name: name.split("/", 1)[-1] for name in members}
    labels = short if len(set(short.values())) == len(members) else {name: name for name in members}
    for number, log in enumerate(logs):
        for place, name in enumerate(name for name in members if name in log.columns):
            steps, values = log.columns[name]
            # One run: a color per quantity. Several: a color per run, a style per quantity.
            style, color = ("-", f"C{place}") if len(logs) == 1 else (STYLES[place % len(STYLES)], f"C{number}")
            window = smooth or (max(1, len(values) // 40) if len(values) >= SMOOTH_FROM else 1)
            marker = "o" if len(values) < 30 else None
            label = labels[name] if number == 0 and len(members) > 1 else None
            if window > 1:
                axis.plot(steps, values, color=color, alpha=0.25, linewidth=0.7)
                axis.plot(steps, moving_mean(values, window), style, color=color, linewidth=1.4, label=label)
            else:
                axis.plot(steps, values, style, color=color, linewidth=1.2, marker=marker, markersize=3, label=label)
            everything.append(values[np.isfinite(values)])
        if log.gan_step is not None:
            axis.axvline(log.gan_step, color="0.3" if len(logs) == 1 else f"C{number}", linestyle="--", linewidth=0.9)
            if number == 0:
                place = axis.get_xaxis_transform()  # x in steps, y in heights of the panel
                axis.text(log.gan_step, 0.99, " GAN", transform=place, va="top", fontsize="x-small")
    # All panels share one range of steps, for easy comparison.
    last = max(log.last_step for log in logs)
    axis.set_xlim(-0.02 * last, 1.02 * last + 1)
    everything = np.concatenate(everything)
    wide = len(everything) and everything.min() > 0 and everything.max() > LOG_SPAN * everything.min()
    if wide and not re.fullmatch(TOLD_APART, members[0]):
        axis.set_yscale("log")
    axis.set_title(title, fontsize="medium")
    axis.set_xlabel("step", fontsize="small")
    axis.tick_params(labelsize="small")
    axis.grid(alpha=0.3)
    if axis.get_legend_handles_labels()[1]:
        axis.legend(fontsize="x-small")
