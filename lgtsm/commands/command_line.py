"""Parsers, entry points and progress bars for the commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lgtsm.exits import exit_with_sentence
from lgtsm.version import __version__


def command_parser(name: str, description: str, **options: Any) -> argparse.ArgumentParser:
    """Return a parser for `lgtsm NAME` that knows --version; `options` go to `ArgumentParser`."""
    parser = argparse.ArgumentParser(prog=f"lgtsm {name}", description=description, **options)
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def run_command(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None], argv: list[str] | None
) -> None:
    """Parse the command line and run it; bad input ends in one sentence and exit code 2."""
    arguments = parser.parse_args(argv)
    with exit_with_sentence(parser.prog.removeprefix("lgtsm "), parser):
        run(arguments)


@contextmanager
def progress_bar(title: str, shown: bool = True) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr; yield the function to call with (done, total)."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
