"""Write files and folders atomically: under a hidden temporary name until they are complete."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lgtsm.places import carry_litter, check_replaceable

LONGEST_NAME = 255  # bytes; of most file systems
RANDOM_DIGITS = 8


def hidden_beside(path: Path, ending: str) -> Path:
    """Return the hidden name `.NAME` + `ending` beside `path`; one too long for the file system is cut and hashed."""
    room = _longest_name(path.parent) - len(os.fsencode(f".{ending}"))
    name = path.name.removesuffix(path.suffix) if ending.endswith(f".part{path.suffix}") else path.name
    if len(os.fsencode(name)) > room:
        digest = f"~{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}"
        name = os.fsencode(name)[: max(0, room - len(digest))].decode(errors="ignore") + digest
    return path.with_name(f".{name}{ending}")


def temporary_beside(path: Path) -> Path:
    """Return a unique hidden name beside `path`, with the same suffix."""
    return hidden_beside(path, f".{secrets.token_hex(RANDOM_DIGITS // 2)}.part{path.suffix}")


def leftovers(path: Path) -> list[Path]:
    """Return the temporary files and folders beside `path`: left by killed runs, or in use by a living one."""
    return hidden_like(path, f".part{path.suffix}")


def hidden_like(path: Path, ending: str) -> list[Path]:
    """Return all that `hidden_beside` names with random digits before `ending`."""
    example = hidden_beside(path, f".{'0' * RANDOM_DIGITS}{ending}").name
    before, _, after = example.rpartition("0" * RANDOM_DIGITS)
    return list(path.parent.glob(f"{glob.escape(before)}{'[0-9a-f]' * RANDOM_DIGITS}{glob.escape(after)}"))


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a complete file or folder; replace an old file or a folder that is empty but for the system's litter."""
    if temporary.is_dir() and path.is_dir():
        carry_litter(path, temporary)
        path.rmdir()
    os.replace(temporary, path)


def _longest_name(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):
        return LONGEST_NAME


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, with the same suffix, to write to; move it to `path` at the end.

    An error leaves an old file as it was, with nothing beside it. The new file gets default permissions.
    """
    path = Path(path)
    check_replaceable(path)
    temporary = temporary_beside(path)
    with name_in_errors(path, temporary):
        temporary.touch()
        permissions = temporary.stat().st_mode
        temporary.unlink()
        try:
            yield temporary
            temporary.chmod(permissions)  # safetensors lets only the owner read
            put_in_place(temporary, path)
        finally:
            remove(temporary)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder beside `path`; move it to `path` at the end, which must be free or an empty folder."""
    temporary = temporary_beside(path)
    with name_in_errors(path, temporary):
        temporary.mkdir()
        try:
            yield temporary
            put_in_place(temporary, path)
        finally:
            remove(temporary)


@contextmanager
def name_in_errors(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Let errors of the system name `path` instead of its temporary name or, as those of a full disk do, nothing."""
    temporary = temporary or path
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or str(error.filename).startswith(str(temporary))):
            error.filename, error.filename2 = str(path), None
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, document: dict[str, Any]) -> None:
    """Write a document atomically as indented JSON."""
    write_text(path, json.dumps(document, indent=2) + "\n")
