"""What scores are called in a report, which way is better, and how they are written."""

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
    "warping_error": Column("warping error", False, "{:.6f}"),
    "warping_error_hole": Column("warping error hole", False, "{:.6f}"),
    "flicker_hole": Column("flicker hole", False, "{:.5f}"),
    "video_fid_eval": Column("video FID (I3D in eval mode)", False, "{:.4f}"),
    "video_fid_batch_statistics": Column("video FID (batch statistics, as published)", False, "{:.4f}"),
}


def column(name: str) -> Column:
    """Return how a score is written; one that is not known gets its own name, and less is better."""
    return COLUMNS.get(name, Column(name, False, "{:.5g}"))


def cell(name: str, value: dict[str, Any] | None, bold: bool = False, with_interval: bool = True) -> str:
    """Return one score as text: the mean and its interval, or `n/a (why)`."""
    if value is None:
        return "n/a"
    if "unavailable" in value:
        return f"n/a ({value['unavailable']})"
    form = column(name).form
    text = form.format(value["mean"])
    text = f"**{text}**" if bold else text
    if with_interval and value.get("low") is not None:
        text += f" [{form.format(value['low'])}, {form.format(value['high'])}]"
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
