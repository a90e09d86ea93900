"""Read a few samples before training, so that data that cannot be trained on is told before anything is written."""

from __future__ import annotations

import warnings
from typing import Any

from torch import Tensor

from lgtsm.data.bad_videos import BadVideoWarning

FIRST, MOST = 8, 64


def check_samples(clips: Any, name: str, augment: bool) -> None:
    """Read some samples, evenly spaced: eight, or up to 64 until one has a hole that can be trained on.

    Args:
        clips: a data set of samples, see `lgtsm.data.batch`; those without a "hole" are only read.
        name: "training" or "validation", for messages.
        augment: whether to index it with (draw, index), as for training.

    Raises:
        VideoError: too many videos cannot be used; the message says why.
        ValueError: the data set is empty, or every hole that was read is empty or full.
    """
    if len(clips) == 0:
        raise ValueError(f"There are no {name} clips. Check the data set.")
    with warnings.catch_warnings(record=True) as skipped:
        warnings.simplefilter("always", BadVideoWarning)
        shares = _shares(clips, name, augment)
    for warning in skipped:  # of no interest beside an error
        warnings.warn(warning.message, warning.category, stacklevel=2)
    if shares is None:
        return
    state = "nothing is" if max(shares) == 0 else "everything is" if min(shares) == 1 else "nothing or everything is"
    raise ValueError(
        f"The {name} clips must have holes and leave something to fill from; in each of the {len(shares)} that were "
        f"read, {state} missing. Check the masks, and how they are read, with `lgtsm check_data`."
    )


def _shares(clips: Any, name: str, augment: bool) -> list[float] | None:
    """Return the missing shares of the samples if no hole can be trained on, else None."""
    shares: list[float] = []
    for count in (FIRST, MOST):
        for place in sorted({k * len(clips) // count for k in range(count)}):
            hole = _hole(clips[(place, place) if augment else place], name)
            if hole is None:
                return None
            shares.append(float(hole.float().mean()))
        if any(0 < share < 1 for share in shares):
            return None
    return shares


def _hole(sample: Any, name: str) -> Tensor | None:
    hole = sample.get("hole") if isinstance(sample, dict) else None
    if not isinstance(hole, Tensor) or not hole.numel():
        return None
    if hole.max() > 1 or hole.min() < 0:
        raise ValueError(
            f"The hole of a {name} clip must hold 0 (known) and 1 (missing) only; got values from {hole.min().item()} "
            f"to {hole.max().item()}."
        )
    return hole
