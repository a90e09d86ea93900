"""A weighted mixture of kinds of holes, for training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from lgtsm.counted import counted

from .checks import check_hole_share, check_kind, check_seed, check_share, check_whole
from .sample import MOST_STROKES, generator, sample_hole

TRIES = 100


class MaskMixture:
    """Draw holes of several kinds in proportion to their weights.

    Args:
        kinds: weight of each kind by name, such as {"object_like": 0.4, "rand_curve": 0.4, "box": 0.2}; weights need
            not add up to 1.
        num_strokes: number of strokes or boxes, or (fewest, most), both included; None draws 1 to 20, or as many as
            `hole_share` needs.
        hole_share: (low, high), fractions: bounds of the missing share of a clip; None sets no bounds.
        border: pixels at each edge of the frame that are never missing.
        static_share: share of clips whose hole does not move, 0 to 1.

    Raises:
        ValueError: a name, a weight or a range is invalid.

    Source: Chang et al. 2019, Free-form Video Inpainting (training on all kinds of masks).
    """

    def __init__(
        self,
        kinds: Mapping[str, float],
        num_strokes: int | Sequence[int] | None = None,
        hole_share: Sequence[float] | None = None,
        border: int = 0,
        static_share: float = 0.0,
    ):
        if not isinstance(kinds, Mapping) or not kinds:
            raise ValueError(f"kinds must map names to weights, such as {{'object_like': 1.0}}; got {kinds!r}.")
        self.kinds = {str(kind): float(weight) for kind, weight in kinds.items()}
        for kind, weight in self.kinds.items():
            check_kind(kind)
            if not (math.isfinite(weight) and weight >= 0.0):
                raise ValueError(f"The weight of kind {kind} must be a number from 0 up; got {weight!r}.")
        if not sum(self.kinds.values()) > 0.0:
            raise ValueError(f"At least one weight in kinds must be greater than 0; got {self.kinds!r}.")
        self.num_strokes = _check_num_strokes(num_strokes)
        self.hole_share = None if hole_share is None else check_hole_share(hole_share)
        self.border = check_whole("border", border, 0)
        self.static_share = check_share("static_share", static_share)

    def __call__(self, num_frames: int, height: int, width: int, seed: int | Sequence[int]) -> np.ndarray:
        """Draw one clip; the same seed gives the same clip in every worker and order.

        Args:
            num_frames, height, width: size of the clip, in frames and pixels.
            seed: a whole number from 0 up, or a sequence of them.

        Returns:
            (num_frames, height, width) uint8, 1 = missing; neither all 0 nor all 1.

        Raises:
            ValueError: `hole_share` is out of reach, or 100 tries gave only empty or full clips.
        """
        seed = check_seed(seed)
        rng = generator(seed, TRIES)
        kind = self._choose_kind(rng.random())
        static = rng.random() < self.static_share
        count = None
        if self.num_strokes is not None:
            fewest, most = self.num_strokes
            count = fewest + int(rng.random() * (most - fewest + 1))
        for attempt in range(TRIES):
            hole = sample_hole(
                kind, num_frames, height, width, (*seed, attempt), count, self.hole_share, self.border, static
            )
            if 0 < np.count_nonzero(hole.view(np.bool_)) < hole.size:
                return hole
        raise ValueError(
            f"{TRIES} tries to draw kind {kind} in {counted(num_frames, 'frame')} of height {height} and "
            f"width {width} gave only empty or full clips. Change num_strokes "
            f"({count or f'1 to {MOST_STROKES}'}) or border ({self.border})."
        )

    def __repr__(self) -> str:
        return f"MaskMixture({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def _choose_kind(self, draw: float) -> str:
        """Map a number in [0, 1) to a kind, in the given order of kinds."""
        left = draw * sum(self.kinds.values())
        for kind, weight in self.kinds.items():
            if left < weight:
                return kind
            left -= weight
        return max(self.kinds, key=self.kinds.__getitem__)


def _check_num_strokes(num_strokes: int | Sequence[int] | None) -> tuple[int, int] | None:
    if num_strokes is None:
        return None
    bounds = num_strokes if isinstance(num_strokes, Sequence) else (num_strokes, num_strokes)
    if len(bounds) != 2:
        raise ValueError(f"num_strokes must be None, a number, or (fewest, most); got {num_strokes!r}.")
    fewest, most = (check_whole("num_strokes", number, 1) for number in bounds)
    if fewest > most:
        raise ValueError(f"num_strokes must be (fewest, most), with the smaller number first; got ({fewest}, {most}).")
    return fewest, most
