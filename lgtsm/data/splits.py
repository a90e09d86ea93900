"""Split videos into training, validation and test: by list, by stable hash, or by a fixed number."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from lgtsm.places import make_folder
from lgtsm.regular_file import check_file
from lgtsm.video.errors import VideoError
from lgtsm.whole_files import write_text


def choose_split(
    names: Sequence[str], split: str, held_out: float = 0.1, split_folder: str | Path | None = None
) -> list[int]:
    """Choose the videos of a split.

    Args:
        names: names of all videos.
        split: "all", "train", "validation" or "test".
        held_out: share of the videos in each of validation and test, in [0, 0.5).
        split_folder: folder with train.txt, validation.txt or test.txt; None uses the hash of the names.

    Returns:
        their indices in `names`, increasing.

    Raises:
        VideoError: the list is missing, or names an unknown video.
    """
    if split == "all":
        return list(range(len(names)))
    if split_folder is not None:
        return listed(names, Path(split_folder) / f"{split}.txt")
    return [place for place, name in enumerate(names) if stable_split(name, held_out) == split]


def share_for(names: Sequence[str]) -> float | None:
    """Return a `held_out` of few digits that leaves videos for training and for validation, or None."""
    places = [stable_place(name) for name in names]
    fits = [k / 1000 for k in range(1, 500) if min(places) < k / 1000 and 2 * k / 1000 <= max(places)]
    return min(fits, default=None)


def listed(names: Sequence[str], file: Path) -> list[int]:
    """Return the indices of the videos that a text file names, one per line, with or without extension."""
    check_file(file, "a text file of the videos of the split, one per line")
    places = {name: place for place, name in enumerate(names)}
    wanted = [line.strip() for line in file.read_text().splitlines() if line.strip()]
    found = [places.get(name, places.get(str(Path(name).with_suffix("")))) for name in wanted]
    places_found = [place for place in found if place is not None]
    if len(places_found) < len(found):
        raise VideoError(
            f"{file} names {wanted[found.index(None)]!r}, but there is no such video ({found.count(None)} of "
            f"{len(wanted)} are missing). Write paths relative to the folder of the videos."
        )
    return sorted(set(places_found))


def write_split_of_films(names: Sequence[str], folder: str | Path, held_out: float = 0.1) -> None:
    """Write train.txt and validation.txt, so that clips of one film are never on both sides.

    Args:
        names: of the videos; clips of one film share a name up to a final `_00`, `_01`, ...
        folder: of the two lists; created if missing.
        held_out: share of the films to validate with, chosen by hash, in (0, 1).

    Raises:
        VideoError: one of the lists would be empty.
    """
    parts: dict[str, list[str]] = {"train": [], "validation": []}
    for name in names:
        parts["validation" if stable_place(film_of(name)) < held_out else "train"].append(name)
    if empty := [part for part, chosen in parts.items() if not chosen]:
        raise VideoError(
            f"The {len(names)} videos leave none for {empty[0]}, as {held_out:.0%} of the films are held out by the "
            "hash of their names. Add videos."
        )
    make_folder(Path(folder))
    for part, chosen in parts.items():
        write_text(Path(folder) / f"{part}.txt", "\n".join(chosen) + "\n")


def film_of(name: str) -> str:
    """Return the film of a clip: its name without a final number behind an underscore."""
    return re.sub(r"_\d+$", "", name)


def hold_out(names: Sequence[str], split: str, num_test: int) -> list[int]:
    """Return the increasing indices of a split with `num_test` test videos: those with the smallest hashes.

    `split` is "all", "train" or "test"; "validation" means "test".
    """
    by_hash = sorted(range(len(names)), key=lambda place: stable_place(names[place]))
    return sorted({"all": by_hash, "train": by_hash[num_test:]}.get(split, by_hash[:num_test]))


def stable_place(name: str) -> float:
    """Return the hash of a name in [0, 1), the same on every machine, forever."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def stable_split(name: str, held_out: float) -> str:
    """Return "train", "validation" or "test" for a name, the same on every machine, forever."""
    place = stable_place(name)
    if place < held_out:
        return "validation"
    return "test" if place < 2 * held_out else "train"
