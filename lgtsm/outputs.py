"""Check, before anything is read, that no output replaces an input or another output."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lgtsm.video.listing import IMAGE_EXTENSIONS


class Place(NamedTuple):
    """A path and what sentences call it, like "`output`" or "the video"."""

    name: str
    path: Path


def identity(path: Path) -> tuple[int, int] | Path:
    """Return a value that two names share if they lead to the same file or folder, through any links.

    Where nothing is yet, names that the file system takes for the same (by case, on some) share it too.
    """
    try:
        found = path.stat()
    except OSError:
        place = Path(os.path.realpath(path))
        if place.parent.exists() and _ignores_case(place.parent):
            place = place.with_name(unicodedata.normalize("NFC", place.name).casefold())
        return place
    return found.st_dev, found.st_ino


def check_outputs(outputs: Iterable[Place], inputs: Iterable[Place]) -> None:
    """Refuse outputs that would replace, contain or join an input, or replace another output.

    An output joins an input if it would be an image in a folder of images that is read.

    Raises:
        ValueError: names the first two that are in each other's way.
    """
    inputs = list(inputs)
    taken = {identity(place.path): place for place in reversed(inputs)}
    read = {key: place for key, place in taken.items() if place.path.is_dir()}
    parents = {folder: place for place in inputs for folder in Path(os.path.realpath(place.path)).parents}
    above = {identity(folder): place for folder, place in parents.items()}
    for place in outputs:
        name, path = place
        said_name = name[:1].upper() + name[1:]
        key, parent = identity(path), identity(path.parent)
        if key in taken:
            other = taken[key]
            said = f"both are {path}" if other.path == path else f"{path} and {other.path} are the same"
            raise ValueError(f"{said_name} must not replace {other.name}; {said}. Name another place.")
        taken[key] = place
        if parent in read and path.suffix.lower() in IMAGE_EXTENSIONS:
            raise ValueError(
                f"{said_name} must not be one of the images of {read[parent].name}, {read[parent].path}; it is "
                f"{path}. Name another place."
            )
        if key in above and (path.is_dir() or not path.suffix):
            raise ValueError(
                f"{said_name} must not be a folder that holds {above[key].name}; {above[key].path} is in {path}. "
                "Name a new folder."
            )


def _ignores_case(folder: Path) -> bool:
    other = folder.with_name(folder.name.swapcase())
    try:
        return other != folder and other.samefile(folder)
    except OSError:
        return False
