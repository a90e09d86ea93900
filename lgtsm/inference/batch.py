"""Fill many videos: skip finished ones, carry on after failures, and resume after a crash."""

from __future__ import annotations

import dataclasses
import json
import os
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lgtsm.counted import counted
from lgtsm.exits import TRACEBACK_VARIABLE, in_words
from lgtsm.inference.pairs import Pair
from lgtsm.inference.replacing import Replacement, check_own, fingerprint, finish_exchange
from lgtsm.optional import UnavailableError
from lgtsm.places import make_folder
from lgtsm.sole_writer import InUseError, SoleWriter
from lgtsm.video.errors import NothingMaskedError
from lgtsm.whole_files import hidden_beside, leftovers, remove, write_json

if TYPE_CHECKING:
    from rich.table import Table

    from lgtsm.video.probe import VideoInfo

RUNNING, DONE = "running", "done"
SECONDS_BETWEEN_LOOKS = 1.0  # at what other processes fill
NOTHING = "Nothing is masked."


class Summary(Protocol):
    """The outcome of filling or copying one video; see `lgtsm.inference.inpainter.FillSummary`."""

    @property
    def info(self) -> VideoInfo: ...

    @property
    def hole_share(self) -> float: ...


@dataclasses.dataclass(frozen=True)
class Result:
    """The outcome of one video.

    state: "filled", "copied" (nothing is masked), "done before" or "failed"; in a dry run "to do" or "to copy". frames,
    hole_share: None unless it was filled or copied. seconds: the time it took. why: the reason of a failure or copy.
    """

    pair: Pair
    state: str
    frames: int | None = None
    hole_share: float | None = None
    seconds: float = 0.0
    why: str = ""


def run_batch(
    pairs: Iterable[Pair],
    fill: Callable[[Pair], Summary],
    settings: dict[str, Any],
    overwrite: bool = False,
    dry: bool = False,
    watch: Callable[[Result], None] = lambda result: None,
    copy: Callable[[Pair], Summary] | None = None,
    look: Callable[[Pair], object] = lambda pair: None,
    share: bool = False,
) -> list[Result]:
    """Fill one video after the other.

    A hidden file beside each output records its inputs. An output is done if that file says so and input, mask,
    settings and output have not changed since. Only one process at a time may work on an output. An output that no
    earlier run wrote, or that was changed since, is never replaced; see `lgtsm.inference.replacing`.

    Args:
        pairs: videos with masks and outputs.
        fill: fills one video and returns the summary; its output appears once it is complete.
        settings: everything that changes the result, as plain values; a change means filling again.
        overwrite: fill finished videos again, and replace output files of others (never their folders).
        dry: only report what would be done.
        watch: called with each result as it comes.
        copy: called instead where `fill` finds that nothing is masked; None makes that a failure.
        look: called with each video to do in a dry run; its errors are reported.
        share: other processes fill videos of the same list. Leave out what one of them is at, and come back to it in
            the end: it is done by then, or its process has died, and this one takes over.

    Returns:
        the results, in the order in which they came.
    """
    results = []
    queue = deque(pairs)
    waited_for: Pair | None = None
    while queue:
        pair = queue.popleft()
        if pair is waited_for:  # nothing else is left
            time.sleep(SECONDS_BETWEEN_LOOKS)
        started = time.perf_counter()
        try:
            result = _one(pair, fill, settings, overwrite, dry, copy, look)
        except Exception as error:  # one bad video must not stop the others
            if share and isinstance(error, InUseError):
                queue.append(pair)
                waited_for = waited_for or pair
                continue
            if os.environ.get(TRACEBACK_VARIABLE):
                traceback.print_exc()
            why, expected = in_words(error), isinstance(error, (ValueError, OSError, UnavailableError))
            result = Result(pair, "failed", why=why if expected else f"{type(error).__name__}: {why}")
        result = dataclasses.replace(result, seconds=0.0 if dry else time.perf_counter() - started)
        watch(result)
        results.append(result)
        waited_for = None
    return results


def _one(
    pair: Pair,
    fill: Callable[[Pair], Summary],
    settings: dict[str, Any],
    overwrite: bool,
    dry: bool,
    copy: Callable[[Pair], Summary] | None,
    look: Callable[[Pair], object],
) -> Result:
    made_of = {"video": fingerprint(pair.video), "mask": fingerprint(pair.mask), "settings": settings}
    before = _as_left(pair.output, dry)
    own = before.get("output")
    is_done = before.get("state") == DONE and own == fingerprint(pair.output) is not None
    if is_done and before.get("made_of") == made_of and not overwrite:
        return Result(pair, "done before")
    if dry:
        return _looked_at(pair, look, copy is not None)
    make_folder(pair.output.parent)
    with SoleWriter(pair.output):
        check_own(pair.output, own, overwrite)
        _note(pair.output, {"state": RUNNING, "made_of": made_of, "output": own})
        with Replacement(pair.output, own, overwrite) as new:
            target, state, why = dataclasses.replace(pair, output=new.place), "filled", ""
            try:
                summary = fill(target)
            except NothingMaskedError:
                if copy is None:
                    raise
                summary, state, why = copy(target), "copied", NOTHING
            written = fingerprint(new.place)
            # If the run is stopped from here on, the next one knows the result for its own.
            coming = {"state": RUNNING, "made_of": made_of, "output": own, "coming": written}
            _note(pair.output, coming)
            new.put()
        _note(pair.output, {"state": DONE, "made_of": made_of, "output": written})
    return Result(pair, state, summary.info.frames, summary.hole_share, why=why)


def _as_left(output: Path, dry: bool) -> dict[str, Any]:
    """Return the state of an output, after finishing what a run that was stopped had left (not in a dry run)."""
    before = read_state(output)
    if before.get("state") != RUNNING:
        return before
    with nullcontext() if dry else SoleWriter(output):
        before = read_state(output)
        if not dry:
            finish_exchange(output, before.get("output"))
        there = fingerprint(output)
        if there is None or before.get("coming") != there:
            return before
        before = {"state": DONE, "made_of": before.get("made_of"), "output": there}
        if not dry:
            _note(output, before)
    return before


def _note(output: Path, state: dict[str, Any]) -> None:
    """Write the state of an output, whose `SoleWriter` this is."""
    place = state_path(output)
    for rest in leftovers(place):
        remove(rest)
    write_json(place, state)


def _looked_at(pair: Pair, look: Callable[[Pair], object], copies: bool) -> Result:
    try:
        look(pair)
    except NothingMaskedError as error:
        return Result(pair, "to copy", why=NOTHING) if copies else Result(pair, "to do", why=in_words(error))
    except (ValueError, OSError) as error:
        return Result(pair, "to do", why=in_words(error))
    return Result(pair, "to do")


def state_path(output: Path) -> Path:
    """Return the hidden file beside an output that records its state."""
    return hidden_beside(output, ".lgtsm.json")


def read_state(output: Path) -> dict[str, Any]:
    """Return the state of an output; empty if there is none, or it is unreadable."""
    try:
        state = json.loads(state_path(output).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def summary_table(results: list[Result], named: Callable[[str], str] = str) -> Table:
    """Return the results as a table to print; `named` rewords each reason. Nothing in it is read as markup."""
    from rich.table import Table
    from rich.text import Text

    counts = [
        (state, sum(result.state == state for result in results)) for state in dict.fromkeys(r.state for r in results)
    ]
    title = f"{counted(len(results), 'video')}: " + ", ".join(f"{count} {state}" for state, count in counts)
    table = Table(title=title, title_justify="left")
    for name in ("video", "result", "frames", "hole", "seconds", "why"):
        table.add_column(name, justify="right" if name in ("frames", "hole", "seconds") else "left", overflow="fold")
    for result in results:
        cells = (
            str(result.pair.name),
            result.state,
            "" if result.frames is None else str(result.frames),
            "" if result.hole_share is None else f"{result.hole_share:.1%}",
            f"{result.seconds:.1f}" if result.frames is not None else "",
            named(result.why),
        )
        table.add_row(*map(Text, cells))
    return table
