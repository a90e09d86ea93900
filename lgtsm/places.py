"""Check a place to write before the work begins; tell what the system put into a folder from what people did."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lgtsm.regular_file import file_in_the_way
from lgtsm.video.errors import VideoError

NAMED = 3  # files that a message names
# What file managers and file servers put beside files: views, thumbnails, and (._NAME) attributes.
LITTER = frozenset((".ds_store", ".localized", ".directory", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir"))


def check_place(path: Path, folder: bool = False) -> None:
    """Refuse a place where no file, or no new folder, can be written.

    Args:
        path: the place; a file that is there will be replaced.
        folder: whether a folder shall be there, new or empty.

    Raises:
        VideoError: the sentence says what is in the way.
        OSError: the system refuses the path: a loop of links, a name that is too long, no permission.
    """
    _check_parent(path)
    check_replaceable(path)
    if not folder:
        if path.is_dir():
            raise VideoError(f"{path} must be a file; it is a folder. Name a file in it.")
        return
    must = f"{path} must be a new or empty folder"
    if path.is_dir():
        if found := contents(path):
            raise VideoError(f"{must}; it holds {listed(found)}. Empty it, or name another.")
    elif path.exists():
        raise VideoError(f"{must}; it is a file. Name another place.")
    elif path.is_symlink():
        raise VideoError(f"{must}; it is a link to {os.readlink(path)}, which does not exist. Name another place.")


def _check_parent(path: Path) -> None:
    if why := _no_folder(path.parent):
        raise VideoError(f"{path} cannot be written: {why}")


def make_folder(folder: Path) -> None:
    """Make a folder, with those that lead to it, where it is not there yet.

    Raises:
        VideoError: the sentence says what is in the way; OSError: the system refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise VideoError(f"{folder} cannot be made: {_no_folder(folder)}") from error


def _no_folder(folder: Path) -> str:
    """Return why there is no folder at a path, and what to do; "" if there is one."""
    try:
        if stat.S_ISDIR(folder.stat().st_mode):
            return ""
    except FileNotFoundError:
        if folder.is_symlink():
            return f"{folder} is a link to {os.readlink(folder)}, which does not exist. Mend the link."
        return f"the folder {folder} does not exist. Create it first."
    except NotADirectoryError:
        pass
    return f"{file_in_the_way(folder)}. Check the path."


def check_replaceable(path: Path) -> None:
    """Refuse a path that is neither free nor a regular file or folder, like /dev/null or a named pipe.

    Raises:
        VideoError: a rename would replace a device, a pipe, a socket, or what is write-protected.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise VideoError(
            f"{path} must be a file or a folder, or free; a device, pipe or socket is there. Name another."
        )
    if not os.access(path, os.W_OK):  # a rename asks only the folder
        raise VideoError(f"{path} must not be write-protected, as it would be replaced; it is. Name another place.")


def is_litter(path: Path) -> bool:
    """Return whether a name is one that the system gives to files of its own in any folder."""
    return path.name.lower() in LITTER or path.name.startswith("._")


def contents(folder: Path) -> list[str]:
    """Return the names in a folder, without the system's own."""
    return sorted(path.name for path in folder.iterdir() if not is_litter(path))


def carry_litter(old: Path, new: Path) -> None:
    """Move the system's own files from a folder to the one that takes its place."""
    for path in list(old.iterdir()):
        if is_litter(path) and not os.path.lexists(new / path.name):
            os.rename(path, new / path.name)


def listed(names: list[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
