"""Fill many videos: skip finished ones, carry on after failures, and resume after a crash."""

from __future__ import annotations

import dataclasses
import json
import os
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgtsm.exits import TRACEBACK_VARIABLE
from lgtsm.inference.pairs import Pair
from lgtsm.video.errors import VideoError
from lgtsm.whole_files import leftovers, remove, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from lgtsm.inference.inpainter import FillSummary

RUNNING, DONE = "running", "done"


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of one video.

    state: "filled", "done before", "to do" (in a dry run) or "failed". frames, hole_share: None unless it was filled.
    seconds: the time it took. why: the reason of a failure.
    """

    pair: Pair
    state: str
    frames: int | None = None
    hole_share: float | None = None
    seconds: float = 0.0
    why: str = ""


def run_batch(
    pairs: Iterable[Pair],
    fill: Callable[[Pair], FillSummary],
    settings: dict[str, Any],
    overwrite: bool = False,
    dry: bool = False,
    watch: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Fill one video after the other.

    A hidden file beside each output records its inputs. An output is done if that file says so and input, mask,
    settings and output have not changed since. Only one process at a time may work on an output.

    Args:
        pairs: videos with masks and outputs.
        fill: fills one video and returns the summary; its output appears once it is complete.
        settings: everything that changes the result, as plain values; a change means filling again.
        overwrite: fill finished videos again.
        dry: only report what would be done.
        watch: called with each result as it comes.
    """
    results = []
    for pair in pairs:
        result = _one(pair, fill, settings, overwrite, dry)
        watch(result)
        results.append(result)
    return results


def _one(
    pair: Pair, fill: Callable[[Pair], FillSummary], settings: dict[str, Any], overwrite: bool, dry: bool
) -> Result:
    started = time.perf_counter()
    try:
        made_of = {"video": fingerprint(pair.video), "mask": fingerprint(pair.mask), "settings": settings}
        before = read_state(pair.output)
        is_done = before.get("state") == DONE and before.get("output") == fingerprint(pair.output) is not None
        if is_done and before.get("made_of") == made_of and not overwrite:
            return Result(pair, "done before")
        if dry:
            return Result(pair, "to do")
        pair.output.parent.mkdir(parents=True, exist_ok=True)
        _clear(pair.output, ours=bool(before))
        write_json(state_path(pair.output), {"state": RUNNING, "made_of": made_of})
        summary = fill(pair)
        write_json(state_path(pair.output), {"state": DONE, "made_of": made_of, "output": fingerprint(pair.output)})
    except Exception as error:  # one bad video must not stop the others
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        why = " ".join(str(error).split()) or type(error).__name__
        why = why if isinstance(error, (ValueError, FileNotFoundError)) else f"{type(error).__name__}: {why}"
        return Result(pair, "failed", seconds=time.perf_counter() - started, why=why)
    seconds = time.perf_counter() - started
    return Result(pair, "filled", summary.info.frames, summary.hole_share, seconds)


def state_path(output: Path) -> Path:
    """Return the hidden file beside an output that records its state."""
    return output.with_name(f".{output.name}.lgtsm.json")


def read_state(output: Path) -> dict[str, Any]:
    """Return the state of an output; empty if there is none, or it is unreadable."""
    try:
        state = json.loads(state_path(output).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def fingerprint(path: Path | None) -> list[list[Any]] | None:
    """Identify a file or folder by names, sizes and modification times (not contents).

    Returns:
        [[name, bytes, nanoseconds], ...]; None if nothing is there.
    """
    if path is None or not path.exists():
        return None
    if path.is_file():
        files = [path]
    else:
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def _clear(output: Path, ours: bool) -> None:
    """Remove the leftovers of a killed run, and a folder of frames that an earlier run of ours wrote."""
    for rest in leftovers(output):
        remove(rest)
    if output.is_dir() and any(output.iterdir()):
        if not ours:
            raise VideoError(f"{output} must be a new or empty folder; there is something in it. Name another output.")
        remove(output)


def summary_table(results: list[Result]) -> Table:
    """Return the results as a table to print."""
    from rich.table import Table

    counts = [
        (state, sum(result.state == state for result in results)) for state in dict.fromkeys(r.state for r in results)
    ]
    title = f"{len(results)} videos: " + ", ".join(f"{count} {state}" for state, count in counts)
    table = Table(title=title, title_justify="left")
    for name in ("video", "result", "frames", "hole", "seconds", "why"):
        table.add_column(name, justify="right" if name in ("frames", "hole", "seconds") else "left", overflow="fold")
    for result in results:
        table.add_row(
            str(result.pair.name),
            result.state,
            "" if result.frames is None else str(result.frames),
            "" if result.hole_share is None else f"{result.hole_share:.1%}",
            f"{result.seconds:.1f}" if result.seconds else "",
            result.why,
        )
    return table
