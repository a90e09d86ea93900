"""End a command in one sentence: on bad input, on what the system refuses, and on signals."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from lgtsm.optional import UnavailableError
from lgtsm.os_errors import os_sentence
from lgtsm.stop import Stopped, received, stop_on_signals

if TYPE_CHECKING:
    from argparse import ArgumentParser

TRACEBACK_VARIABLE = "LGTSM_TRACEBACK"
START_AGAIN = "Nothing unfinished is left; start it again."
GOES_ON = "The same command goes on where it stopped."
# A word that may be an argument's name: not part of a path; backticks and a value are optional.
NAMED = re.compile(r"(?<![\w./-])(?P<tick>`?)(?P<name>[a-z]\w*)(?:=(?P<value>[\w.,]*\w))?(?P=tick)(?![\w/-]|\.\w)")


class Said(SystemExit):
    """The command ends, and has said why."""


@contextmanager
def exit_with_sentence(
    command: str, parser: ArgumentParser | None = None, if_stopped: str = START_AGAIN
) -> Iterator[None]:
    """Turn errors about the user's input, and signals, into a sentence on stderr and an exit code.

    ValueError, OSError and UnavailableError (missing weights or packages) give 2; Ctrl-C gives 130, SIGTERM 143 and
    SIGHUP 129. Other errors keep their traceback; LGTSM_TRACEBACK=1 keeps it for all.

    Args:
        command: name of the command, printed before the sentence.
        parser: replaces argument names in the sentence by its flags; see `in_flags`.
        if_stopped: how to go on after a signal.
    """
    open_standard_streams()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells where it caches when a home is read-only
    try:
        with stop_on_signals(), _named_stdout():
            try:
                yield
            except SystemExit:
                _flush()
                raise
            _flush()
    except BaseException as error:
        stopped = error if isinstance(error, KeyboardInterrupt) else received()
        if isinstance(error, Said) or os.environ.get(TRACEBACK_VARIABLE):
            raise
        if stopped is not None:  # libraries may make something else of it, as Lightning does of Ctrl-C
            by, code = (stopped.by, stopped.exit_code) if isinstance(stopped, Stopped) else ("Ctrl-C", 130)
            _end(f"lgtsm {command}: stopped by {by}. {if_stopped}", code)
        if isinstance(error, (ValueError, OSError, UnavailableError)):
            _end(f"lgtsm {command}: {in_flags(in_words(error), parser)}", 2)
        raise


def in_words(error: Exception) -> str:
    """Return what an error about the user's input says, on one line."""
    if isinstance(error, OSError):
        return os_sentence(error)
    return " ".join(str(error).split()) or type(error).__name__


def open_standard_streams() -> None:
    """Put the null device where stdin, stdout or stderr is closed, so that no file takes its number.

    Lines for a closed stderr vanish; printed to None, they would go to stdout, among the frames of a pipe.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the rest of the process


def _flush() -> None:
    """Send what was printed now, while a full disk or a closed pipe can still be told."""
    if sys.stdout is not None:
        sys.stdout.flush()


class _Stdout:
    """Standard output, whose errors name it."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _naming("stdout"):
            return self._stream.write(text)

    def flush(self) -> None:
        with _naming("stdout"):
            self._stream.flush()


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = name  # for the sentence
        raise


@contextmanager
def _named_stdout() -> Iterator[None]:
    plain = sys.stdout
    if plain is not None:
        sys.stdout = _Stdout(plain)
    try:
        yield
    finally:
        sys.stdout = plain


def _end(sentence: str, code: int) -> None:
    """Say the sentence and exit; what stdout can no longer take is given up quietly."""
    print(sentence, file=sys.stderr)
    try:
        _flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise Said(code)


def in_flags(sentence: str, parser: ArgumentParser | None) -> str:
    """Replace argument names in an error or notice of the library by the flags of a command.

    A word counts as an argument if it is an option's `dest` and has a value (invert=True, dilate=4), an underscore
    (max_memory), backticks, or starts a sentence ("height must be ..."). Other words stay, so "the mask" never becomes
    a flag. A flag without a value drops the argument's value. A parser of None changes nothing.
    """
    if parser is None:
        return sentence
    options = {action.dest: action for action in parser._actions if action.option_strings}

    def flag(match: re.Match) -> str:
        name, value = match["name"], match["value"]
        begins = re.fullmatch(r"(.*[.?!] )?", sentence[: match.start()]) is not None
        if name not in options or not (value or match["tick"] or "_" in name or begins):
            return match[0]
        action = options[name]
        flag = next(one for one in action.option_strings if one.startswith("--"))
        return f"{flag} {value}" if value and action.nargs != 0 else flag

    return NAMED.sub(flag, sentence)
