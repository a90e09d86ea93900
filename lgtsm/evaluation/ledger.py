"""Scores so far: lines that are only ever added, so that a killed evaluation goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lgtsm.whole_files import write_json

LEDGER = "scored.{rank}.jsonl"
IDENTITY = "evaluation.json"


class Ledger:
    """The lines of one process, and the knowledge of what all processes have done before.

    A line counts once it is whole and on the disk; what a killed process left of its last one is cut off. What had a
    "problem", such as a result that was not there, is tried again.

    Args:
        folder: of the evaluation; it is made.
        rank: number of the process, whose file this writes.
    """

    def __init__(self, folder: str | Path, rank: int = 0):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / LEDGER.format(rank=rank)
        if path.is_file():
            _cut_torn_line(path)
        self.done = {key_of(record) for record in read_ledger(self.folder) if "problem" not in record}
        self._file = path.open("a", encoding="utf-8")

    def append(self, record: dict[str, Any]) -> None:
        """Add a record with "method" and "unit" and wait until it is on the disk."""
        self._file.write(json.dumps(record, allow_nan=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done.add(key_of(record))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def key_of(record: dict[str, Any]) -> tuple[str, str]:
    """Return what a record is about: (method, unit)."""
    return record["method"], record["unit"]


def read_ledger(folder: str | Path) -> Iterator[dict[str, Any]]:
    """Yield every whole record of every process; the same thing done twice only once, and a problem if it is left."""
    seen: set[tuple[str, str]] = set()
    problems: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(Path(folder).glob(LEDGER.format(rank="*"))):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    break
                record = json.loads(line)
                key = key_of(record)
                if "problem" in record:
                    problems[key] = record
                elif key not in seen:
                    seen.add(key)
                    yield record
    yield from (record for key, record in problems.items() if key not in seen)


def claim(folder: str | Path, protocol: dict[str, Any], methods: dict[str, Any]) -> None:
    """Note what the folder's evaluation is of, or refuse to mix two evaluations in it.

    Args:
        folder: of the evaluation.
        protocol: plain values; they must be those that the folder was begun with.
        methods: name -> plain values that say which method it is. New names may be added; an old name must keep its
            values.

    Raises:
        ValueError: the folder holds another evaluation; the sentence says where they differ.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / IDENTITY
    found = json.loads(path.read_text()) if path.is_file() else {"protocol": protocol, "methods": {}}
    found_protocol, asked = found["protocol"], json.loads(json.dumps(protocol))
    differ = sorted(key for key in {*found_protocol, *asked} if found_protocol.get(key) != asked.get(key))
    if differ:
        raise ValueError(
            f"{folder} holds an evaluation that differs in {', '.join(differ)}. Name another folder with paths.run, or "
            "ask for the same to go on with it."
        )
    for name, identity in json.loads(json.dumps(methods)).items():
        if found["methods"].setdefault(name, identity) != identity:
            raise ValueError(
                f"{folder} has scores of another {name!r}: {found['methods'][name]}, now {identity}. Name another "
                "folder with paths.run, or give the method another name."
            )
    write_json(path, found)


def claimed(folder: str | Path, name: str) -> dict[str, Any]:
    """Return which method has the name in a folder's evaluation, see `claim`; empty where there is none yet."""
    path = Path(folder) / IDENTITY
    return json.loads(path.read_text())["methods"].get(name, {}) if path.is_file() else {}


def _cut_torn_line(path: Path) -> None:
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
