"""Pair the images of a mask with the frames of a video by the numbers in their names."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from lgtsm.video.errors import VideoError

EXAMPLES = 3


def numbers_of(files: Sequence[Path]) -> list[int] | None:
    """Return the increasing number of each file, from the one part of the names that changes; None if there is none."""
    parts = [re.split(r"(\d+)", file.stem) for file in files]
    if len({len(one) for one in parts}) > 1:
        return None
    changing = [place for place, texts in enumerate(zip(*parts)) if len(set(texts)) > 1]
    if len(files) == 1:
        changing = [place for place in range(len(parts[0])) if place % 2][-1:]
    if len(changing) != 1 or changing[0] % 2 == 0:
        return None
    numbers = [int(one[changing[0]]) for one in parts]
    return numbers if all(one < other for one, other in pairwise(numbers)) else None


def pair_by_number(
    name: str, masks: Sequence[Path], frames: Sequence[Path] | None, num_frames: int, repeat: bool
) -> list[int] | None:
    """Return which mask belongs to each frame; None if the names do not tell, and order decides.

    Args:
        name: what messages call the mask.
        masks: its images, in order.
        frames: the images of the video; None if it is a file. Masks that are too few for frames without numbers count
            from the first one.
        num_frames: number of frames of the video.
        repeat: a frame without a mask takes the last one before it; masks without a frame are left out.

    Raises:
        VideoError: some have no partner; the message names three of each.
    """
    numbers = numbers_of(masks)
    wanted = numbers_of(frames) if frames is not None and len(frames) > 1 else None
    if numbers is None:
        return None
    counted = wanted is None
    if wanted is None:
        if not len(masks) < numbers[-1] - numbers[0] + 1 <= num_frames:
            return None
        wanted = list(range(numbers[0], numbers[0] + num_frames))
    place = [bisect_right(numbers, number) - 1 for number in wanted]
    bare = [at for at, number in enumerate(wanted) if place[at] < 0 or numbers[place[at]] != number]
    known = set(wanted)
    spare = [file.name for file, number in zip(masks, numbers) if number not in known]
    if not (bare or spare) or (repeat and place[0] >= 0):
        return place
    told = []
    if bare:
        names = [str(wanted[at]) if frames is None else frames[at].name for at in bare]
        told.append(_counted(names, "frame has no mask", "frames have no mask"))
    if spare:
        told.append(_counted(spare, "mask has no frame", "masks have no frame"))
    start = "" if not counted else f", counted from {numbers[0]} like the masks"
    raise VideoError(
        f"{name} must have a mask for each frame, by the numbers in their names{start}; {' and '.join(told)}. "
        f"{_way_out(len(masks) == num_frames, place[0] >= 0, bool(bare))}"
    )


def _way_out(as_many: bool, begins: bool, lacks: bool) -> str:
    if as_many:
        return "Number them alike, or set `by_order` to go by order instead of numbers."
    if not begins:
        return "Number them alike."
    if lacks:
        return "Add the masks, or set `repeat` to take the one before each."
    return "Remove the masks, or set `repeat` to leave them out."


def _counted(names: list[str], one: str, many: str) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return f"{len(names)} {one if len(names) == 1 else many} ({', '.join(names[:EXAMPLES])}{more})"
