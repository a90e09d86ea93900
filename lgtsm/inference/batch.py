"""Fill many videos: skip what is done, go on after failures, and finish after a crash as if there had been none."""

from __future__ import annotations

import dataclasses
import os
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgtsm.exits import TRACEBACK_VARIABLE
from lgtsm.inference.batch_state import DONE, RUNNING, fingerprint, read_state, write_state
from lgtsm.inference.pairs import Pair
from lgtsm.video.errors import VideoError
from lgtsm.whole_files import leftovers, remove

if TYPE_CHECKING:
    from rich.table import Table

    from lgtsm.inference.inpainter import FillSummary


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one video: "filled", "done before", "to do" (in a dry run) or "failed", and why.

    frames and hole_share are None where nothing was filled; seconds that it took.
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

    Beside each output lies a hidden file that says what it was made of. An output is done if that file says so and the
    input, the mask, the settings and the output itself are still the same. One process at a time may work on an output.

    Args:
        pairs: videos with masks and outputs.
        fill: fills one and returns the summary; its output appears only when it is whole.
        settings: all that changes the result, in words and numbers; what was done with others is done again.
        overwrite: do again what is done.
        dry: only say what would be done.
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
        write_state(pair.output, {"state": RUNNING, "made_of": made_of})
        summary = fill(pair)
        write_state(pair.output, {"state": DONE, "made_of": made_of, "output": fingerprint(pair.output)})
    except Exception as error:  # whatever is wrong with one video, the others can do without it
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        why = " ".join(str(error).split()) or type(error).__name__
        why = why if isinstance(error, (ValueError, FileNotFoundError)) else f"{type(error).__name__}: {why}"
        return Result(pair, "failed", seconds=time.perf_counter() - started, why=why)
    seconds = time.perf_counter() - started
    return Result(pair, "filled", summary.info.frames, summary.hole_share, seconds)


def _clear(output: Path, ours: bool) -> None:
    """Remove what an interrupted run left, and a folder of frames that an earlier run of ours made."""
    for rest in leftovers(output):
        remove(rest)
    if output.is_dir() and any(output.iterdir()):
        if not ours:
            raise VideoError(f"{output} must be a new or empty folder; there is something in it. Name another output.")
        remove(output)


def summary_table(results: list[Result]) -> Table:
    """Lay the results out as a table for people."""
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
