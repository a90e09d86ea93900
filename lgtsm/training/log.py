"""Read a run's csv log, even across resumes and while it is still running."""

from __future__ import annotations

import csv
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lgtsm.regular_file import check_file, is_folder

FILE_NAME = "metrics.csv"
STAGE = "train/stage"
LONGEST_HEADER = 2**16  # bytes


@dataclass(frozen=True)
class RunLog:
    """The log of a run.

    Args:
        name: the folder as given.
        starts: number of starts, including resumes.
        columns: name -> (steps, values), of equal length, with rising steps.
    """

    name: str
    starts: int
    columns: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def last_step(self) -> int:
        """The last logged step."""
        return max(int(steps[-1]) for steps, _ in self.columns.values())

    @property
    def gan_step(self) -> int | None:
        """The first logged step of a GAN stage that follows pretraining, or None."""
        steps, stages = self.columns.get(STAGE, (np.zeros(0), np.zeros(0)))
        changes = np.flatnonzero(np.diff(stages) > 0) + 1
        return int(steps[changes[0]]) if len(changes) else None


def read_log(run: str | Path) -> RunLog:
    """Read the log of a run.

    If a resumed run repeated some steps, its values replace those from before the stop.

    Args:
        run: run folder (with log/version_N/metrics.csv), a folder with metrics.csv, or the csv file itself.

    Raises:
        FileNotFoundError: no log was found; the message says where it should be.
        ValueError: nothing has been logged yet, or a file is no log.
    """
    files = log_files(run)
    rows: list[dict[str, float]] = []
    for file in files:
        new = _read_rows(file)
        if new:
            first = min(row["step"] for row in new)
            rows = [row for row in rows if row["step"] < first] + new
    values: dict[str, dict[int, float]] = {}
    for row in rows:
        for column, value in row.items():
            if column not in ("step", "epoch"):
                values.setdefault(column, {})[int(row["step"])] = value
    if not values:
        raise ValueError(f"{run} has logged nothing yet: {files[-1]} is empty. Wait for the first steps of the run.")
    columns = {}
    for name, by_step in sorted(values.items()):
        steps, logged = map(np.array, zip(*sorted(by_step.items())))
        columns[name] = steps, logged
    return RunLog(str(run), len(files), columns)


def log_files(run: str | Path) -> list[Path]:
    """Return a run's csv files, in order of its starts.

    Raises:
        FileNotFoundError: there are none.
    """
    run = Path(run)
    if os.path.lexists(run) and not is_folder(run, "a run folder, or its log"):
        check_file(run, "a run folder, or its log")
        return [run]
    found = [path for path in (run / FILE_NAME, run / "log" / FILE_NAME) if path.is_file()]
    versions = {path: re.fullmatch(r"version_(\d+)", path.parent.name) for path in run.glob(f"log/*/{FILE_NAME}")}
    numbers = {path: int(match[1]) for path, match in versions.items() if match}
    files = found + sorted(numbers, key=lambda path: numbers[path])
    if not files:
        raise FileNotFoundError(
            f"{run} has no training log: neither {run}/log/version_0/{FILE_NAME} nor {run}/{FILE_NAME} exists. "
            "Name a run folder of lgtsm.train (logger=csv, wandb and tensorboard all write a log)."
        )
    return files


def _read_rows(file: Path) -> list[dict[str, float]]:
    if not _is_log(file):
        raise ValueError(
            f"{file} must be a training log, a table with a column named step; it is none. Name a run folder of "
            f"lgtsm train, or its {FILE_NAME}."
        )
    text = file.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()  # unfinished: still being written, or cut off when the run was killed
    rows = []
    for cells in csv.DictReader(lines):
        row = {name: value for name, cell in cells.items() if name and (value := _float(cell)) is not None}
        if "step" in row and np.isfinite(row["step"]):
            rows.append(row)
    return rows


def _is_log(file: Path) -> bool:
    """Return whether a file begins like a log; one whose first line is still being written does."""
    with file.open("rb") as content:
        start, newline, _ = content.read(LONGEST_HEADER).partition(b"\n")
    if not newline:
        return len(start) < LONGEST_HEADER and start.isascii()
    return b"step" in [name.strip().strip(b'"') for name in start.split(b",")]


def _float(cell: Any) -> float | None:
    with suppress(TypeError, ValueError):
        return float(cell)
    return None
