"""Replace what an earlier run wrote by a new result, and nothing else, once the new one is complete."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from lgtsm.video.errors import VideoError
from lgtsm.whole_files import check_replaceable, hidden_beside, remove, temporary_beside

NAMED = 3  # files that a message names
Fingerprint = list[list[Any]]


def fingerprint(path: Path | None) -> Fingerprint | None:
    """Identify a file or folder by names, sizes and modification times (not contents).

    Returns:
        [[name, bytes, nanoseconds], ...]; None if nothing is there.
    """
    if path is None or not path.exists():
        return None
    if path.is_file():
        files = [path]
    else:
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def check_own(output: Path, own: Fingerprint | None, overwrite: bool = False, as_named: Path | None = None) -> None:
    """Refuse to replace an output that holds anything but what an earlier run wrote.

    Args:
        output: a file or a folder; nothing needs to be there.
        own: fingerprint of what the earlier run wrote; None if there was none.
        overwrite: replace a file, whoever wrote it; what others put into a folder is kept all the same.
        as_named: what the message calls it; None for `output`.

    Raises:
        VideoError: names what would be lost.
    """
    if not os.path.lexists(output):
        return
    check_replaceable(output)
    if output.is_dir():
        if others := _others(output, own):
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            raise VideoError(
                f"{as_named or output} must be a new or empty folder, or hold only what an earlier run wrote; it also "
                f"holds {', '.join(others[:NAMED])}{more}. Move that away, or name another output."
            )
    elif not overwrite and fingerprint(output) not in (own, None):
        raise VideoError(
            f"{output} must be free, or be as an earlier run wrote it; it is not. Move it away, or set `overwrite` to "
            "replace it."
        )


class Replacement:
    """Write a result in a `with` block, then `put` it in place of an earlier one, which stays if an error comes before.

    An old folder of frames stands until the new one is complete; then it goes, with nothing but what the earlier run
    wrote.

    Args:
        output: a file or a folder.
        own: fingerprint of what an earlier run wrote there.

    Attributes:
        place: where to write: the output itself, or in a folder beside it where an old folder stands.
    """

    def __init__(self, output: Path, own: Fingerprint | None):
        self.output, self.own = output, own
        stands = output.is_dir() and any(output.iterdir())
        self._beside = temporary_beside(output) if stands else None
        self.place = output if self._beside is None else self._beside / output.name

    def __enter__(self) -> Replacement:
        if self._beside is not None:
            self._beside.mkdir()
        return self

    def __exit__(self, *error: object) -> None:
        if self._beside is not None:
            remove(self._beside)

    def put(self) -> None:
        """Exchange the old folder for the new one.

        Raises:
            VideoError: meanwhile something else came into the old folder, which stays.
        """
        if self._beside is None:
            return
        aside = hidden_beside(self.output, f".{secrets.token_hex(4)}.replaced")  # no name that anything clears away
        os.rename(self.output, aside)
        try:
            check_own(aside, self.own, as_named=self.output)  # now that nobody finds it under its old name
            os.rename(self.place, self.output)
        except BaseException:
            os.rename(aside, self.output)
            raise
        os.rename(aside, self.place)  # to go with the folder beside


def _others(folder: Path, own: Fingerprint | None) -> list[str]:
    """Return the names in a folder that are not as the fingerprint has them."""
    known = {name: facts for name, *facts in own or ()}
    found = []
    for path in sorted(folder.iterdir()):
        facts = [path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() and not path.is_symlink() else None
        if facts is None or known.get(path.name) != facts:
            found.append(path.name)
    return found
