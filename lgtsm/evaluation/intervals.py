"""Bootstrap confidence intervals: how far a mean would move with other videos."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95


def interval(
    sums: Mapping[str, float], weights: Mapping[str, float], seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float, float]:
    """Return a weighted mean over videos and the bounds of its 95 % interval.

    Whole videos are drawn with replacement, each with all of its clips, because clips of one video are alike.

    Args:
        sums: video -> sum of its scores, each times its weight.
        weights: video -> sum of the weights, such as numbers of frames.
        seed: of the drawing; the same seed and videos give the same interval.
        resamples: how often to draw.

    Returns:
        (mean, low, high); the bounds are NaN with fewer than two videos.

    Source: Efron and Tibshirani 1993, the percentile interval, here with clusters.
    """
    videos = sorted(sums)
    total, weight = (np.array([values[video] for video in videos], np.float64) for values in (sums, weights))
    mean = float(total.sum() / weight.sum()) if len(videos) else float("nan")
    if len(videos) < 2 or not np.isfinite(mean):
        return mean, float("nan"), float("nan")
    # The draws hang on the seed and the videos' names only, so that every method and metric sees the same ones.
    rng = np.random.default_rng([seed, zlib.crc32("\n".join(videos).encode())])
    drawn = rng.integers(len(videos), size=(resamples, len(videos)))
    means = total[drawn].sum(1) / weight[drawn].sum(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return mean, float(low), float(high)
