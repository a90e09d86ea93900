"""Say in a sentence what the operating system refused, and what to do."""

from __future__ import annotations

import errno

SENTENCES = {
    errno.ENOENT: "{path} does not exist. Check the path.",
    errno.EACCES: "{path} must be readable and its place writable for you; the system denies it. Change the "
    "permissions, or name another place.",
    errno.EROFS: "{path} lies on a read-only file system. Name another place.",
    errno.ENOSPC: "{path} cannot be written: the disk is full. Free some space, or name a place on another disk.",
    errno.ENAMETOOLONG: "{path} has a name that is too long for the system. Shorten it.",
    errno.ELOOP: "{path} is a link that leads back to itself. Name the file itself.",
    errno.ENOTDIR: "{path} cannot be: a part of the path is a file, not a folder. Check the path.",
    errno.EISDIR: "{path} must be a file; it is a folder. Name a file in it.",
    errno.ENOTEMPTY: "{path} must be a new or empty folder; something is in it. Name another folder.",
    errno.EEXIST: "{path} must be free; something of that name is there already. Name another place.",
    errno.EPIPE: "Nothing more could be sent: the reader has closed the pipe.",
    errno.EMFILE: "{path} cannot be opened: too many files are open. Raise the limit (ulimit -n).",
    errno.EIO: "{path} cannot be read or written: the disk reports an error. Check the disk.",
    errno.EINVAL: "{path} cannot be used: its file system refuses the name or the operation. Name another place.",
}
SENTENCES |= {errno.EPERM: SENTENCES[errno.EACCES], errno.ENFILE: SENTENCES[errno.EMFILE]}
SENTENCES |= {getattr(errno, "EDQUOT", errno.ENOSPC): SENTENCES[errno.ENOSPC]}


def os_sentence(error: OSError) -> str:
    """Return a full sentence that names the path and what is wrong with it.

    An error without a number, which a library raised with words of its own, keeps them.
    """
    if error.errno is None:
        return " ".join(str(error).split()) or type(error).__name__
    path = error.filename if error.filename2 is None else error.filename2
    name = "What is written or read" if path in (None, "", -1) or isinstance(path, int) else str(_text(path))
    known = SENTENCES.get(error.errno)
    if known is not None:
        return known.format(path=name)
    return f"{name} cannot be used: {error.strerror or error}."


def _text(path: object) -> str:
    return path.decode(errors="replace") if isinstance(path, bytes) else str(path)
