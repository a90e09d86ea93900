"""Find what is wrong with the names of a folder's frames: a frame that is there twice, or one that is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from lgtsm.video.errors import VideoError
from lgtsm.video.listing import natural_key

_NUMBERS = re.compile(r"(\d+)")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([-_. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:\d{6})?(?!\d)")


def check_not_twice(folder: Path, files: Sequence[Path]) -> None:
    """Refuse a frame that is there twice, like 001.png beside 001.jpg, 001.PNG or 1.png.

    Raises:
        VideoError: naming a pair.
    """
    seen: dict[tuple, Path] = {}
    for file in files:
        other = seen.setdefault(tuple(natural_key(file.stem)), file)
        if other is not file:
            raise VideoError(
                f"{folder} must hold each frame once; {other.name} and {file.name} are the same frame. Remove one kind."
            )


def check_no_hole(folder: Path, files: Sequence[Path]) -> None:
    """Refuse frames whose numbers leave one out, like 1, 2, 4.

    Numbers may start anywhere and go up in any step. Nothing is said about names of which more than one number
    changes, or whose numbers follow no step, like times in milliseconds, or are dates and times of day.

    Raises:
        VideoError: naming what is missing.
    """
    groups = defaultdict(list)  # by the text around the numbers
    for file in files:
        parts = _NUMBERS.split(file.stem)
        groups[tuple(parts[::2])].append((file, tuple(map(int, parts[1::2]))))
    for text, members in groups.items():
        changing = [k for k in range(len(text) - 1) if len({numbers[k] for _, numbers in members}) > 1]
        if len(changing) != 1 or (changing[0] > 0 and text[changing[0]] == "."):  # decimals are no frame numbers
            continue
        if _is_time(members[0][0].stem, changing[0]):
            continue
        if missing := _missing(sorted(numbers[changing[0]] for _, numbers in members)):
            before, first, last = missing
            name = next(file.name for file, numbers in members if numbers[changing[0]] == before)
            said = f"{first} is missing" if first == last else f"{first} to {last} are missing"
            raise VideoError(
                f"{folder} must hold every frame; after {name}, number {said}. Add what is missing, or set "
                "`allow_gaps` if nothing is."
            )


def _is_time(stem: str, place: int) -> bool:
    """Return whether the number at `place` is a date, or a time of day (2 or 6 digits) in a name with a date."""
    date, number = _DATE.search(stem), list(_NUMBERS.finditer(stem))[place]
    return date is not None and (date.start() <= number.start() < date.end() or len(number[0]) in (2, 6))


def _missing(numbers: list[int]) -> tuple[int, int, int] | None:
    """Return the number before the first hole, and the first and last one in it; None if there is no hole."""
    steps = [after - before for before, after in pairwise(numbers)]
    step = min(steps)
    regular = sum(one == step for one in steps)
    if regular == len(steps) or regular * 2 < len(steps) or any(one % step for one in steps):
        return None
    before, after = next((a, b) for a, b in pairwise(numbers) if b - a != step)
    return before, before + step, after - step
