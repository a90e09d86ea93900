"""Read the csv log of a run, however often it was stopped and resumed, and while it is still going."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FILE_NAME = "metrics.csv"
STAGE = "train/stage"


@dataclass(frozen=True)
class RunLog:
    """What a run has logged.

    Args:
        name: the folder as it was given.
        starts: how often the run was started, counting resumes.
        columns: name -> (steps, values), both of one length, steps rising.
    """

    name: str
    starts: int
    columns: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def last_step(self) -> int:
        """The last step that anything was logged at."""
        return max(int(steps[-1]) for steps, _ in self.columns.values())

    @property
    def gan_step(self) -> int | None:
        """The first logged step of the GAN stage that follows on pretraining, or None."""
        steps, stages = self.columns.get(STAGE, (np.zeros(0), np.zeros(0)))
        changes = np.flatnonzero(np.diff(stages) > 0) + 1
        return int(steps[changes[0]]) if len(changes) else None


def read_log(run: str | Path) -> RunLog:
    """Read the log of a run.

    Where a resumed run did some steps again, what it logged then replaces what was logged before the stop.

    Args:
        run: run folder (with log/version_N/metrics.csv), a folder with metrics.csv, or such a file.

    Raises:
        FileNotFoundError: there is no log; the sentence says where it was looked for.
        ValueError: nothing has been logged yet.
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
    for column, by_step in sorted(values.items()):
        steps = sorted(by_step)
        columns[column] = np.array(steps), np.array([by_step[step] for step in steps])
    return RunLog(str(run), len(files), columns)


def log_files(run: str | Path) -> list[Path]:
    """Return the csv files of a run in the order of its starts.

    Raises:
        FileNotFoundError: there is none.
    """
    run = Path(run)
    if run.is_file():
        return [run]
    found = [path for path in (run / FILE_NAME, run / "log" / FILE_NAME) if path.is_file()]
    versions = [(_number(path), path) for path in run.glob(f"log/version_*/{FILE_NAME}")]
    files = found + [path for number, path in sorted(versions) if number is not None]
    if not files:
        raise FileNotFoundError(
            f"{run} has no training log: neither {run}/log/version_0/{FILE_NAME} nor {run}/{FILE_NAME} is there. "
            "Give the run folder of lgtsm.train (with logger=csv, wandb or tensorboard, which all write it)."
        )
    return files


def _number(path: Path) -> int | None:
    match = re.fullmatch(r"version_(\d+)", path.parent.name)
    return int(match[1]) if match else None


def _read_rows(file: Path) -> list[dict[str, float]]:
    text = file.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()  # a line that is being written, or was when the run was killed: its last number may be cut
    rows = []
    for cells in csv.DictReader(lines):
        row = {name: value for name, cell in cells.items() if name and (value := _float(cell)) is not None}
        if "step" in row and np.isfinite(row["step"]):
            rows.append(row)
    return rows


def _float(cell: object) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None
