"""Bootstrap confidence intervals of a mean over videos."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95


def interval(sums: Mapping[str, float], weights: Mapping[str, float], seed: int = 0) -> tuple[float, float, float]:
    """Return a weighted mean over videos and the bounds of its 95 % interval.

    Draws whole videos with replacement, because clips of one video are alike.

    Args:
        sums: video -> sum of its scores, each times its weight.
        weights: video -> sum of the weights, such as numbers of frames.
        seed: of the draws; the same seed and videos give the same interval.

    Returns:
        (mean, low, high); the bounds are NaN with fewer than two videos.

    Source: Efron and Tibshirani 1993, the percentile interval, here with clusters.
    """
    videos = sorted(sums)
    total, weight = (np.array([values[video] for video in videos], np.float64) for values in (sums, weights))
    mean = float(total.sum() / weight.sum()) if len(videos) else float("nan")
    if len(videos) < 2 or not np.isfinite(mean):
        return mean, float("nan"), float("nan")
    # The draws depend on the seed and the videos' names only, so that all methods and metrics share them.
    rng = np.random.default_rng([seed, zlib.crc32("\n".join(videos).encode())])
    drawn = rng.integers(len(videos), size=(RESAMPLES, len(videos)))
    means = total[drawn].sum(1) / weight[drawn].sum(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return mean, float(low), float(high)
