"""Scores so far, in append-only files, so that a killed evaluation resumes where it stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lgtsm.whole_files import name_in_errors, write_json

LEDGER = "scored.{rank}.jsonl"
IDENTITY = "evaluation.json"


class Ledger:
    """The lines of one process; `done` holds what all processes have scored before.

    A line counts once it is whole and on the disk; a torn last line is cut off. Units with a "problem", such as a
    missing result, are tried again.

    Args:
        folder: of the evaluation; made if missing.
        rank: number of this process, which has its own file.
    """

    def __init__(self, folder: str | Path, rank: int = 0):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / LEDGER.format(rank=rank)
        if self.path.is_file():
            os.truncate(self.path, self.path.read_bytes().rfind(b"\n") + 1)
        self.done = {key_of(record) for record in read_ledger(self.folder) if "problem" not in record}

    def append(self, record: dict[str, Any]) -> None:
        """Add a record with "method" and "unit" and wait until it is on the disk."""
        with name_in_errors(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.done.add(key_of(record))


def key_of(record: dict[str, Any]) -> tuple[str, str]:
    """Return the (method, unit) of a record."""
    return record["method"], record["unit"]


def read_ledger(folder: str | Path) -> Iterator[dict[str, Any]]:
    """Yield every whole record of every process: duplicates once, problems only where no score followed."""
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
    """Record protocol and methods in the folder, and refuse to mix two evaluations there.

    Args:
        folder: of the evaluation; made if missing.
        protocol: plain values, the same as in the folder.
        methods: name -> plain values that identify the method. New names may be added; an old name keeps its values.

    Raises:
        ValueError: the folder holds another evaluation; the sentence lists the differences.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / IDENTITY
    found = json.loads(path.read_text()) if path.is_file() else {"protocol": protocol, "methods": {}}
    differ = differing_keys(found["protocol"], json.loads(json.dumps(protocol)))
    if differ:
        raise ValueError(
            f"{folder} holds an evaluation that differs in {', '.join(differ)}. Name another folder with paths.run, or "
            "keep the old settings to resume it."
        )
    for name, identity in json.loads(json.dumps(methods)).items():
        if found["methods"].setdefault(name, identity) != identity:
            raise ValueError(
                f"{folder} has scores of another {name!r}: {found['methods'][name]}, now {identity}. Name another "
                "folder with paths.run, or rename the method."
            )
    write_json(path, found)


def differing_keys(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the keys with different values, sorted."""
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))


def claimed(folder: str | Path, name: str) -> dict[str, Any]:
    """Return the identity that a folder's evaluation has for a method, see `claim`; empty for a new one."""
    path = Path(folder) / IDENTITY
    return json.loads(path.read_text())["methods"].get(name, {}) if path.is_file() else {}
