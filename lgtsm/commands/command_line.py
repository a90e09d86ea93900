"""Parsers, entry points and progress bars for the commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lgtsm.exits import START_AGAIN, exit_with_sentence
from lgtsm.version import __version__


def command_parser(name: str, description: str, **options: Any) -> argparse.ArgumentParser:
    """Return a parser for `lgtsm NAME` that knows --version; `options` go to `ArgumentParser`."""
    parser = argparse.ArgumentParser(prog=f"lgtsm {name}", description=description, **options)
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def check_given(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse empty words, as a shell gives for variables that are not set; a path of them would be the current folder.

    Raises:
        ValueError: names the first one.
    """
    for action in parser._actions:
        given = getattr(arguments, action.dest, None)
        if "" in (given if isinstance(given, list) else [given]):
            flags = [one for one in action.option_strings if one.startswith("--")]
            name = flags[0] if flags else action.metavar or action.dest
            raise ValueError(f"{name} must not be empty. Give it a value; is a variable of the shell not set?")


def run_command(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], None],
    argv: list[str] | None,
    if_stopped: str = START_AGAIN,
    mixed: bool = False,
) -> None:
    """Parse the command line and run it; see `lgtsm.exits.exit_with_sentence`.

    With `mixed`, words that belong to one list may stand before and behind options.
    """
    arguments = (parser.parse_intermixed_args if mixed else parser.parse_args)(argv)
    with exit_with_sentence(parser.prog.removeprefix("lgtsm "), parser, if_stopped):
        check_given(arguments, parser)
        run(arguments)


@contextmanager
def progress_bar(title: str, shown: bool = True) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr from the first call on; yield the function to call with (done, total)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    named = TextColumn("{task.description}", markup=False)  # a title may hold a path
    columns = named, BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=Console(stderr=True), disable=not shown)
    task = bar.add_task(title, total=None)

    def update(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        if bar.live.is_started:
            bar.stop()
