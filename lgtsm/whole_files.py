"""Write files and folders that are there whole or not at all: under a hidden name beside their own until they are."""

from __future__ import annotations

import glob
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def temporary_beside(path: Path) -> Path:
    """Return a hidden name beside `path`, with its ending, that nobody else has."""
    return path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")


def leftovers(path: Path) -> list[Path]:
    """Return what runs that were killed have left beside `path`."""
    return list(path.parent.glob(f".{glob.escape(path.stem)}.{'[0-9a-f]' * 8}.part{glob.escape(path.suffix)}"))


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Give what is whole its name; it replaces a file, or an empty folder."""
    if temporary.is_dir() and path.is_dir():
        path.rmdir()
    os.replace(temporary, path)


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, with its ending; what is written there takes its place at the end.

    An old file stays until then, and an error leaves it as it was and nothing beside it. The new one may be read by
    whoever may read a file that is simply created, whichever way it was written.
    """
    path = Path(path)
    temporary = temporary_beside(path)
    temporary.touch()
    permissions = temporary.stat().st_mode
    temporary.unlink()
    try:
        yield temporary
        temporary.chmod(permissions)  # some writers keep a file to its owner
        put_in_place(temporary, path)
    finally:
        remove(temporary)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a new folder beside `path`; it takes its place at the end, where nothing or an empty folder must be."""
    temporary = temporary_beside(path)
    temporary.mkdir()
    try:
        yield temporary
        put_in_place(temporary, path)
    finally:
        remove(temporary)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file whole."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, document: dict[str, Any]) -> None:
    """Write a document whole, as indented JSON."""
    write_text(path, json.dumps(document, indent=2) + "\n")
