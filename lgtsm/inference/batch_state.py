"""Remember beside an output what it was made of, so that a batch knows what is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lgtsm.whole_files import write_json

RUNNING, DONE = "running", "done"


def state_path(output: Path) -> Path:
    """Return where the state of an output lies: a hidden file beside it."""
    return output.with_name(f".{output.name}.lgtsm.json")


def read_state(output: Path) -> dict[str, Any]:
    """Return the state of an output; empty where there is none, or none that can be read."""
    try:
        state = json.loads(state_path(output).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(output: Path, state: dict[str, Any]) -> None:
    """Write the state of an output; the old one stays until the new one is whole."""
    write_json(state_path(output), state)


def fingerprint(path: Path | None) -> list[list[Any]] | None:
    """Return what tells a file or folder from another: names, sizes and times of change (not the contents).

    Returns:
        [[name, bytes, nanoseconds], ...]; None where there is no path, or nothing there.
    """
    if path is None or not path.exists():
        return None
    if path.is_file():
        files = [path]
    else:
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
