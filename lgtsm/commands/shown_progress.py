"""Show progress in frames on stderr: a bar in a terminal, lines in a log."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lgtsm.progress_lines import ProgressLines


@contextlib.contextmanager
def shown_later() -> Iterator[Any]:
    """Yield a frame counter for stderr, a bar in a terminal and lines in a log; it shows from its first update on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield ProgressLines("frames")
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TextColumn("frames"))
    bar = StartedLater(*columns, TimeRemainingColumn(), console=console)
    try:
        yield bar
    finally:
        if bar.live.is_started:
            bar.stop()


class StartedLater(Progress):
    """A progress display that starts with the first update, so that an error before it stands alone."""

    def update(self, *arguments: Any, **changes: Any) -> None:
        """See `rich.progress.Progress.update`."""
        self.start()
        super().update(*arguments, **changes)
