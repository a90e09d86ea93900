"""Let one process at a time write an output, and remove what dead ones left beside it."""

from __future__ import annotations

import contextlib
import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from lgtsm.whole_files import hidden_beside, leftovers, remove

fcntl: Any = None
with contextlib.suppress(ImportError):  # Windows has none
    import fcntl

LOCK = ".lock"
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # what file systems without locks say
_held: dict[Path, list[int]] = {}  # lock file -> [open file, how many times this process holds it]


class InUseError(ValueError):
    """Another process is writing the output; the message names it."""


class SoleWriter:
    """Hold the right to write an output, from the call until `release`, or in a `with` block.

    A hidden file beside the output is locked meanwhile. The system gives up the lock of a process that ends, however it
    ends, and on other machines of a shared disk too. So, with the lock, all temporary files of this output are of dead
    processes, and go. Within a process the right is shared. On file systems that know no locks, nothing is locked and
    nothing removed.

    Args:
        path: the output, a file or a folder, of which nothing needs to exist but its parent.
        inside: the output is a folder that exists and gets outputs of its own; the lock lies in it.

    Raises:
        InUseError: another process holds the right.
        OSError: nothing can be written there.
    """

    def __init__(self, path: str | Path, inside: bool = False):
        self.path = Path(path)
        beside = self.path / "lgtsm" if inside else self.path
        self._file = hidden_beside(Path(os.path.realpath(beside.parent)) / beside.name, LOCK)
        self._holds = False
        if self._file in _held:
            _held[self._file][1] += 1
        else:
            number = self._lock()
            if number is None:
                return
            _held[self._file] = [number, 1]
            for rest in leftovers(beside):
                remove(rest)
        self._holds = True

    def release(self) -> None:
        """Give up the right; more calls do nothing."""
        if not self._holds:
            return
        self._holds, held = False, _held[self._file]
        held[1] -= 1
        if held[1] == 0:
            del _held[self._file]
            with suppress(OSError):
                self._file.unlink()  # before the lock goes, so that nobody's new lock file is removed
            os.close(held[0])

    def __enter__(self) -> SoleWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _lock(self) -> int | None:
        """Return the locked file; None where there are no locks."""
        if fcntl is None:
            return None
        while True:
            try:
                number = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                error.filename = str(self.path)  # what the user named
                raise
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_still(number, self._file):
                    return number
                os.close(number)  # its owner removed it between the two calls
            except BlockingIOError as error:
                os.close(number)
                raise InUseError(
                    f"{self.path} is being written by another run, which is at work. Wait for it, or name another "
                    "output."
                ) from error
            except OSError as error:
                os.close(number)
                if error.errno not in NO_LOCKS:
                    raise
                with suppress(OSError):
                    self._file.unlink()
                return None


def _is_still(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False
