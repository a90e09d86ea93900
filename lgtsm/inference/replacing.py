"""Replace what an earlier run wrote by a new result, and nothing else, once the new one is complete."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from lgtsm.places import carry_litter, check_place, is_litter, listed
from lgtsm.video.errors import VideoError
from lgtsm.whole_files import hidden_beside, hidden_like, put_in_place, remove, temporary_beside

REPLACED = ".replaced"
Fingerprint = list[list[Any]]


def fingerprint(path: Path | None) -> Fingerprint | None:
    """Identify a file or folder by names, sizes and modification times (not contents), which outlive a rename.

    Returns:
        [[name, bytes, nanoseconds], ...]; None if nothing is there.
    """
    if path is None or not path.exists():
        return None
    if path.is_file():
        files = [path]
    else:
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
        files = sorted(file for file in files if not is_litter(file))
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def check_own(output: Path, own: Fingerprint | None, overwrite: bool = False) -> None:
    """Refuse to replace an output that holds anything but what an earlier run wrote.

    Args:
        output: a file or, without an ending, a folder; nothing needs to be there.
        own: fingerprint of what the earlier run wrote; None if there was none.
        overwrite: replace a file, whoever wrote it; what others put into a folder is kept all the same.

    Raises:
        VideoError: names what would be lost, or what is in the way.
    """
    is_folder = not output.suffix
    if is_folder and output.is_dir():
        _check_only_own(output, own, output)
        return
    check_place(output, is_folder)
    if not overwrite and fingerprint(output) not in (own, None):
        raise VideoError(
            f"{output} must be free, or be as an earlier run wrote it; it is not. Move it away, or set `overwrite` to "
            "replace it."
        )


class Replacement:
    """Write a result in a `with` block, then `put` it in place of an earlier one, which stays if an error comes before.

    It is written into a hidden folder beside the output; errors name the output all the same. An old folder of frames
    stands until the new one is complete; then it goes, with nothing but what the earlier run wrote. What the system
    put into it, such as .DS_Store, goes over to the new one.

    Args:
        output: a file or a folder.
        own: fingerprint of what an earlier run wrote there.
        overwrite: as in `check_own`.

    Attributes:
        place: where to write.
    """

    def __init__(self, output: Path, own: Fingerprint | None, overwrite: bool = False):
        self.output, self.own, self.overwrite = output, own, overwrite
        self._beside = temporary_beside(output)
        self.place = self._beside / output.name

    def __enter__(self) -> Replacement:
        self._beside.mkdir()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        remove(self._beside)
        if isinstance(error, OSError) and error.filename is not None:
            error.filename = self._named(error.filename)
        elif isinstance(error, Exception):
            error.args = tuple(map(self._named, error.args))

    def _named(self, said: Any) -> Any:
        return said.replace(str(self._beside), str(self.output.parent)) if isinstance(said, str) else said

    def put(self) -> None:
        """Move the result to its place.

        Raises:
            VideoError: meanwhile something else came there, and stays.
        """
        check_own(self.output, self.own, self.overwrite)
        if not (self.output.is_dir() and any(self.output.iterdir())):
            put_in_place(self.place, self.output)
            return
        aside = hidden_beside(self.output, f".{secrets.token_hex(4)}{REPLACED}")
        os.rename(self.output, aside)
        try:
            _check_only_own(aside, self.own, self.output)  # now that nobody finds it under its old name
            os.rename(self.place, self.output)
        except BaseException:
            os.rename(aside, self.output)
            raise
        carry_litter(aside, self.output)
        os.rename(aside, self.place)  # to go with the folder beside


def finish_exchange(output: Path, own: Fingerprint | None) -> None:
    """Clean up where a process was killed while it exchanged an old folder for a new one.

    Args:
        output: the folder; where it is missing, the old one comes back.
        own: fingerprint of the old one, which goes if it holds nothing else.
    """
    for aside in hidden_like(output, REPLACED):
        if not os.path.lexists(output):
            os.rename(aside, output)
        elif not _others(aside, own):
            carry_litter(aside, output)
            remove(aside)


def _check_only_own(folder: Path, own: Fingerprint | None, named: Path) -> None:
    if others := _others(folder, own):
        raise VideoError(
            f"{named} must be a new or empty folder, or hold only what an earlier run wrote; it also holds "
            f"{listed(others)}. Move that away, or name another output."
        )


def _others(folder: Path, own: Fingerprint | None) -> list[str]:
    """Return the names in a folder that are not as the fingerprint has them, without the system's own."""
    known = {name: facts for name, *facts in own or ()}
    found = []
    for path in sorted(folder.iterdir()):
        facts = [path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() and not path.is_symlink() else None
        if not is_litter(path) and (facts is None or known.get(path.name) != facts):
            found.append(path.name)
    return found
