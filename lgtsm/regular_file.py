"""Say what is wrong with an input path before anything reads it: missing, forbidden, a pipe, a loop of links."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from lgtsm.video.errors import VideoError

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_file(path: Path, what: str) -> None:
    """Refuse anything but a regular file that can be read and is not empty.

    Args:
        path: the file; links are followed.
        what: what it must be, for the sentence, like "a video file".

    Raises:
        VideoError: the sentence says what lies there, or why it cannot be read.
    """
    size = check_kind(path, what)
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise cannot_read(path, what, error) from error
    if not size:
        raise VideoError(f"{path} must be {what}; it is empty (0 bytes). Copy or download it again.")


def check_kind(path: Path, what: str) -> int:
    """Refuse anything but a regular file, and return its size in bytes; to be called before a file is opened.

    Opening a named pipe or a device could wait forever.

    Raises:
        VideoError: as `check_file`.
    """
    if is_folder(path, what):
        raise VideoError(f"{path} must be {what}; it is a folder. Name a file, or remove the folder.")
    found = path.stat()
    if (kind := stat.S_IFMT(found.st_mode)) != stat.S_IFREG:
        sends = kind == stat.S_IFIFO and what.startswith("a video")
        advice = "Save its content to a file first" + (", or send raw frames (`raw`)." if sends else ".")
        raise VideoError(f"{path} must be {what}; it is {_KINDS.get(kind, 'no regular file')}. {advice}")
    return found.st_size


def check_folder(path: Path, what: str) -> None:
    """Refuse anything but a folder; `what` names it in sentences.

    Raises:
        VideoError: the sentence says what lies there.
    """
    if not is_folder(path, what):
        kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode), "a file")
        raise VideoError(f"{path} must be {what}; it is {kind}. Name a folder.")


def file_in_the_way(path: Path) -> str:
    """Return which part of a path is a file, though it must be a folder for the path to be."""
    file = next(one for one in (path, *path.parents) if one.exists())
    return f"{file} is a file, not a folder"


def is_folder(path: Path, what: str) -> bool:
    """Return whether a path leads to a folder.

    Raises:
        VideoError: there is nothing, or the way to it is barred.
    """
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise cannot_read(path, what, error) from error


def cannot_read(path: Path, what: str, error: Exception) -> VideoError:
    """Return the sentence for an error of the operating system."""
    if isinstance(error, NotADirectoryError):
        why, advice = file_in_the_way(path), "Check the path."
    elif isinstance(error, FileNotFoundError):
        why, advice = "there is nothing there", "Check the path."
        if path.is_symlink():
            why, advice = f"it is a link to {os.readlink(path)}, which does not exist", "Mend the link."
    elif isinstance(error, PermissionError):
        why, advice = "you may not read it (permission denied)", "Change its permissions, or those of its folder."
    elif getattr(error, "errno", None) == errno.ELOOP:
        why, advice = "it is a link that leads back to itself", "Name the file itself."
    else:
        why = f"it cannot be read ({(getattr(error, 'strerror', None) or str(error)).lower()})"
        advice = "Check the path and the disk."
    return VideoError(f"{path} must be {what}; {why}. {advice}")
