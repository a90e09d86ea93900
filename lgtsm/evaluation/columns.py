"""Titles of scores in a report, their better side, and their number formats."""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A score's title, whether greater is better, and its number format."""

    title: str
    greater_is_better: bool
    form: str


MEAN_OF_BINS = "_mean_of_bins"  # ends the name of a video FID that is averaged over bins of hole share

COLUMNS = {
    "mse": Column("MSE", False, "{:.5f}"),
    "psnr": Column("PSNR (dB)", True, "{:.2f}"),
    "ssim": Column("SSIM", True, "{:.4f}"),
    "psnr_of_frames": Column("PSNR (dB), mean over frames", True, "{:.2f}"),
    "ssim_uniform": Column("SSIM, uniform window of 65 pixels", True, "{:.4f}"),
    "mse_hole": Column("MSE hole", False, "{:.5f}"),
    "psnr_hole": Column("PSNR hole (dB)", True, "{:.2f}"),
    "ssim_hole": Column("SSIM hole", True, "{:.4f}"),
    "lpips": Column("LPIPS (AlexNet, v0.1)", False, "{:.4f}"),
    "lpips_alex_not_published": Column("LPIPS code, other AlexNet weights (not published LPIPS)", False, "{:.4f}"),
    "lpips_squeeze_not_published": Column("LPIPS code, net squeeze (not published LPIPS)", False, "{:.4f}"),
    "stlpips": Column("ST-LPIPS (AlexNet, shift-tolerant; not LPIPS)", False, "{:.4f}"),
    "warping_error": Column("warping error (DIS flow)", False, "{:.6f}"),
    "warping_error_hole": Column("warping error hole (DIS flow)", False, "{:.6f}"),
    "warping_error_raft_large": Column("warping error (RAFT flow)", False, "{:.6f}"),
    "warping_error_raft_large_hole": Column("warping error hole (RAFT flow)", False, "{:.6f}"),
    "flicker_hole": Column("flicker hole", False, "{:.5f}"),
    "video_fid_eval": Column("video FID (I3D in eval mode)", False, "{:.4f}"),
    "video_fid_batch_statistics": Column("video FID (batch statistics, as published)", False, "{:.4f}"),
    "video_fid_eval_not_published": Column("video FID code, other features (not published FID)", False, "{:.4f}"),
    "video_fid_batch_statistics_not_published": Column(
        "video FID code, batch statistics, other weights (not published FID)", False, "{:.4f}"
    ),
}


def column(name: str) -> Column:
    """Return the column of a score; an unknown one keeps its name, and lower is better."""
    if name.endswith(MEAN_OF_BINS):
        pooled = column(name.removesuffix(MEAN_OF_BINS))
        return pooled._replace(title=f"{pooled.title}, mean of the bins as in Table 1")
    return COLUMNS.get(name, Column(name, False, "{:.5g}"))


def cell(name: str, value: dict[str, Any] | None, bold: bool = False) -> str:
    """Return one score as text: the mean and its interval, or `n/a (why)`."""
    if value is None:
        return "n/a (not computed)"
    if "unavailable" in value:
        return f"n/a ({value['unavailable']})"
    form = column(name).form
    text = form.format(value["mean"])
    text = f"**{text}**" if bold else text
    if value.get("low") is not None:
        text += f" [{form.format(value['low'])}, {form.format(value['high'])}]"
    elif name.startswith("video_fid"):
        text += " [no interval]"
    return text


def best_of(name: str, values: dict[str, dict[str, Any] | None]) -> set[str]:
    """Return the methods with the best number, as rounded in the table; none if only one has a number."""
    form, sign = column(name).form, 1 if column(name).greater_is_better else -1
    numbers = {
        method: float(form.format(value["mean"]))
        for method, value in values.items()
        if value is not None and "mean" in value and math.isfinite(value["mean"])
    }
    if len(numbers) < 2:
        return set()
    best = max(sign * number for number in numbers.values())
    return {method for method, number in numbers.items() if sign * number == best}
