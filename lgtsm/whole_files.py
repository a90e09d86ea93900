"""Write files and folders atomically: under a hidden temporary name until they are complete."""

from __future__ import annotations

import glob
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def temporary_beside(path: Path) -> Path:
    """Return a unique hidden name beside `path`, with the same suffix."""
    return path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")


def leftovers(path: Path) -> list[Path]:
    """Return the temporary files and folders that killed runs left beside `path`."""
    return list(path.parent.glob(f".{glob.escape(path.stem)}.{'[0-9a-f]' * 8}.part{glob.escape(path.suffix)}"))


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents, if it exists."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a complete file or folder; replace an old file or an empty folder."""
    if temporary.is_dir() and path.is_dir():
        path.rmdir()
    os.replace(temporary, path)


def identity(path: Path) -> tuple[int, int] | Path:
    """Return a value that two names share if they lead to the same file or folder, through any links."""
    try:
        found = path.stat()
    except OSError:  # nothing there yet
        return Path(os.path.realpath(path))  # Path.resolve raises at a loop of links
    return found.st_dev, found.st_ino


def check_outputs(outputs: Mapping[str, Path], inputs: Mapping[str, Path]) -> None:
    """Refuse an output that would replace an input or another output.

    Args:
        outputs: by the name of the argument.
        inputs: by what sentences call them, like "the video".

    Raises:
        ValueError: two of them are the same file.
    """
    taken = {identity(path): name for name, path in inputs.items()}
    for name, path in outputs.items():
        if (other := taken.setdefault(identity(path), f"`{name}`")) != f"`{name}`":
            raise ValueError(f"`{name}` must not replace {other}; both are {path}. Name another place.")


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, with the same suffix, to write to; move it to `path` at the end.

    An error leaves an old file as it was, with nothing beside it. The new file gets default permissions.
    """
    path = Path(path)
    temporary = temporary_beside(path)
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
    temporary.mkdir()
    try:
        yield temporary
        put_in_place(temporary, path)
    finally:
        remove(temporary)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, document: dict[str, Any]) -> None:
    """Write a document atomically as indented JSON."""
    write_text(path, json.dumps(document, indent=2) + "\n")
