"""Titles of scores in a report, which way is better, and their number formats."""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A score's title, whether greater is better, and its number format."""

    title: str
    greater_is_better: bool
    form: str


COLUMNS = {
    "mse": Column("MSE", False, "{:.5f}"),
    "psnr": Column("PSNR (dB)", True, "{:.2f}"),
    "ssim": Column("SSIM", True, "{:.4f}"),
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

MEANINGS = {  # beginnings of names -> what these scores are
    ("mse", "psnr"): "MSE is on colors in [0, 1], of all pixels or of the hole's; PSNR is that of a clip's MSE.",
    ("ssim",): "SSIM has an 11x11 Gaussian window of sigma 1.5, and is averaged over colors, frames and pixels "
    "(Wang et al. 2004).",
    ("lpips",): "LPIPS is version 0.1, on whole frames in [-1, 1] (Zhang et al. 2018).",
    ("stlpips",): "ST-LPIPS is the shift-tolerant metric of Ghildyal and Liu 2022, on whole frames in [-1, 1], with "
    "the weights of its authors. Its numbers must not be compared with those of LPIPS.",
    ("warping_error",): "Warping error is the mean squared difference of a frame and the next one, moved back along "
    "the flow of the true video, where forward and backward flow agree (Lai et al. 2018). Other flow, other numbers.",
    ("flicker",): "Flicker is the mean absolute difference between how the filled video and how the true one changes "
    "from frame to frame, where the hole is or was.",
    ("video_fid",): "Video FID is the Frechet distance between the sets of filled and of true clips, one vector of I3D "
    "(Mixed_5c, 1024 numbers) a clip. The two ways to normalize must not be compared with each other.",
}  # fmt: skip


def column(name: str) -> Column:
    """Return how a score is written; one that is not known gets its own name, and less is better."""
    return COLUMNS.get(name, Column(name, False, "{:.5g}"))


def cell(name: str, value: dict[str, Any] | None, bold: bool = False, with_interval: bool = True) -> str:
    """Return one score as text: the mean and its interval, or `n/a (why)`."""
    if value is None:
        return "n/a (not computed)"
    if "unavailable" in value:
        return f"n/a ({value['unavailable']})"
    form = column(name).form
    text = form.format(value["mean"])
    text = f"**{text}**" if bold else text
    if with_interval and value.get("low") is not None:
        text += f" [{form.format(value['low'])}, {form.format(value['high'])}]"
    elif with_interval and name.startswith("video_fid"):
        text += " [no interval]"
    return text


def best_of(name: str, values: dict[str, dict[str, Any] | None]) -> set[str]:
    """Return which methods have the best number as it is written; none where only one has a number."""
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
