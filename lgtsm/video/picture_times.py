"""Judge and mend the times of pictures, and find their rate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

_STEADY = 5e-5  # seconds; MPEG program streams round several times
LONGEST = 10**8  # seconds, three years; longer times come from damaged files


def unusable(shown: list[int | None], time_base: Fraction) -> str | None:
    """Return what is wrong with times that tell nothing; None if they are of use, or missing."""
    known = [time for time in shown if time is not None]
    if len(known) < len(shown):
        return None
    span = (max(known) - min(known)) * time_base
    if span > LONGEST:
        return f"cannot be true ({float(span):.3g} s apart)"
    return "are mostly the same" if 2 * len(set(shown)) <= len(shown) > 1 else None


def increasing(times: Sequence[Any], time_base: Fraction) -> tuple[np.ndarray, int]:
    """Make the times of pictures, in the order in which they are shown, strictly increasing.

    Where they jump back by more than a second, the clock started anew: the rest moves on by a usual step. Swapped times
    are sorted; one that repeats moves on by a unit.

    Args:
        times: in units of `time_base` seconds.

    Returns:
        (frames,) int64, and how many times differ from those given.
    """
    steps = sorted(after - before for before, after in pairwise(times) if after > before)
    usual = steps[len(steps) // 2] if steps else 1
    offset, unbroken = 0, list(times[:1])
    for before, time in pairwise(times):
        if (before - time) * time_base > 1:
            offset += before + usual - time
        unbroken.append(time + offset)
    result: list[int] = []
    for time in sorted(unbroken):
        result.append(max(time, result[-1] + 1) if result else time)
    return np.asarray(result, dtype=np.int64), sum(one != other for one, other in zip(result, times))


def usual_step(pts: np.ndarray, time_base: Fraction) -> Fraction | None:
    """Return the length of most pictures in seconds; None if they are of many lengths."""
    steps = np.diff(pts)
    if not len(steps):
        return None
    usual = np.median(steps)
    # The mean of the usual steps is finer than the median: a container may round to milliseconds.
    like = steps[np.abs(steps - usual) <= 1]
    return Fraction(int(like.sum()), len(like)) * time_base if 5 * len(like) >= 4 * len(steps) else None


def rate_of(pts: np.ndarray, time_base: Fraction, guesses: list[Fraction]) -> tuple[Fraction, bool]:
    """Return a constant rate and False if it fits every time within a unit or 50 us, else the mean rate and True."""
    if len(pts) < 2 or pts[-1] == pts[0]:
        return (guesses[0] if guesses else Fraction(25)), False
    shown = pts - pts[0]
    steps = set(np.diff(pts).tolist())
    mean = Fraction(len(pts) - 1, int(shown[-1])) / time_base
    exact = [1 / (steps.pop() * time_base)] if len(steps) == 1 else []
    # If the container rounds times to milliseconds, only its header has the rate.
    for rate in [*exact, *map(_named_rate, guesses[::-1]), mean]:
        step = float(1 / (rate * time_base))
        # Where a unit is a picture, as in AVI, one more is a gap.
        if np.abs(np.arange(len(pts)) * step - shown).max() <= min(max(1.0, _STEADY / time_base), 0.9 * step):
            return rate, False
    return mean, True


def _named_rate(rate: Fraction) -> Fraction:
    """Return the standard rate behind a rounded one: Matroska's nanoseconds turn 60000/1001 into 19001/317."""
    for whole in (Fraction(round(rate)), Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)):
        if abs(rate / whole - 1 if whole else Fraction(1)) < Fraction(1, 100_000):
            return whole
    return rate
